// `npm run drills [-- NAME …]`: runs the drills one after the other, prints what each cost, and writes that into the
// table of README.md; of those that did not run the rows stay. Ends with 1 when a law was broken.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { drills } from "./all.js";
import { attackMain } from "./attack/main.js";
import { type BulkDrill, type BulkResult, runBulkDrill } from "./bulk/drill.js";
import { bulkDrills } from "./bulk/drills.js";
import { type Drill, type Result, runDrill } from "./drill.js";

const readme = fileURLToPath(new URL("../README.md", import.meta.url));
const tableBegin = "<!-- measured -->";
const bulkTableBegin = "<!-- measured of orders -->";

const wanted = process.argv.slice(2);
if (wanted[0] === "attack") process.exit(await attackMain(wanted.slice(1)));
const names = [...drills, ...bulkDrills].map(({ name }) => name);
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`No such drill: ${unknown.join(", ")}. There are ${names.join(", ")}.`);
  process.exit(1);
}
const isChosen = ({ name }: { name: string }) => wanted.length === 0 || wanted.includes(name);
/** Fault → row of the table. */
const rows = new Map<string, string>();
let broken = 0;

for (const drill of drills.filter(isChosen)) {
  await attempt(drill, async () => {
    const result = await runDrill(drill);
    console.log(`${drill.name}: ${result.seen}; recovered in ${recovery(result)}; ${counts(result)}`);
    rows.set(drill.fault, row(result));
  });
}
for (const drill of bulkDrills.filter(isChosen)) {
  await attempt(drill, async () => {
    const result = await runBulkDrill(drill);
    console.log(`${drill.name}: ${result.seen}; ${result.seconds.toFixed(1)} s in all; ${result.credits} credits`);
    rows.set(drill.fault, bulkRow(result));
  });
}
writeTables();
process.exitCode = broken > 0 ? 1 : 0;

async function attempt({ name, unless }: Drill | BulkDrill, run: () => Promise<void>): Promise<void> {
  const reason = unless?.();
  if (reason) return console.log(`${name}: left out, ${reason}`);
  try {
    await run();
  } catch (error) {
    broken += 1;
    console.error(`${name}: BROKEN`, error);
  }
}

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

function bulkRow({ drill, seen, seconds, rows, credits }: BulkResult): string {
  const end = drill.endsAs ?? "completed, the same ZIP";
  return `| ${[drill.fault, seen, rows, `${seconds.toFixed(1)} s`, end, credits].join(" | ")} |`;
}

function writeTables(): void {
  const text = readFileSync(readme, "utf8");
  const [before = "", rest = ""] = text.split(tableBegin);
  const [between = "", after = ""] = rest.split(bulkTableBegin);
  const known = [...between.split("\n"), ...after.split("\n")];
  const rowOf = ({ fault }: { fault: string }) =>
    rows.get(fault) ?? known.find((line) => line.startsWith(`| ${fault} |`)) ?? [];
  const head = ["| fault | during | recovered after | scans | lost | doubled |", "|---|---|---|---|---|---|"];
  const bulkHead = ["| fault | during | rows | in all | ended | credits, once |", "|---|---|---|---|---|---|"];
  const table = [...head, ...drills.flatMap(rowOf)].join("\n");
  const bulkTable = [...bulkHead, ...bulkDrills.flatMap(rowOf)].join("\n");
  const prose = between.slice(between.indexOf("\n\n") + 2);
  writeFileSync(readme, `${before}${tableBegin}\n${table}\n\n${prose}${bulkTableBegin}\n${bulkTable}\n`);
}
