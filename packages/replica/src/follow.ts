// Redirect's side of the table of codes: load the whole set from the regional replica, then follow the stream of
// changes, for ever, whatever happens to Redis meanwhile. Rows are only ever added or replaced by newer ones, so a
// replica that is empty, shrunken, damaged or set back can take nothing away.
import { setTimeout as pause } from "node:timers/promises";
import type { Redis } from "ioredis";
import { changesKey, changesOrdinalKey, codesKey, heartbeatKey, markKey } from "./keys.js";
import { parseTableMark, type TableMark } from "./publish.js";
import { parseTableRow, type Table } from "./table.js";

export type FollowOptions = {
  table: Table;
  /** For commands with a short deadline. */
  redis: Redis;
  /** For `XREAD BLOCK` alone, with a command deadline well above `blockMs`. Closed by `stop`. */
  blocking: Redis;
  /** Told once when the replica fails, and with null when it works again. */
  onState?: (error: Error | null) => void;
  /** Told of each row that was refused. */
  onRefused?: (shortId: string) => void;
  /** Longest wait for a change before the mark and the heartbeat are looked at; default 0.5 s. */
  blockMs?: number;
  /** Pause before an incomplete set is loaded again; default 5 s, or at once when its mark changes. */
  reloadMs?: number;
  now?: () => number;
};

export type FollowState = {
  /** Whether the last exchange with the replica worked. */
  isConnected: boolean;
  /** Whether the set on the replica is known to be complete: it carries the mark of our last complete load. */
  isComplete: boolean;
  /** Milliseconds since management last wrote its heartbeat, as seen on the replica; null when never seen. */
  stalenessMs: number | null;
  /** Full loads since the start. */
  loads: number;
  /** Rows refused since the start. */
  refused: number;
};

/** Rows asked for at once: some 100 kB, parsed in a few milliseconds. */
const scanBatch = 250;
const changesBatch = 250;

const blockMsDefault = 500;
const reloadMsDefault = 5_000;
/** Pauses after failures: 50, 100, 200 … ms, at most a second. */
const backoffMsMin = 50;
const backoffMsMax = 1_000;

/** A single failure is not worth a word: a connection that is just being made fails its first command. */
const failuresToTell = 2;

/** Share of the rows counted by the mark that must be there: a code may be published while the set is being read. */
const completeShare = 0.99;
/** Refused rows up to this number, or this share of the set, do not make it a damaged set. */
const refusedTolerated = 10;
const damagedShareMax = 0.01;

/** A place in the stream: the id and the number of the last change that is known. */
type StreamPosition = { id: string; ordinal: number };

export type Follower = {
  state(): FollowState;
  stop(): Promise<void>;
};

