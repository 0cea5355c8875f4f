// Two kinds of redirect process in turns: without rules and with twenty, and with the fast lane and without.
import { join } from "node:path";
import type { Routing } from "@qrfactory/codes/routing/routing";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { generateLoad, type Load } from "./load-generator.js";
import { type RedirectProcess, startRedirect, writeCodes } from "./process.js";
import { medianOf, pathsOf, type ScanRace, warmUpSeconds } from "./scan-race.js";

const codes = 1_000;
/** A difference of a tenth needs more turns, each of one kind beside the other. */
const ruledTurns = 11;
const laneTurns = 5;
const seconds = 3;

/** Twenty rules of every kind; the last one matches the phone that asks. */
const rules: Routing["rules"] = [
  ...Array.from({ length: 19 }, (_, i) => ({
    url: `https://example.com/rule/${i}`,
    ...[
      { country: ["FR", "BE"] },
      { language: ["fr", "nl"] },
      { device: ["desktop"], os: ["windows"] },
      { hours: [0, 1] as [number, number], days: 1, zone: "Europe/Vienna" },
      { os: ["ios"], country: ["JP"], until: 1 },
    ][i % 5],
  })),
  { url: "https://example.com/rule/last", os: ["ios"], language: ["de"] },
];

/** A kind of redirect process, to be measured in turns with another. */
type Contender = { name: string; start: () => Promise<RedirectProcess> };

/**
 * Compares the second of two processes with the first: loads in turns, so that a slow moment of the machine is shared,
 * and processor time a scan, because throughput on a shared machine says less.
 */
async function compareTwo(title: string, contenders: Contender[], directory: string, turns: number): Promise<ScanRace> {
  const runs: { name: string; server: RedirectProcess; loads: Load[]; microseconds: number[] }[] = [];
  for (const { name, start } of contenders) {
    const server = await start();
    await generateLoad(server.url, { paths: pathsOf(codes), seconds: warmUpSeconds, directory });
    runs.push({ name, server, loads: [], microseconds: [] });
  }
  try {
    for (let turn = 0; turn < turns; turn++) {
      for (const { server, loads, microseconds } of turn % 2 === 0 ? runs : [...runs].reverse()) {
        const before = server.processorMs();
        const load = await generateLoad(server.url, { paths: pathsOf(codes), seconds: seconds, directory });
        microseconds.push(((server.processorMs() - before) * 1_000) / load.requests);
        loads.push(load);
      }
    }
  } finally {
    for (const { server } of runs) await server.stop();
  }
  const [first = [], second = []] = runs.map(({ microseconds }) => microseconds);
  const ratios = second.map((value, turn) => value / (first[turn] as number)).sort((a, b) => a - b);
  const [least, middle, most] = [ratios[0], ratios[turns >> 1], ratios.at(-1)].map((ratio) => ratio?.toFixed(2));
  const median = (values: number[]) => medianOf(values, (value) => value).toFixed(1);
  return {
    title,
    loads: runs.map(({ name, loads }) => ({ name, ...medianOf(loads, ({ perSecond }) => perSecond) })),
    notes: [
      `Processor time a scan: ${median(first)} µs and ${median(second)} µs; ` +
        `in ${turns} turns ${least} to ${most} ×, ${middle} × in the median.`,
    ],
  };
}

/** Compares codes without rules with codes of twenty; only the last of these matches. */
export async function plainAndRuled(directory: string): Promise<ScanRace> {
  const contenders: Contender[] = [];
  for (const routing of [undefined, { rules }]) {
    const name = routing ? "20 rules, the last matches" : "no rules";
    const snapshots = join(directory, name.replaceAll(" ", "-"));
    await writeCodes(snapshots, codes, routing);
    contenders.push({ name, start: () => startRedirect(snapshots) });
  }
  return compareTwo("scans, without rules and with", contenders, directory, ruledTurns);
}

/** Compares the fast lane with node:http alone. */
export async function withAndWithoutLane(): Promise<ScanRace[]> {
  const directory = makeTempDirectory("qrfactory-bench-");
  try {
    const snapshots = join(directory.path, "snapshots");
    await writeCodes(snapshots, codes);
    const contenders: Contender[] = [
      { name: "with the fast lane", start: () => startRedirect(snapshots) },
      { name: "node:http alone", start: () => startRedirect(snapshots, undefined, ["--no-fast-lane"]) },
    ];
    return [await compareTwo("scans, with the fast lane and without", contenders, directory.path, laneTurns)];
  } finally {
    directory.remove();
  }
}
