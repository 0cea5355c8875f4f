// The way of events from the processes that saw them to the worker that stores them: a Redis stream for each kind, one
// entry a batch, and for each spool the number up to which its records are committed. The stream may lose what it
// likes: the spools ship again whatever is not acknowledged.

import { hourMs } from "@qrfactory/domain/duration";
import type { EventKind } from "@qrfactory/domain/events";
import { isUuid } from "@qrfactory/domain/uuid";
import { stateKeys } from "@qrfactory/runtime/redis-keys";
import type { Redis } from "ioredis";
import { acksKey } from "../keys.js";
import { pairs } from "./reply-pairs.js";

/** Consecutive records of one spool. */
export type EventBatch = BatchHead & { records: string[] };

/** The same as its spool hands it over: `count` records in UTF-8, with a line feed between two. */
export type SentBatch = BatchHead & { count: number; lines: Buffer };

type BatchHead = {
  spool_id: string;
  /** Everything from here to `first_sequence` does not exist any more; usually equal to it. */
  from_sequence: number;
  first_sequence: number;
};

/** Entries that a stream holds at most, 256 kB each; beyond that batches wait on the disks of their spools. */
const entriesMax = 2_000;

/** A consumer that has not asked for anything in this time does not come back: a living one asks every second. */
const goneMs = hourMs;

const streamOf = (kind: EventKind) => stateKeys.events.of(kind);
const group = "ingest";

const sendScript = `
if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[1]) then return redis.error_reply('FULL the event stream is full') end
return redis.call('XADD', KEYS[1], '*', 'head', ARGV[2], 'lines', ARGV[3])`;

/**
 * Adds a batch to the stream of its kind and returns the entry's id: its head as JSON, its records as they are, because
 * text within text costs an escape for every quote, on both sides. Rejects while the stream is full.
 */
export async function sendBatch(redis: Redis, kind: EventKind, { lines, ...head }: SentBatch): Promise<string> {
  return (await redis.eval(sendScript, 1, streamOf(kind), entriesMax, JSON.stringify(head), lines)) as string;
}

/** Whether an entry is still in the stream, that is: not committed and not lost. */
export async function isBatchWaiting(redis: Redis, kind: EventKind, entryId: string): Promise<boolean> {
  return (await redis.xrange(streamOf(kind), entryId, entryId)).length > 0;
}

/** The number up to which a spool's records are committed; null when Redis knows nothing of the spool. */
export async function readAck(redis: Redis, spoolId: string): Promise<number | null> {
  const text = await redis.hget(acksKey, spoolId);
  const sequence = Number(text ?? Number.NaN);
  return Number.isSafeInteger(sequence) ? sequence : null;
}

/** The far end of a shipper: the stream of one kind, for the batches of any spool. */
export function eventStream(redis: Redis, kind: EventKind) {
  return {
    send: (batch: SentBatch) => sendBatch(redis, kind, batch),
    isWaiting: (entryId: string) => isBatchWaiting(redis, kind, entryId),
    readAck: (spoolId: string) => readAck(redis, spoolId),
  };
}

/** Never goes back: two workers may finish in another order than they began. */
const ackScript = `
if tonumber(ARGV[2]) > (tonumber(redis.call('HGET', KEYS[1], ARGV[1])) or -1) then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
end`;

/** Notes that every record of a spool up to `sequence` is committed. */
export async function writeAck(redis: Redis, spoolId: string, sequence: number): Promise<void> {
  await redis.eval(ackScript, 1, acksKey, spoolId, sequence);
}

/** An entry as it was delivered; `batch` is null when it cannot be read, and `text` is what stood there. */
export type EventEntry = { id: string; batch: EventBatch | null; text: string };

/** One reader of a stream among several. */
export type EventConsumer = {
  /** Entries that no consumer has yet; waits up to `blockMs` for the first. */
  readNew(blockMs: number): Promise<EventEntry[]>;
  /** Entries that were delivered to us and not finished: the reply that held them may have been lost. */
  readOwn(): Promise<EventEntry[]>;
  /** Entries that some consumer took and did not finish within `idleMs`; they are ours now. */
  takeAbandoned(idleMs: number): Promise<EventEntry[]>;
  /** Removes entries whose records are committed. */
  finish(entryIds: string[]): Promise<void>;
};

