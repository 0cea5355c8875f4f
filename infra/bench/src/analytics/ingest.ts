// Taking scans in: a million of them from a spool on disk through shipper, state Redis and the real worker process into
// a durable PostgreSQL, and the proof that each was counted once. The clock runs from the first batch shipped to the
// last acknowledged, the start of the process that ships included; everything shares the machine's cores.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Db } from "@qrfactory/db/client";
import type { ScanEvent } from "@qrfactory/domain/events";
import { startScript } from "@qrfactory/processes/process";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { openSpool } from "@qrfactory/spool/spool";
import { readAck } from "@qrfactory/state/streams/event-stream";
import { Redis } from "ioredis";
import { startScriptOn } from "../management/process.js";
import { processorMsOf } from "../process-figures.js";
import { startStores } from "../stores.js";
import { type Random, random, scanEvents } from "./scan-events.js";

/** One measured intake of scans. */
export type IngestRun = {
  title: string;
  scans: number;
  seconds: number;
  /** Processor time in µs for each scan, of the process that ships and of the worker. */
  shipperMicroseconds: number;
  workerMicroseconds: number;
  /**
   * Four numbers that have to be the same: appended, rows, people and machines by code, people and machines by hour.
   */
  appended: number;
  rows: number;
  counted: number;
  rolledUp: number;
};

const scans = 1_000_000;
const codes = 1_000;
const seed = 20_261_122;
/** Ten times what it takes on two busy cores. */
const deadlineMs = 400_000;
/** Records appended in one turn of the event loop. */
const appendedAtOnce = 1_000;

/** Runs it once. */
export async function measureIngest(): Promise<IngestRun> {
  const directory = makeTempDirectory("qrfactory-bench-");
  const stops: (() => Promise<unknown> | unknown)[] = [() => directory.remove()];
  try {
    const { databaseUrl, stateRedisUrl, db } = await startStores(directory.path, stops);
    const next = random(seed);
    const owned = await createCodes(db, next);
    const spoolDirectory = join(directory.path, "spool");
    const spool = await fillSpool(spoolDirectory, scanEvents(next, owned));
    const { child: worker } = await startScriptOn("worker.js", databaseUrl, stateRedisUrl);
    stops.push(() => worker.stop());
    const redis = new Redis(stateRedisUrl);
    stops.push(() => redis.disconnect());

    const workerBefore = processorMsOf(worker.pid);
    const startedAt = performance.now();
    const shipper = await startScript(fileURLToPath(new URL("./ship.js", import.meta.url)), {
      env: { PATH: process.env.PATH, SPOOL_DIR: spoolDirectory, REDIS_URL: stateRedisUrl },
    });
    stops.push(() => shipper.stop());
    const isDone = async () => (await readAck(redis, spool.id)) === spool.appended;
    await until(isDone, { timeoutMs: deadlineMs, intervalMs: 50 });
    const seconds = (performance.now() - startedAt) / 1_000;
    return {
      title: `${scans.toLocaleString("en-US")} scans of ${codes.toLocaleString("en-US")} codes, from spool to commit`,
      scans,
      seconds,
      shipperMicroseconds: (processorMsOf(shipper.pid) * 1_000) / scans,
      workerMicroseconds: ((processorMsOf(worker.pid) - workerBefore) * 1_000) / scans,
      appended: spool.appended,
      ...(await countEverything(db)),
    };
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

type Owned = Pick<ScanEvent, "code_id" | "workspace_id">;

async function createCodes(db: Db, next: Random): Promise<Owned[]> {
  const workspaceId = next.uuid();
  await db.workspace.create({ data: { id: workspaceId, name: "Benchmark" } });
  const data = Array.from({ length: codes }, (_, i) => ({
    id: next.uuid(),
    workspaceId,
    shortId: `B${String(i).padStart(7, "0")}`,
    name: `Code ${i}`,
    destinationUrl: `https://example.com/landing/${i}`,
  }));
  await db.dynamicCode.createMany({ data });
  return data.map(({ id }) => ({ code_id: id, workspace_id: workspaceId }));
}

async function fillSpool(directory: string, events: () => ScanEvent): Promise<{ id: string; appended: number }> {
  const spool = openSpool({ directory });
  for (let done = 0; done < scans; done += appendedAtOnce) {
    await Promise.all(Array.from({ length: appendedAtOnce }, () => spool.append(JSON.stringify(events()))));
  }
  const filled = { id: spool.id, appended: spool.nextSequence - 1 };
  await spool.close();
  return filled;
}

async function countEverything(db: Db): Promise<Pick<IngestRun, "rows" | "counted" | "rolledUp">> {
  const [row] = await db.$queryRaw<{ rows: number; counted: number; rolled_up: number }[]>`
    SELECT (SELECT count(*) FROM scans)::int AS rows,
      ((SELECT sum(scan_count) FROM dynamic_codes)
        + (SELECT count(*) FROM scans WHERE bot_class IS NOT NULL))::int AS counted,
      (SELECT sum(scans + bots) FROM scan_hourly)::int AS rolled_up`;
  return { rows: row?.rows ?? 0, counted: row?.counted ?? 0, rolledUp: row?.rolled_up ?? 0 };
}
