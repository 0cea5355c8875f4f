// `npm run drills -- attack [ROW …] [--data-dir DIR] [--root DIR] [--record-before]`: makes the attacks one after the
// other, on the stack that runs in DIR or on one of its own, and writes what became of them into attack.md.
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Result } from "./result.js";
import type { Row } from "./row.js";
import { rows } from "./rows.js";
import { isInside, runInside } from "./stage/namespace.js";
import { type OwnStack, openStack, type Stack, startStack } from "./stage/stack.js";
import { setStage } from "./stage/stage.js";
import { writeBefore, writeTable } from "./table.js";

const checkout = fileURLToPath(new URL("../../../../", import.meta.url));

const options = {
  "data-dir": { type: "string" },
  /** The checkout whose stacks are started and whose operator's command is run; this one unless told. */
  root: { type: "string", default: checkout },
  /** The findings are those before the repair. */
  "record-before": { type: "boolean", default: false },
  /** File for the result of a single row. */
  result: { type: "string" },
} as const;

/** Runs the attacks that `args` name, all without names; returns the exit code. */
export async function attackMain(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  const isMeant = ({ name }: Row) => positionals.length === 0 || positionals.some((word) => name.startsWith(word));
  const unknown = positionals.filter((word) => !rows.some(({ name }) => name.startsWith(word)));
  if (unknown.length > 0) {
    console.error(`No such attack: ${unknown.join(", ")}. There are ${rows.map(({ name }) => name).join(", ")}.`);
    return 1;
  }
  const root = resolve(values.root);
  const given = values["data-dir"] === undefined ? undefined : openStack(resolve(values["data-dir"]));
  let shared: OwnStack | undefined;
  const results = new Map<Row, Result>();
  const write = () => {
    if (values.result !== undefined) writeFileSync(values.result, JSON.stringify([...results.values()][0]));
    else if (values["record-before"]) {
      writeBefore(results);
      writeTable(rows, new Map());
    } else writeTable(rows, results);
  };
  try {
    for (const row of rows.filter(isMeant)) {
      const reason = row.unless?.();
      if (reason) {
        console.log(`${row.name}: left out, ${reason}`);
        continue;
      }
      if (!isInside()) console.log(`${row.name}: ${row.attack}`);
      if (!row.own && !given) shared ??= await startStack(root, {});
      const run = row.isInNamespace && !isInside() ? runInside(row, root) : runRow(row, root, given ?? shared);
      // A stack that does not start is a broken promise, and no reason to leave out the other rows.
      results.set(row, await run.catch(brokenBy));
      write();
    }
  } finally {
    await shared?.close();
  }
  const broken = [...results].filter(([, { broken }]) => broken.length > 0).map(([{ name }]) => name);
  if (broken.length > 0 && !isInside()) console.log(`Promises were broken by: ${broken.join(", ")}`);
  return broken.length > 0 ? 1 : 0;
}

function brokenBy(error: Error): Result {
  console.log(`  ${error.stack}`);
  return { bytes: 0, requests: 0, answer: "", broken: [error.message] };
}

async function runRow(row: Row, root: string, running: Stack | undefined): Promise<Result> {
  const say = (line: string) => console.log(`  ${line}`);
  const own = row.own && (await startStack(root, row.own));
  try {
    const stack = own ?? running;
    if (!stack) throw new Error("A row without a stack of its own needs one that runs.");
    const stage = await setStage({ root, stack, own, say });
    await row.run(stage).catch((error: Error) => {
      say(String(error.stack));
      stage.promise(false, error.message);
    });
    const result = await stage.close();
    say(`${result.answer || "nothing to tell"}: ${result.broken.length === 0 ? "holds" : "BROKEN"}`);
    return result;
  } finally {
    await own?.close();
  }
}
