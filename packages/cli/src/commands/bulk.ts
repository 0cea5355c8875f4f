// bulk: a table goes in, a ZIP comes out.
import { Command } from "commander";
import type { BulkDefaults, BulkInput } from "qrfactory";
import type { Context, Run } from "../context.js";
import { IncompleteError, UsageError } from "../failure.js";
import { collectField, type Fields, readNamed } from "../fields.js";
import { save } from "./codes.js";

type BulkFlags = { output?: string; set?: Fields; dynamic?: boolean; dryRun?: boolean; idempotencyKey?: string };

function inputOf(file: string, { set = {}, dynamic }: BulkFlags): BulkInput {
  const bytes = readNamed(file);
  const options = { defaults: set as BulkDefaults, ...(dynamic && { dynamic }) };
  if (!file.endsWith(".json")) return { csv: bytes, ...options };
  try {
    const value = JSON.parse(bytes.toString("utf8"));
    return { items: Array.isArray(value) ? value : value.items, ...options };
  } catch {
    throw new UsageError(`${file} is not JSON.`);
  }
}

async function bulk({ client, out, signal }: Context, file: string, flags: BulkFlags) {
  const { output, dryRun, idempotencyKey } = flags;
  const input = inputOf(file, flags);
  if (dryRun) {
    const foreseen = await client().bulk.dryRun(input, { signal });
    return out.result(foreseen, () => {
      out.line(`${foreseen.total} rows, ${foreseen.credits} credits; ${foreseen.refused} rows would not scan.`);
      for (const text of foreseen.warnings) out.line(`  ${text}`);
    });
  }
  if (output === undefined) throw new UsageError("Name the ZIP with -o.");
  const order = await client().bulk.create(input, { signal, idempotencyKey });
  const done = await order.wait({ signal, onProgress: ({ completed, total }) => out.progress(completed, total) });
  out.endProgress();
  if (done.status !== "completed")
    throw new IncompleteError(`The order ${order.id} is ${done.status}: ${done.failure}.`);
  await save(await order.download({ signal }), output);
  out.result({ ...done, file: output }, () => out.line(`${output}: ${done.completed} of ${done.total} images`));
  if (done.failed > 0) {
    throw new IncompleteError(`${done.failed} rows could not be drawn; the manifest in the ZIP says why.`);
  }
}

export function bulkCommand(run: Run): Command {
  return new Command("bulk")
    .summary("many images from a table")
    .description("Makes an image of each row of a CSV or JSON file, and one ZIP of them all.")
    .argument("<file>", "the table; - is standard input")
    .option("-o, --output <file>", "the ZIP")
    .option("--set <name=value>", "a field of every row", collectField)
    .option("--dynamic", "gives each row a dynamic code")
    .option("--dry-run", "says what would be made and cost")
    .option("--idempotency-key <key>", "makes the order once, however often it is sent")
    .action(run(bulk));
}
