// Scans a second: one redirect process with every scan written to disk, next to nginx's `return 302` and an Express
// handler over a Map, under the same load in the same run, one process each; with many codes and with few; and how soon
// a start and an edit are served.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Routing } from "@qrfactory/codes/routing/routing";
import { freePort } from "@qrfactory/processes/ports";
import { startProcess, startScript } from "@qrfactory/processes/process";
import { startRedis } from "@qrfactory/processes/redis";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { measureEdits } from "./edits.js";
import { generateLoad, type Load } from "./load-generator.js";
import { type Million, scanAMillion } from "./million-scans.js";
import { type RedirectProcess, shortIdOf, startRedirect, writeCodes } from "./process.js";

/** Loads that were measured in one run, and notes for the table. */
export type ScanRace = { title: string; loads: (Load & { name: string })[]; notes: string[] };

const codes = 500_000;
const seconds = 8;
const warmUpSeconds = 2;
/** Codes that are asked for: enough that nothing of them stays in the processor's caches. */
const pathCount = 20_000;

const few = 1_000;
const many = 5_000_000;
/** Few and many are measured in turns, so that a slow moment of the machine is shared. */
const turns = 3;
const turnSeconds = 4;
/** A difference of a tenth needs more of them, each of one kind beside the other. */
const ruledTurns = 11;
const laneTurns = 5;
const comparedSeconds = 3;

const startsMeasured = 5;

type Server = { url: string; stop: () => Promise<unknown> };

/** Runs everything. */
export async function raceScans(): Promise<ScanRace[]> {
  const directory = makeTempDirectory("qrfactory-bench-");
  const stops: (() => Promise<unknown>)[] = [];
  try {
    return [
      await againstOthers(directory.path, stops),
      await fewAndMany(directory.path, stops),
      await plainAndRuled(directory.path),
      {
        title: "a million scans",
        loads: [],
        notes: [tellMillion(await scanAMillion(join(directory.path, "million")))],
      },
      { title: "edits, three regions", loads: [], notes: [await measureEdits(join(directory.path, "stack"))] },
    ];
  } finally {
    for (const stop of stops.reverse()) await stop();
    directory.remove();
  }
}

function tellMillion({ answered, perSecond, rows, counted, rolledUp, behindSeconds }: Million): string {
  const figures = [answered, rows, counted, rolledUp].map((figure) => figure.toLocaleString("en-US"));
  return (
    `302s ${figures[0]} (${perSecond.toFixed(0)} / s); rows ${figures[1]}, counted by code ${figures[2]}, ` +
    `by hour ${figures[3]}, ${behindSeconds.toFixed(1)} s after the last answer.`
  );
}

/** Paths of codes all over a table. */
const pathsOf = (count: number) =>
  Array.from({ length: Math.min(count, pathCount) }, (_, i) => `/q/${shortIdOf((i * 7919) % count)}`);

async function againstOthers(directory: string, stops: (() => Promise<unknown>)[]): Promise<ScanRace> {
  const run = async (name: string, server: Server) => {
    stops.push(server.stop);
    const load = { paths: pathsOf(codes), directory };
    await generateLoad(server.url, { ...load, seconds: warmUpSeconds });
    return { name, ...(await generateLoad(server.url, { ...load, seconds })) };
  };
  const snapshots = join(directory, "snapshots");
  await writeCodes(snapshots, codes);
  const startMs: number[] = [];
  for (let i = 0; i < startsMeasured; i++) {
    const started = await startRedirect(snapshots);
    startMs.push(started.startMs);
    await started.stop();
  }
  const state = await startRedis({ role: "state", dataDirectory: join(directory, "state") });
  stops.push(() => state.stop());
  const redirect = await startRedirect(snapshots, state.url);
  const ours = await run("QRFactory", redirect);
  const written = await redirect.scansWritten();
  await redirect.stop();
  const nginx = await run("nginx, return 302", await startNginx(join(directory, "nginx")));
  const express = await run("Express over a Map", await startExpress());
  return {
    title: `scans, ${codes.toLocaleString("en-US")} codes`,
    loads: [ours, nginx, express],
    notes: [
      `QRFactory wrote ${written.toLocaleString("en-US")} scans to disk, those of the warm-up among them.`,
      `From its start alone in the world to its first 302: ${startMs.map(Math.round).join(", ")} ms.`,
    ],
  };
}

