// Management's side of the table of codes: publish rows so that the newest version wins whatever the order, say when
// the set is complete, and keep a heartbeat by which regions tell how old their copy is.
import { isTombstone, type PublishedCode } from "@qrfactory/codes/published/published";
import type { Redis } from "ioredis";
import { changesKey, changesOrdinalKey, codesKey, heartbeatKey, markKey, publicationsKey } from "../../keys.js";

/** Entries kept in the stream of changes: a region that was away for less reads on, one away for longer loads anew. */
const changesMax = 100_000;

/** Rows published by one script call: some 2 ms during which Redis does nothing else. */
const batchMax = 250;

/**
 * KEYS: codes, changes, ordinal, publications. ARGV: cap of the stream, then short id, version, counted scans and JSON
 * of each row. Returns 1 or 0 for each: whether it was newer than what was there, by its version or within one by the
 * scans counted. A stored row that is not one of ours counts as absent.
 */
const publishScript = `
redis.call('INCR', KEYS[4])
local applied = {}
for i = 2, #ARGV, 4 do
  local known, used = 0, 0
  local stored = redis.call('HGET', KEYS[1], ARGV[i])
  if stored then
    local ok, row = pcall(cjson.decode, stored)
    if ok and type(row) == 'table' and row.short_id == ARGV[i] then
      known = tonumber(row.version) or 0
      if type(row.limit) == 'table' then used = tonumber(row.limit.used) or 0 end
    end
  end
  local version = tonumber(ARGV[i + 1])
  if version > known or (version == known and tonumber(ARGV[i + 2]) > used) then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 3])
    local ordinal = redis.call('INCR', KEYS[3])
    redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[1], '*', 'n', ordinal, 'code', ARGV[i + 3])
    applied[#applied + 1] = 1
  else
    applied[#applied + 1] = 0
  end
end
return applied`;

/** Publishes one row; false when the same or a newer version is already there. May be repeated. */
export async function publishCode(redis: Redis, code: PublishedCode): Promise<boolean> {
  const [applied] = await publishCodes(redis, [code]);
  return applied === true;
}

/** Publishes rows in the given order, in several calls if they are many; for each whether it was newer. */
export async function publishCodes(redis: Redis, codes: readonly PublishedCode[]): Promise<boolean[]> {
  const applied: boolean[] = [];
  for (let start = 0; start < codes.length; start += batchMax) {
    const rows = codes.slice(start, start + batchMax);
    const args = rows.flatMap((row) => [row.short_id, row.version, usedOf(row), JSON.stringify(row)]);
    const keys = [codesKey, changesKey, changesOrdinalKey, publicationsKey];
    const answers = (await redis.eval(publishScript, keys.length, ...keys, changesMax, ...args)) as number[];
    applied.push(...answers.map((answer) => answer === 1));
  }
  return applied;
}

const usedOf = (row: PublishedCode) => (isTombstone(row) ? 0 : (row.limit?.used ?? 0));

/** Says that the set in Redis is complete. */
export type TableMark = {
  /** Differs for every full publication: a region that sees another one loads everything again. */
  generation: string;
  /** Rows that were in the set then, tombstones included; the set never shrinks. */
  count: number;
  /** Milliseconds since the epoch. */
  at: number;
};

/** Marks the set as complete; to be called after every row of Postgres was published. */
export async function markTablePublished(redis: Redis, mark: TableMark): Promise<void> {
  await redis.set(markKey, JSON.stringify(mark));
}

/** The mark, or null when there is none (an emptied Redis) or it cannot be read: everything has to be published. */
export async function readTableMark(redis: Redis): Promise<TableMark | null> {
  return parseTableMark(await redis.get(markKey));
}

/** Reads what is stored under the mark's key; null when that is not a mark. */
export function parseTableMark(text: string | null): TableMark | null {
  try {
    const mark = JSON.parse(text ?? "null") as Partial<TableMark> | null;
    const isMark =
      typeof mark?.generation === "string" && Number.isSafeInteger(mark.count) && Number.isSafeInteger(mark.at);
    return isMark ? (mark as TableMark) : null;
  } catch {
    return null;
  }
}

/** Rows in the set right now; fewer than the mark's count means that some were lost. */
export function countPublishedCodes(redis: Redis): Promise<number> {
  return redis.hlen(codesKey);
}

/** To be called every second by one or more workers; `now` is milliseconds by any clock that goes on. */
export async function writeHeartbeat(redis: Redis, now: number = Date.now()): Promise<void> {
  await redis.set(heartbeatKey, now);
}
