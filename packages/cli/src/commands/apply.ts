// apply: codes as a file says. What differs is shown first, then done; a second time there is nothing to do.
import { Command } from "commander";
import type { Code, CodeChanges, QRFactory } from "qrfactory";
import { NotFoundError } from "qrfactory";
import { type DesiredCode, readDesired } from "../apply/desired.js";
import { planOf, type Step } from "../apply/plan.js";
import type { Context, Run } from "../context.js";
import { readNamed } from "../fields.js";

/** Codes read at once, by id. */
const readsAtOnce = 8;

async function readCodes(qr: QRFactory, desired: DesiredCode[], signal: AbortSignal): Promise<Map<string, Code>> {
  const found = new Map<string, Code>();
  const queue = [...desired];
  const work = async () => {
    for (let next = queue.pop(); next; next = queue.pop()) {
      const { shortId } = next;
      try {
        found.set(shortId, await qr.codes.get(shortId, {}, { signal }));
      } catch (error) {
        if (!(error instanceof NotFoundError)) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: readsAtOnce }, work));
  return found;
}

async function readAll(list: AsyncIterable<Code>): Promise<Code[]> {
  const codes: Code[] = [];
  for await (const code of list) codes.push(code);
  return codes;
}

const valueText = (value: unknown) => JSON.stringify(value ?? null);

function show({ out }: Context, step: Step): void {
  const signs = { create: "+", update: "~", restore: "+", delete: "-" };
  out.line(`${signs[step.act]} ${step.act} ${step.shortId}${step.act === "delete" ? ` (${step.name})` : ""}`);
  if (step.act === "create") {
    for (const [field, value] of Object.entries(step.fields)) out.line(`    ${field}: ${valueText(value)}`);
  } else if (step.act !== "delete") {
    for (const { field, before, after } of step.changes) {
      out.line(`    ${field}: ${valueText(before)} → ${valueText(after)}`);
    }
  }
}

/** An edit holds only for the version that the plan was made of. */
async function carryOut(qr: QRFactory, step: Step, signal: AbortSignal): Promise<void> {
  const { shortId } = step;
  if (step.act === "create") return void (await qr.codes.create({ short_id: shortId, ...step.fields }, { signal }));
  if (step.act === "delete") return qr.codes.delete(shortId, { signal });
  let ifVersion = step.version;
  if (step.act === "restore") ifVersion = (await qr.codes.restore(shortId, { signal })).version;
  if (step.changes.length === 0) return;
  const changes = Object.fromEntries(step.changes.map(({ field, after }) => [field, after])) as CodeChanges;
  await qr.codes.update(shortId, changes, { signal, ifVersion });
}

type ApplyFlags = { dryRun?: boolean; prune?: string };

async function apply(context: Context, file: string, { dryRun, prune }: ApplyFlags) {
  const { client, out, signal } = context;
  const desired = readDesired(readNamed(file).toString("utf8"), file);
  const qr = client();
  const there = await readCodes(qr, desired, signal);
  const isWhole = desired.every(({ shortId }) => there.has(shortId));
  const gone = isWhole ? [] : await readAll(qr.codes.list({ deleted: true, page_size: 100 }, { signal }));
  const deleted = new Map(gone.map((code) => [code.short_id, code]));
  const prunable = prune === undefined ? [] : await readAll(qr.codes.list({ tag: prune, page_size: 100 }, { signal }));
  const steps = planOf(desired, there, deleted, prunable);
  if (!out.isJson) for (const step of steps) show(context, step);
  if (!dryRun) {
    for (const [at, step] of steps.entries()) {
      out.progress(at, steps.length);
      await carryOut(qr, step, signal);
    }
    out.endProgress();
  }
  const unchanged = desired.length - steps.filter(({ act }) => act !== "delete").length;
  out.result({ applied: !dryRun, unchanged, steps }, () => {
    const done = dryRun ? "would be done" : "done";
    out.line(
      steps.length === 0
        ? `Nothing to do: ${unchanged} codes are as they should be.`
        : `${steps.length} steps ${done}, ${unchanged} codes unchanged.`,
    );
  });
}

export function applyCommand(run: Run): Command {
  return new Command("apply")
    .summary("make codes as a file says")
    .description(
      "Compares the codes of a YAML file with those of the service, shows what differs, and makes it so. Codes are known by their short_id; fields that the file does not name stay as they are.",
    )
    .argument("<file>", "codes.yaml, with a list named codes; - is standard input")
    .option("--dry-run", "shows the plan and changes nothing")
    .option("--prune <tag>", "deletes codes with this tag that the file does not name")
    .action(run(apply));
}