async function fewAndMany(directory: string, stops: (() => Promise<unknown>)[]): Promise<ScanRace> {
  const contenders = [];
  for (const count of [few, many]) {
    const snapshots = join(directory, `snapshots-${count}`);
    await writeCodes(snapshots, count);
    const server = await startRedirect(snapshots);
    stops.push(server.stop);
    await generateLoad(server.url, { paths: pathsOf(count), seconds: warmUpSeconds, directory });
    contenders.push({ count, server, loads: [] as Load[] });
  }
  for (let turn = 0; turn < turns; turn++) {
    for (const { count, server, loads } of contenders) {
      loads.push(await generateLoad(server.url, { paths: pathsOf(count), seconds: turnSeconds, directory }));
    }
  }
  for (const { server } of contenders) await server.stop();
  return {
    title: "scans, few codes and many",
    loads: contenders.map(({ count, loads }) => ({
      name: `${count.toLocaleString("en-US")} codes`,
      ...medianOf(loads, ({ perSecond }) => perSecond),
    })),
    notes: [],
  };
}

/** Twenty rules of every kind of which the last one matches the phone that asks. */
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

/** Two processes measured in turns, each with its processor time a scan. */
type Contender = { name: string; start: () => Promise<RedirectProcess> };

/**
 * Compares the second of two processes with the first: loads in turns, so that a slow moment of the machine is shared,
 * and processor time a scan, because throughput on a shared machine says less.
 */
async function compareTwo(title: string, contenders: Contender[], directory: string, turns: number): Promise<ScanRace> {
  const runs: { name: string; server: RedirectProcess; loads: Load[]; microseconds: number[] }[] = [];
  for (const { name, start } of contenders) {
    const server = await start();
    await generateLoad(server.url, { paths: pathsOf(few), seconds: warmUpSeconds, directory });
    runs.push({ name, server, loads: [], microseconds: [] });
  }
  try {
    for (let turn = 0; turn < turns; turn++) {
      for (const { server, loads, microseconds } of turn % 2 === 0 ? runs : [...runs].reverse()) {
        const before = server.processorMs();
        const load = await generateLoad(server.url, { paths: pathsOf(few), seconds: comparedSeconds, directory });
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

async function plainAndRuled(directory: string): Promise<ScanRace> {
  const contenders: Contender[] = [];
  for (const routing of [undefined, { rules }]) {
    const name = routing ? "20 rules, the last matches" : "no rules";
    const snapshots = join(directory, name.replaceAll(" ", "-"));
    await writeCodes(snapshots, few, routing);
    contenders.push({ name, start: () => startRedirect(snapshots) });
  }
  return compareTwo("scans, without rules and with", contenders, directory, ruledTurns);
}

/** Compares the fast lane with node:http alone. */
export async function withAndWithoutLane(): Promise<ScanRace[]> {
  const directory = makeTempDirectory("qrfactory-bench-");
  try {
    const snapshots = join(directory.path, "snapshots");
    await writeCodes(snapshots, few);
    const contenders: Contender[] = [
      { name: "with the fast lane", start: () => startRedirect(snapshots) },
      { name: "node:http alone", start: () => startRedirect(snapshots, undefined, ["--no-fast-lane"]) },
    ];
    return [await compareTwo("scans, with the fast lane and without", contenders, directory.path, laneTurns)];
  } finally {
    directory.remove();
  }
}

function medianOf<Item>(items: Item[], figure: (item: Item) => number): Item {
  return [...items].sort((a, b) => figure(a) - figure(b))[items.length >> 1] as Item;
}

async function startNginx(directory: string): Promise<Server> {
  const port = await freePort();
  mkdirSync(join(directory, "logs"), { recursive: true });
  writeFileSync(
    join(directory, "nginx.conf"),
    `daemon off; worker_processes 1; pid nginx.pid; error_log stderr error;
     events { worker_connections 1024; }
     http { access_log off; server { listen 127.0.0.1:${port};
       location / { return 302 "https://example.com/landing/1?utm_source=print&utm_medium=qr"; } } }\n`,
  );
  const args = ["-p", directory, "-c", "nginx.conf"];
  const child = await startProcess({ command: "nginx", args, leashed: true });
  return ready({ url: `http://127.0.0.1:${port}`, stop: () => child.stop() });
}

async function startExpress(): Promise<Server> {
  const port = await freePort();
  const child = await startScript(fileURLToPath(new URL("./peer-map.js", import.meta.url)), {
    env: { ...process.env, PORT: String(port), CODES: String(codes), NODE_ENV: "production" },
  });
  return ready({ url: `http://127.0.0.1:${port}`, stop: () => child.stop() });
}

async function ready(server: Server): Promise<Server> {
  const answers = () => fetch(`${server.url}/q/x`, { redirect: "manual" });
  await until(() =>
    answers().then(
      () => true,
      () => false,
    ),
  );
  return server;
}