/** Starts loading and following in the background; never gives up. `table.isFull()` tells when it can be relied on. */
export function followTable(options: FollowOptions): Follower {
  const { table, redis, blocking, now = Date.now } = options;
  const { blockMs = blockMsDefault, reloadMs = reloadMsDefault } = options;

  /** Null until a first load, and whenever changes may have been missed. */
  let position: StreamPosition | null = null;
  /** Generation of the mark under which the set was last read completely. */
  let completeGeneration: string | null = null;
  /** The mark at the last load, complete or not, and the one seen last. */
  let loadedMark: TableMark | null = null;
  let lastMark: TableMark | null = null;
  let heartbeatAt: number | null = null;
  let loadedAt = 0;
  let loads = 0;
  let refused = 0;
  let failures = 0;
  const stopping = new AbortController();
  const isStopped = () => stopping.signal.aborted;
  const running = run();

  async function run(): Promise<void> {
    while (!isStopped()) {
      try {
        if (position === null) await load();
        await watch();
        if (position !== null) await readChanges(position);
        if (failures >= failuresToTell) options.onState?.(null);
        failures = 0;
      } catch (error) {
        if (isStopped()) return;
        failures += 1;
        if (failures === failuresToTell) options.onState?.(error as Error);
        const ms = Math.min(backoffMsMin * 2 ** (failures - 1), backoffMsMax);
        await pause(ms, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
  }

  /** Reads the whole set. What changes meanwhile is in the stream behind the position noted first. */
  async function load(): Promise<void> {
    const start = await readPosition();
    const mark = parseTableMark(await redis.get(markKey));
    let seen = 0;
    let damaged = 0;
    let cursor = "0";
    do {
      const [next, fields] = await redis.hscan(codesKey, cursor, "COUNT", scanBatch);
      for (let index = 0; index + 1 < fields.length; index += 2) {
        seen += 1;
        if (!applyRow(fields[index + 1], fields[index] as string)) damaged += 1;
      }
      cursor = next;
    } while (cursor !== "0" && !isStopped());
    if (isStopped()) return;
    loads += 1;
    loadedAt = now();
    position = start;
    loadedMark = lastMark = mark;
    const { live, deleted } = table.counts();
    const isComplete =
      mark !== null &&
      seen >= mark.count * completeShare &&
      damaged <= Math.max(refusedTolerated, seen * damagedShareMax) &&
      // A replica that was synced anew under our feet makes HSCAN skip rows.
      live + deleted + damaged >= (await redis.hlen(codesKey));
    if (isComplete) table.markFull();
    completeGeneration = isComplete ? mark.generation : null;
  }

  /** False when the row was refused. */
  function applyRow(json: string | undefined, name: string): boolean {
    const code = parseTableRow(json);
    if (code) table.apply(code);
    else {
      refused += 1;
      options.onRefused?.(name.slice(0, 64));
    }
    return code !== null;
  }

  /** Looks at the mark, the heartbeat and the stream's end; asks for a load when the set is another one by now. */
  async function watch(): Promise<void> {
    const [mark, heartbeat] = await redis.mget(markKey, heartbeatKey);
    lastMark = parseTableMark(mark ?? null);
    const beat = Number(heartbeat ?? Number.NaN);
    if (Number.isFinite(beat)) heartbeatAt = beat;
    const isMissing = lastMark !== null && lastMark.generation !== completeGeneration;
    const isOther = lastMark?.generation !== loadedMark?.generation || lastMark?.at !== loadedMark?.at;
    if (isMissing && (isOther || now() - loadedAt >= reloadMs)) position = null;
    const end = await readPosition();
    // A Redis that was emptied or set back: what comes next may carry ids and numbers that lie behind us.
    if (position && (end.ordinal < position.ordinal || isBefore(end.id, position.id))) position = null;
  }

  async function readChanges({ id, ordinal }: StreamPosition): Promise<void> {
    const args = ["COUNT", changesBatch, "BLOCK", blockMs, "STREAMS", changesKey, id] as const;
    const streams = (await blocking.xread(...args)) as [string, [string, string[]][]][] | null;
    let expected = ordinal + 1;
    for (const [entryId, fields] of streams?.[0]?.[1] ?? []) {
      const entry = new Map(pairs(fields));
      applyRow(entry.get("code"), "change");
      // Another number than the next one: the stream was trimmed beyond us, or began anew.
      if (Number(entry.get("n")) !== expected) {
        position = null;
        return;
      }
      position = { id: entryId, ordinal: expected };
      expected += 1;
    }
  }

  async function readPosition(): Promise<StreamPosition> {
    const answers = await redis.multi().xinfo("STREAM", changesKey).get(changesOrdinalKey).exec();
    const [info, ordinal] = answers ?? [];
    if (!ordinal || ordinal[0]) throw ordinal?.[0] ?? new Error("The replica did not answer.");
    // There is no stream before the first publication.
    if (info?.[0] && !info[0].message.includes("no such key")) throw info[0];
    const details = info?.[0] ? new Map() : new Map(pairs(info?.[1] as unknown[]));
    return { id: String(details.get("last-generated-id") ?? "0-0"), ordinal: Number(ordinal[1] ?? 0) };
  }

  return {
    state: () => ({
      isConnected: failures === 0 && loads > 0,
      isComplete: completeGeneration !== null && lastMark?.generation === completeGeneration,
      stalenessMs: heartbeatAt === null ? null : Math.max(0, now() - heartbeatAt),
      loads,
      refused,
    }),
    async stop() {
      stopping.abort();
      blocking.disconnect();
      await running;
    },
  };
}

/** A flat list of names and values as pairs. */
function pairs<T>(flat: T[]): [T, T][] {
  const result: [T, T][] = [];
  for (let index = 0; index + 1 < flat.length; index += 2) result.push([flat[index] as T, flat[index + 1] as T]);
  return result;
}

/** Orders stream ids: milliseconds, then a counter within them. */
function isBefore(a: string, b: string): boolean {
  const [aMs = 0, aCount = 0] = a.split("-").map(Number);
  const [bMs = 0, bCount = 0] = b.split("-").map(Number);
  return aMs < bMs || (aMs === bMs && aCount < bCount);
}