/** Stream and connections of a reader. */
export type EventConsumerOptions = {
  kind: EventKind;
  redis: Redis;
  /** For waiting reads alone, with a command deadline above the longest wait. */
  blocking: Redis;
  /** Differs for every process that reads. */
  consumer: string;
  /** Entries taken at once; default 8, some 6,000 scans when there is much to do. */
  entriesMax?: number;
};

/** A reader of one kind of events, among any number of others: each entry goes to one of them. */
export function makeEventConsumer(options: EventConsumerOptions): EventConsumer {
  const { redis, blocking, consumer, entriesMax: count = 8 } = options;
  const stream = streamOf(options.kind);

  /** Runs a command of the group, making the group where an emptied Redis has none. */
  async function inGroup<T>(command: () => Promise<T>): Promise<T> {
    try {
      return await command();
    } catch (error) {
      if (!(error as Error).message.startsWith("NOGROUP")) throw error;
      await redis.xgroup("CREATE", stream, group, "0", "MKSTREAM").catch(ifMadeMeanwhile);
      return command();
    }
  }

  /** Every start of a worker is a consumer of its own; those that are long gone and hold nothing are taken off. */
  async function removeGone(): Promise<void> {
    for (const found of (await redis.xinfo("CONSUMERS", stream, group)) as unknown[][]) {
      const details = new Map(pairs(found));
      if (Number(details.get("pending")) > 0 || Number(details.get("idle")) < goneMs) continue;
      await redis.xgroup("DELCONSUMER", stream, group, String(details.get("name")));
    }
  }

  return {
    async readNew(blockMs) {
      const args = ["GROUP", group, consumer, "COUNT", count, "BLOCK", blockMs, "STREAMS", stream, ">"] as const;
      const streams = (await inGroup(() => blocking.xreadgroup(...args))) as [string, RawEntry[]][] | null;
      return (streams?.[0]?.[1] ?? []).map(readEntry);
    },
    async readOwn() {
      const args = ["GROUP", group, consumer, "COUNT", count, "STREAMS", stream, "0"] as const;
      const streams = (await inGroup(() => redis.xreadgroup(...args))) as [string, RawEntry[]][] | null;
      return (streams?.[0]?.[1] ?? []).filter(([, fields]) => fields !== null).map(readEntry);
    },
    async takeAbandoned(idleMs) {
      const claim = () => redis.xautoclaim(stream, group, consumer, idleMs, "0", "COUNT", count);
      const [, entries] = (await inGroup(claim)) as [string, (RawEntry | null)[]];
      await removeGone();
      return entries.filter((entry) => entry !== null).map(readEntry);
    },
    async finish(entryIds) {
      if (entryIds.length === 0) return;
      const answers = await redis
        .multi()
        .xack(stream, group, ...entryIds)
        .xdel(stream, ...entryIds)
        .exec();
      for (const [error] of answers ?? []) if (error) throw error;
    },
  };
}

type RawEntry = [id: string, fields: string[]];

function ifMadeMeanwhile(error: Error): void {
  if (!error.message.startsWith("BUSYGROUP")) throw error;
}

function readEntry([id, fields]: RawEntry): EventEntry {
  const values = new Map(pairs(fields));
  // Before there were lines, a batch was one text of JSON.
  const text = values.get("head") ?? values.get("batch") ?? "";
  return { id, batch: parseBatch(text, values.get("lines")), text };
}

function parseBatch(text: string, lines?: string): EventBatch | null {
  try {
    const head = JSON.parse(text) as (EventBatch & { count?: number }) | null;
    if (typeof head !== "object" || head === null || !isUuid(head.spool_id)) return null;
    const { spool_id, from_sequence, first_sequence, count = 0 } = head;
    const isNumbered = Number.isSafeInteger(from_sequence) && Number.isSafeInteger(first_sequence);
    if (!isNumbered || from_sequence < 1 || from_sequence > first_sequence) return null;
    const records = lines === undefined ? head.records : count === 0 ? [] : lines.split("\n");
    if (!Array.isArray(records) || !records.every((record) => typeof record === "string")) return null;
    if (lines !== undefined && records.length !== count) return null;
    return { spool_id, from_sequence, first_sequence, records };
  } catch {
    return null;
  }
}
