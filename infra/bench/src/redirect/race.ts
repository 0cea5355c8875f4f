// Scans a second: one redirect process with every scan written to disk, next to nginx's `return 302` and an Express
// handler over a Map, under the same load in the same run, one process each; with many codes and with few; and how soon
// a start and an edit are served.
import { join } from "node:path";
import { startRedis } from "@qrfactory/processes/redis";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { plainAndRuled } from "./compare-two.js";
import { measureEdits } from "./edits.js";
import { generateLoad, type Load } from "./load-generator.js";
import { type Million, scanAMillion } from "./million-scans.js";
import { startRedirect, writeCodes } from "./process.js";
import { medianOf, pathsOf, type ScanRace, warmUpSeconds } from "./scan-race.js";
import { type Server, startExpress, startNginx } from "./servers.js";

const codes = 500_000;
const seconds = 8;

const few = 1_000;
const many = 5_000_000;
/** Few and many are measured in turns, so that a slow moment of the machine is shared. */
const turns = 3;
const turnSeconds = 4;

const startsMeasured = 5;

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
  const express = await run("Express over a Map", await startExpress(codes));
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
