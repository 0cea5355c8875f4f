// Takes events from the streams into Postgres: scans of the redirect regions and delivered calls of render, all entries
// at hand in one transaction. An entry leaves its stream only after that; while Postgres is away the entries wait and
// nothing is lost.

import { hostname } from "node:os";
import {
  type DeadLetter,
  type EventStore,
  isRefusedData,
  type StoredBatch,
  type StoredBatches,
} from "@qrfactory/db/scans/ingest/ingest";
import { type EventKind, eventKinds } from "@qrfactory/domain/events";
import { backOff } from "@qrfactory/runtime/load/backoff";
import type { Log } from "@qrfactory/runtime/log";
import { connectRedis } from "@qrfactory/runtime/redis";
import { type EventBatch, type EventEntry, makeEventConsumer, writeAck } from "@qrfactory/state/streams/event-stream";
import { type Locate, readBatches } from "./event-rows.js";

/** Longest wait for a new entry; also how long a stop may take. */
const blockMs = 500;
/** Above `blockMs`, so that a waiting read that is answered in time is never taken for a frozen server. */
const blockingTimeoutMs = 1_500;
/**
 * Scans have two lanes, so that rows are made of one lane's entries while Postgres works on those of the other. Calls,
 * a hundredth of them, have one.
 */
const lanes: Record<EventKind, number> = { scans: 2, calls: 1 };
/** An entry that its worker did not finish in this time is taken over: far above any transaction of ours. */
const abandonedMs = 15_000;
/** How often abandoned entries are looked for. */
const claimEveryMs = 5_000;
/** Pauses after failures: 50, 100, 200 … ms, at most a second. */
const backoff = { minMs: 50, maxMs: 1_000 };

/** Dependencies of the intake of events. */
export type IngestOptions = {
  store: EventStore;
  locate: Locate;
  stateRedisUrl: string;
  log: Log;
  /** Only tests shorten these. */
  abandonedAfterMs?: number;
  claimIntervalMs?: number;
};

/** Running intake of events. */
export type Ingest = { stop: () => Promise<void> };

/** Starts taking in both kinds of events, each at its own pace, until stopped. Redis and Postgres may be away. */
export function startIngest(options: IngestOptions): Ingest {
  const stopping = new AbortController();
  const url = options.stateRedisUrl;
  const redis = connectRedis({ url, name: "worker-ingest" });
  const everyLane = eventKinds.flatMap((kind) => Array.from({ length: lanes[kind] }, (_, lane) => ({ kind, lane })));
  const running = everyLane.map(({ kind, lane }) => {
    const blocking = connectRedis({ url, name: `worker-ingest-${kind}-${lane}`, commandTimeoutMs: blockingTimeoutMs });
    // A name of its own for every start: an entry left by a killed predecessor is taken over like any other.
    const name = `${hostname()}-${process.pid}-${Date.now()}-${lane}`;
    const consumer = makeEventConsumer({ kind, redis, blocking, consumer: name });
    const ingest = { ...options, kind, consumer, acknowledge: (id: string, to: number) => writeAck(redis, id, to) };
    return { done: takeIn(ingest, stopping.signal), blocking };
  });
  return {
    stop: async () => {
      stopping.abort();
      for (const { blocking } of running) blocking.disconnect();
      await Promise.all(running.map((lane) => lane.done));
      redis.disconnect();
    },
  };
}

type IngestLoop = Omit<IngestOptions, "stateRedisUrl"> & {
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
      // Entries that a frozen Redis delivered into an abandoned connection are ours already.
      if (entries.length === 0 && failures > 0) entries = await consumer.readOwn();
      if (entries.length === 0) entries = await consumer.readNew(blockMs);
      while (entries.length > 0 && !stopping.aborted) {
        // After a failure one at a time: what is too much together, or for one entry, holds up the least.
        const taken = failures === 0 ? entries : entries.slice(0, 1);
        await takeEntries(ingest, taken);
        entries = entries.slice(taken.length);
      }
      if (failures > 1) log.info({ kind }, "ingest works again");
      failures = 0;
    } catch (error) {
      failures += 1;
      // The first failure of a start is a connection that is still being made.
      if (failures === 2 && !stopping.aborted) log.warn({ kind, err: error }, "ingest waits");
      await backOff(failures, backoff, stopping);
    }
  }
}

/** Commits entries, acknowledges them to their spools, then removes them: in this order any step may be repeated. */
async function takeEntries(ingest: IngestLoop, entries: EventEntry[]): Promise<void> {
  const { kind, log, locate, consumer, acknowledge } = ingest;
  const batches: EventBatch[] = [];
  for (const { id, batch, text } of entries) {
    if (batch) batches.push(batch);
    // Its spool finds that the entry is gone without being acknowledged and ships the records again.
    else log.error({ kind, entry: id, length: text.length }, "an entry of the stream cannot be read");
  }
  if (batches.length > 0) {
    const committed = await storeWhatFits(ingest, readBatches(kind, batches, locate));
    await Promise.all([...committed].map(([spoolId, sequence]) => acknowledge(spoolId, sequence)));
  }
  await consumer.finish(entries.map(({ id }) => id));
}

/** Splits a batch that Postgres refuses for its data, so that one bad record does not hold up the others. */
async function storeWhatFits(ingest: IngestLoop, stored: StoredBatches): Promise<Map<string, number>> {
  const { store, log } = ingest;
  try {
    return await store.store(stored);
  } catch (error) {
    if (!isRefusedData(error)) throw error;
    log.warn({ kind: stored.kind, err: error }, "records that Postgres refuses are looked for");
  }
  for (const batch of stored.batches) {
    const storeSome = (rows: StoredBatch["rows"]) => {
      // Covers nothing yet.
      const some = { ...batch, until: batch.from, rows, deadLetters: [] };
      return store.store({ kind: stored.kind, batches: [some] } as StoredBatches);
    };
    batch.deadLetters.push(...(await storeRows(storeSome, batch.rows)));
    batch.rows = [];
  }
  return store.store(stored);
}

/** Stores rows by halves, down to those that are refused alone; returns these. */
async function storeRows<Row extends StoredBatch["rows"][number]>(
  storeSome: (rows: Row[]) => Promise<unknown>,
  rows: Row[],
): Promise<DeadLetter[]> {
  try {
    if (rows.length > 0) await storeSome(rows);
    return [];
  } catch (error) {
    if (!isRefusedData(error)) throw error;
    const [row] = rows;
    if (rows.length === 1 && row) {
      const reason = `Postgres refused it: ${(error as Error).message}`;
      return [{ sequence: row.sequence, record: JSON.stringify(row), reason }];
    }
  }
  const half = rows.length >> 1;
  return [...(await storeRows(storeSome, rows.slice(0, half))), ...(await storeRows(storeSome, rows.slice(half)))];
}
