// Takes events from the streams into Postgres: scans of the redirect regions and delivered calls of render. An entry
// leaves its stream only after its transaction; while Postgres is away the entries wait and nothing is lost.
import { hostname } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import type { Db } from "@qrfactory/db/client";
import { isRefusedData, type StoredBatch, storeBatch } from "@qrfactory/db/ingest";
import { type EventKind, eventKinds } from "@qrfactory/domain/events";
import { type EventEntry, makeEventConsumer, writeAck } from "@qrfactory/replica/event-stream";
import type { Log } from "@qrfactory/runtime/log";
import { connectRedis } from "@qrfactory/runtime/redis";
import { readBatch } from "./event-rows.js";

/** Longest wait for a new entry; also how long a stop may take. */
const blockMs = 500;
/** Above `blockMs`, so that a waiting read that is answered in time is never taken for a frozen server. */
const blockingTimeoutMs = 1_500;
/** An entry that its worker did not finish in this time is taken over: far above any transaction of ours. */
const abandonedMs = 15_000;
/** How often abandoned entries are looked for. */
const claimEveryMs = 5_000;
/** Pauses after failures: 50, 100, 200 … ms, at most a second. */
const backoffMsMin = 50;
const backoffMsMax = 1_000;

export type IngestOptions = {
  db: Db;
  stateRedisUrl: string;
  log: Log;
  /** Only tests shorten these. */
  abandonedAfterMs?: number;
  claimIntervalMs?: number;
};

export type Ingest = { stop: () => Promise<void> };

/** Starts taking in both kinds of events, each at its own pace, until stopped. Redis and Postgres may be away. */
export function startIngest(options: IngestOptions): Ingest {
  const stopping = new AbortController();
  const url = options.stateRedisUrl;
  const redis = connectRedis({ url, name: "worker-ingest" });
  const loops = eventKinds.map((kind) => {
    const blocking = connectRedis({ url, name: `worker-ingest-${kind}`, commandTimeoutMs: blockingTimeoutMs });
    // A name of its own for every start: an entry left by a killed predecessor is taken over like any other.
    const consumer = makeEventConsumer({
      kind,
      redis,
      blocking,
      consumer: `${hostname()}-${process.pid}-${Date.now()}`,
    });
    const ingest = { ...options, kind, consumer, acknowledge: (id: string, to: number) => writeAck(redis, id, to) };
    return { done: takeIn(ingest, stopping.signal), blocking };
  });
  return {
    stop: async () => {
      stopping.abort();
      for (const { blocking } of loops) blocking.disconnect();
      await Promise.all(loops.map((loop) => loop.done));
      redis.disconnect();
    },
  };
}

type IngestLoop = Pick<IngestOptions, "db" | "log" | "abandonedAfterMs" | "claimIntervalMs"> & {
  kind: EventKind;
  consumer: ReturnType<typeof makeEventConsumer>;
  acknowledge: (spoolId: string, sequence: number) => Promise<void>;
};

async function takeIn(ingest: IngestLoop, stopping: AbortSignal): Promise<void> {
  const { consumer, kind, log, abandonedAfterMs = abandonedMs, claimIntervalMs = claimEveryMs } = ingest;
  let claimAt = 0;
  let failures = 0;
  /** Entries in hand; they stay here until their transaction is committed. */
  let entries: EventEntry[] = [];
  while (!stopping.aborted) {
    try {
      if (entries.length === 0 && Date.now() >= claimAt) {
        entries = await consumer.takeAbandoned(abandonedAfterMs);
        claimAt = Date.now() + claimIntervalMs;
      }
      if (entries.length === 0) entries = await consumer.readNew(blockMs);
      for (let entry = entries[0]; entry && !stopping.aborted; entry = entries[0]) {
        await takeEntry(ingest, entry);
        entries.shift();
      }
      if (failures > 1) log.info({ kind }, "ingest works again");
      failures = 0;
    } catch (error) {
      failures += 1;
      // The first failure of a start is a connection that is still being made.
      if (failures === 2 && !stopping.aborted) log.warn({ kind, err: error }, "ingest waits");
      const ms = Math.min(backoffMsMin * 2 ** (failures - 1), backoffMsMax);
      await pause(ms, undefined, { signal: stopping }).catch(() => {});
    }
  }
}

/** Commits an entry, acknowledges it to its spool, then removes it: in this order any of the steps may be repeated. */
async function takeEntry(ingest: IngestLoop, entry: EventEntry): Promise<void> {
  const { kind, log, consumer, acknowledge } = ingest;
  if (entry.batch) await acknowledge(entry.batch.spool_id, await storeWhatFits(ingest, readBatch(kind, entry.batch)));
  // Its spool finds that the entry is gone without being acknowledged and ships the records again.
  else log.error({ kind, entry: entry.id, length: entry.text.length }, "an entry of the stream cannot be read");
  await consumer.finish([entry.id]);
}

/** A batch whose data Postgres refuses is taken apart, so that one bad record does not hold up the others. */
async function storeWhatFits({ db, log }: IngestLoop, batch: StoredBatch): Promise<number> {
  try {
    return await storeBatch(db, batch);
  } catch (error) {
    if (!isRefusedData(error)) throw error;
    log.warn({ kind: batch.kind, spool: batch.spoolId, err: error }, "a batch is taken in record by record");
  }
  const { rows, deadLetters } = batch;
  for (const row of rows) {
    const single = { ...batch, rows: [row], deadLetters: [], until: batch.from } as StoredBatch;
    try {
      await storeBatch(db, single);
    } catch (error) {
      if (!isRefusedData(error)) throw error;
      const reason = `Postgres refused it: ${(error as Error).message}`;
      deadLetters.push({ sequence: row.sequence, record: JSON.stringify(row), reason });
    }
  }
  return storeBatch(db, { ...batch, rows: [], deadLetters });
}
