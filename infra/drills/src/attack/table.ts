// The table of attack.md: a line for each row, what was seen before the repair from before.json, what is seen now from
// this run, and of rows that did not run now what the table said already.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Latency, Result } from "./result.js";
import type { Row } from "./row.js";

const tableFile = fileURLToPath(new URL("../../attack.md", import.meta.url));
const beforeFile = fileURLToPath(new URL("../../src/attack/before.json", import.meta.url));

const columns = [
  ...["attack", "bytes sent", "others' p50 / p99 at rest", "under attack before the repair", "under attack now"],
  ...["answer before", "answer now", "holds"],
];

const intro = `# Attacks

Written by \`npm run drills -- attack\`: each row is a script that attacks a running stack and holds it to its promises.
For all of them: no 5xx but a 503 with Retry-After, every refusal a problem document of at most 16 kB with nothing of the
inside in it, every health address answers. Where others are measured they wait at most 50 ms (p99) unless the row says
more, or three times what they waited at rest. Milliseconds; the attacker, the others and the stack share two cores.
`;

/** Findings of the rows before the repair, by their names. */
export function readBefore(): Record<string, Result> {
  return existsSync(beforeFile) ? (JSON.parse(readFileSync(beforeFile, "utf8")) as Record<string, Result>) : {};
}

/** Adds to what was seen before the repair. */
export function writeBefore(results: Map<Row, Result>): void {
  const all = { ...readBefore(), ...Object.fromEntries([...results].map(([{ name }, result]) => [name, result])) };
  writeFileSync(beforeFile, `${JSON.stringify(all, null, 2)}\n`);
}

/** Writes the table anew; `results` are of the rows that ran. */
export function writeTable(rows: readonly Row[], results: Map<Row, Result>): void {
  const known = existsSync(tableFile) ? readFileSync(tableFile, "utf8").split("\n") : [];
  const before = readBefore();
  const lines = rows.map((row) => {
    const now = results.get(row);
    const kept = known.find((line) => line.startsWith(`| ${row.attack} |`))?.split(" | ");
    return lineOf(row, before[row.name], now, kept);
  });
  const head = [`| ${columns.join(" | ")} |`, `|${columns.map(() => "---").join("|")}|`];
  writeFileSync(tableFile, `${intro}\n${[...head, ...lines].join("\n")}\n`);
}

/** Text of an empty cell. */
const none = "–";

/** Positions of the cells that only a run now can tell. */
const nowCells = { sent: 1, rest: 2, under: 4, answer: 6, holds: 7 };

function lineOf({ attack }: Row, before: Result | undefined, now: Result | undefined, kept: string[] | undefined) {
  const cell = (at: number, text: string | undefined) => text ?? kept?.[at]?.replace(/ \|$/, "") ?? none;
  const cells = [
    attack,
    cell(nowCells.sent, now ? bytesOf(now) : before && !kept ? bytesOf(before) : undefined),
    now || !before || (kept && kept[nowCells.under] !== none)
      ? cell(nowCells.rest, now && latencyOf(now.rest))
      : latencyOf(before.rest),
    before ? latencyOf(before.under) : none,
    cell(nowCells.under, now && latencyOf(now.under)),
    before ? answerOf(before) : none,
    cell(nowCells.answer, now && answerOf(now)),
    cell(nowCells.holds, now && (now.broken.length === 0 ? "yes" : "NO")),
  ];
  return `| ${cells.map((text) => text.replaceAll("|", "\\|")).join(" | ")} |`;
}

const latencyOf = (latency: Latency | undefined) =>
  latency ? `${latency.p50.toFixed(1)} / ${latency.p99.toFixed(1)}` : none;

/** Broken promises that a cell names. */
const namedMax = 4;

function answerOf({ answer, broken }: Result): string {
  if (broken.length === 0) return answer;
  const more = broken.length > namedMax ? [`and ${broken.length - namedMax} more`] : [];
  return `${answer}${answer && "; "}**${[...broken.slice(0, namedMax), ...more].join("; ")}**`;
}

function bytesOf({ bytes, requests }: Result): string {
  if (requests === 0) return none;
  return `${sizeOf(bytes)} in ${requests}, ${sizeOf(bytes / requests)} each`;
}

function sizeOf(bytes: number): string {
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)} MB`;
  return bytes >= 1e3 ? `${(bytes / 1e3).toFixed(0)} kB` : `${bytes.toFixed(0)} B`;
}
