// Reading the stream of changes: where it ends, and what comes after a place in it.
import type { Redis } from "ioredis";
import { changesKey, changesOrdinalKey } from "../../keys.js";
import { pairs } from "../../streams/reply-pairs.js";

/** A place in the stream: the id and the number of a change. */
export type StreamPosition = { id: string; ordinal: number };

/** A change as it was found; `ordinal` is not a number when the entry is none of ours. */
export type Change = { position: StreamPosition; json: string | undefined };

const changesBatch = 250;

/** Where the stream ends now; `0-0` and 0 before the first publication. Rejects when Redis does not answer. */
export async function readStreamEnd(redis: Redis): Promise<StreamPosition> {
  const answers = await redis.multi().xinfo("STREAM", changesKey).get(changesOrdinalKey).exec();
  const [info, ordinal] = answers ?? [];
  if (!ordinal || ordinal[0]) throw ordinal?.[0] ?? new Error("The replica did not answer.");
  if (info?.[0] && !info[0].message.includes("no such key")) throw info[0];
  const details = info?.[0] ? new Map() : new Map(pairs(info?.[1] as unknown[]));
  return { id: String(details.get("last-generated-id") ?? "0-0"), ordinal: Number(ordinal[1] ?? 0) };
}

/** The next changes after an id, a batch at most; waits up to `blockMs` for the first, on a connection of its own. */
export async function readChangesAfter(blocking: Redis, id: string, blockMs: number): Promise<Change[]> {
  const args = ["COUNT", changesBatch, "BLOCK", blockMs, "STREAMS", changesKey, id] as const;
  const streams = (await blocking.xread(...args)) as [string, [string, string[]][]][] | null;
  return (streams?.[0]?.[1] ?? []).map(([entryId, fields]) => {
    const entry = new Map(pairs(fields));
    return { position: { id: entryId, ordinal: Number(entry.get("n")) }, json: entry.get("code") };
  });
}

/** Whether a place lies before another one: by number, or by id, which is milliseconds and a counter within them. */
export function isBefore(a: StreamPosition, b: StreamPosition): boolean {
  if (a.ordinal < b.ordinal) return true;
  const [aMs = 0, aCount = 0] = a.id.split("-").map(Number);
  const [bMs = 0, bCount = 0] = b.id.split("-").map(Number);
  return aMs < bMs || (aMs === bMs && aCount < bCount);
}
