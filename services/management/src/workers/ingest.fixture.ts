// Ingest on real stores for tests: its database, which can be taken away, the Redis that it takes events from, and a
// code whose scans come in.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { connectDatabase } from "@qrfactory/db/client";
import { openEventStore } from "@qrfactory/db/scans/ingest/ingest";
import type { ScanEvent } from "@qrfactory/domain/events";
import { startRedis } from "@qrfactory/processes/redis";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { createLog } from "@qrfactory/runtime/log";
import { connectRedis } from "@qrfactory/runtime/redis";
import { makeShipper } from "@qrfactory/spool/shipper";
import { openSpool } from "@qrfactory/spool/spool";
import { eventStream, readAck, type SentBatch } from "@qrfactory/state/streams/event-stream";
import { createTestDatabase } from "@qrfactory/testing/database";
import { startTcpProxy } from "@qrfactory/testing/proxy";
import type { Place } from "@qrfactory/visitor/geolocation";
import { type Ingest, type IngestOptions, startIngest } from "./ingest.js";

export type IngestRig = Awaited<ReturnType<typeof startIngestRig>>;

/** Places of networks: a table in place of a database. */
const places: Record<string, Place> = {
  "203.0.113.0/24": { country: "AT", region: "Vienna", city: "Vienna", district: null },
};
const locate = (network: string): Place =>
  places[network] ?? { country: null, region: null, city: null, district: null };

const iphone =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) " +
  "Version/17.5 Mobile/15E148 Safari/604.1";

/** A batch as a spool sends it; events that are texts go as they are. */
export function batch(first_sequence: number, events: unknown[], more: Partial<SentBatch> = {}): SentBatch {
  const records = events.map((event) => (typeof event === "string" ? event : JSON.stringify(event)));
  const lines = Buffer.from(records.join("\n"));
  return {
    spool_id: randomUUID(),
    from_sequence: first_sequence,
    first_sequence,
    count: records.length,
    lines,
    ...more,
  };
}

/** Starts the stores, and no worker yet; `close` ends and removes all of it. */
export async function startIngestRig() {
  const temp = makeTempDirectory("ingest-");
  const log = createLog({ service: "test", level: "silent" });
  const warnings: string[] = [];
  log.warn = (_details: unknown, message?: string) => void warnings.push(message ?? "");
  const database = await createTestDatabase();
  const target = new URL(database.url);
  const proxy = await startTcpProxy({ host: target.hostname, port: Number(target.port) });
  const throughProxy = new URL(database.url);
  throughProxy.hostname = "127.0.0.1";
  throughProxy.port = String(proxy.port);
  const db = connectDatabase(database.url);
  const store = openEventStore(throughProxy.href, { queryTimeoutMs: 1_000 });
  const server = await startRedis({ role: "state", durable: false, dataDirectory: join(temp.path, "redis") });
  const redis = connectRedis({ url: server.url, name: "test", commandTimeoutMs: 2_000 });
  await until(() => redis.status === "ready");
  const code = { id: "", workspaceId: "" };
  let workers: Ingest[] = [];

  /** Empties Redis and makes the code anew. */
  async function reset(): Promise<void> {
    await redis.flushall();
    Object.assign(code, { id: randomUUID(), workspaceId: randomUUID() });
    await db.workspace.create({ data: { id: code.workspaceId, name: "Test" } });
    const shortId = `T${randomUUID().slice(0, 8)}`.toUpperCase();
    await db.dynamicCode.create({ data: { ...code, shortId, name: "Test", destinationUrl: "https://example.com" } });
  }

  function startWorker(
    intervals: Pick<IngestOptions, "abandonedAfterMs" | "claimIntervalMs"> = {
      abandonedAfterMs: 300,
      claimIntervalMs: 100,
    },
  ): void {
    workers.push(startIngest({ store, locate, stateRedisUrl: server.url, log, ...intervals }));
  }

  async function stopWorkers(): Promise<void> {
    for (const worker of workers) await worker.stop();
    workers = [];
  }

  function scan(more: Partial<ScanEvent> = {}): ScanEvent {
    return {
      id: randomUUID(),
      at: Date.now(),
      code_id: code.id,
      workspace_id: code.workspaceId,
      version: 1,
      region: "eu-1",
      network: "203.0.113.0/24",
      visitor: "0123456789abcdef",
      device: "phone",
      os: "iOS",
      browser: "Safari",
      language: "de",
      referrer_host: "news.example",
      bot_class: null,
      ...more,
    };
  }

  /** The same as older-scans.ts has it. */
  function olderScan(more: Partial<{ user_agent: string; language: string; prefetch: boolean }> = {}) {
    const { device: _d, os: _o, browser: _b, language: _l, referrer_host, bot_class: _c, ...rest } = scan();
    const texts = { user_agent: iphone, language: "de-AT,de;q=0.9" };
    return { ...rest, ...texts, referrer_host, prefetch: false, ...more };
  }

  /** A spool of its own with the shipper that the services have, only quicker to notice a loss. */
  function openShipping(name: string) {
    const directory = join(temp.path, name);
    const spool = openSpool({ directory });
    const shipper = makeShipper({ spool, ...eventStream(redis, "scans"), resendAfterMs: 100, batchRecordsMax: 20 });
    const append = (count: number) =>
      Promise.all(Array.from({ length: count }, () => spool.append(JSON.stringify(scan()))));
    async function close() {
      await shipper.stop();
      await spool.close();
    }
    return { directory, spool, shipper, append, close };
  }

  const rows = () => db.$queryRaw<Record<string, unknown>[]>`SELECT * FROM scans WHERE code_id = ${code.id}::uuid`;

  async function counted() {
    const row = await db.dynamicCode.findUniqueOrThrow({ where: { id: code.id } });
    return { scans: Number(row.scanCount), last: row.lastScannedAt?.getTime() ?? null };
  }

  /** Counts of the code by its hours, and by its rows. */
  async function rollups() {
    const ofHours = await db.$queryRaw`
      SELECT hour, workspace_id, scans::int, bots::int FROM scan_hourly WHERE code_id = ${code.id}::uuid ORDER BY hour`;
    const ofRows = await db.$queryRaw`
      SELECT date_trunc('hour', scanned_at, 'UTC') AS hour, workspace_id,
        count(*) FILTER (WHERE bot_class IS NULL)::int AS scans, count(bot_class)::int AS bots
      FROM scans WHERE code_id = ${code.id}::uuid GROUP BY 1, 2 ORDER BY 1`;
    return { ofHours, ofRows };
  }

  const acked = (spoolId: string, sequence: number) => until(async () => (await readAck(redis, spoolId)) === sequence);

  async function close(): Promise<void> {
    redis.disconnect();
    await db.$disconnect();
    await store.close();
    await proxy.close();
    await server.stop();
    await database.drop();
    temp.remove();
  }

  const stores = { db, redis, proxy, warnings, code };
  return {
    ...stores,
    reset,
    startWorker,
    stopWorkers,
    scan,
    olderScan,
    openShipping,
    rows,
    counted,
    rollups,
    acked,
    close,
  };
}
