// `npm run drills [-- NAME …]`: runs the drills one after the other, prints what each cost, and writes that into the table of
// README.md; of those that did not run the rows stay. Ends with 1 when a law was broken.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { drills } from "./all.js";
import { type Drill, type Result, runDrill } from "./drill.js";

const readme = fileURLToPath(new URL("../README.md", import.meta.url));
const tableBegin = "<!-- measured -->";

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !drills.some((drill) => drill.name === name));
if (unknown.length > 0) {
  console.error(`No such drill: ${unknown.join(", ")}. There are ${drills.map(({ name }) => name).join(", ")}.`);
  process.exit(1);
}
const chosen = drills.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
/** Fault → row of the table. */
const rows = new Map<string, string>();
let broken = 0;

for (const drill of chosen) {
  const reason = drill.unless?.();
  if (reason) {
    console.log(`${drill.name}: left out, ${reason}`);
    continue;
  }
  try {
    const result = await runDrill(drill);
    console.log(`${drill.name}: ${result.seen}; recovered in ${recovery(result)}; ${counts(result)}`);
    rows.set(drill.fault, row(result));
  } catch (error) {
    broken += 1;
    console.error(`${drill.name}: BROKEN`, error);
  }
}
writeTable();
process.exitCode = broken > 0 ? 1 : 0;

function recovery({ recoveryMs }: Result): string {
  return `${(recoveryMs / 1000).toFixed(1)} s`;
}

function counts({ scans, rows, lost, doubled, unanswered }: Result): string {
  return `${scans} answered, ${rows} rows, ${lost} lost, ${doubled} doubled, ${unanswered} counted without an answer`;
}

function row(result: Result): string {
  const { drill, seen, scans, lost, doubled } = result;
  return `| ${[drill.fault, seen, recovery(result), scans, lost, doubled].join(" | ")} |`;
}

function writeTable(): void {
  const [before = "", table = ""] = readFileSync(readme, "utf8").split(tableBegin);
  const known = table.split("\n");
  const rowOf = ({ fault }: Drill) => rows.get(fault) ?? known.find((line) => line.startsWith(`| ${fault} |`)) ?? [];
  const head = ["| fault | during | recovered after | scans | lost | doubled |", "|---|---|---|---|---|---|"];
  writeFileSync(readme, `${before}${tableBegin}\n${[...head, ...drills.flatMap(rowOf)].join("\n")}\n`);
}
