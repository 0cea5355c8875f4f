// Scans of ids that lead nowhere, counted by id and day in the state Redis, so that a misprint or a code deleted too
// early is found. A help for people, not a ledger: it holds the ids that are asked for most, and an outage may lose or
// double some counts.
import { dayMs } from "@qrfactory/domain/duration";
import { orphanDaysMax } from "@qrfactory/domain/reports";
import { stateKeys } from "@qrfactory/runtime/redis-keys";
import type { Redis } from "ioredis";

/** Ids kept of a day; others are counted no more on it. */
const idsOfDayMax = 5_000;
/** Days are kept for two months. */
const keptSeconds = 62 * 24 * 60 * 60;

const keyOf = stateKeys.orphans.of;
const dayOf = (at: number) => new Date(at).toISOString().slice(0, 10);

/** KEYS: the day. ARGV: ids kept at most, seconds kept, then an id and its count, again and again. */
const addScript = `
local size = redis.call('HLEN', KEYS[1])
for i = 3, #ARGV, 2 do
  local isNew = redis.call('HEXISTS', KEYS[1], ARGV[i]) == 0
  if not isNew or size < tonumber(ARGV[1]) then
    redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1])
    if isNew then size = size + 1 end
  end
end
redis.call('EXPIRE', KEYS[1], ARGV[2])
return size`;

/** Adds counts of the day (UTC) of `at`; rejects when Redis is away. */
export async function addOrphans(redis: Redis, counts: ReadonlyMap<string, number>, at = Date.now()): Promise<void> {
  if (counts.size === 0) return;
  const words = [...counts].flat();
  await redis.eval(addScript, 1, keyOf(dayOf(at)), idsOfDayMax, keptSeconds, ...words);
}

/** An id that leads nowhere, and its scans. */
export type Orphan = {
  shortId: string;
  scans: number;
  /** The last day (UTC) with a scan, `2026-11-21`. */
  lastDay: string;
};

/** The ids of the last `days` days, today among them, the most asked for first; rejects when Redis is away. */
export async function listOrphans(redis: Redis, days: number, now = Date.now()): Promise<Orphan[]> {
  const found = new Map<string, Orphan>();
  for (let ago = Math.min(days, orphanDaysMax) - 1; ago >= 0; ago--) {
    const day = dayOf(now - ago * dayMs);
    for (const [shortId, scans] of Object.entries(await redis.hgetall(keyOf(day)))) {
      const before = found.get(shortId)?.scans ?? 0;
      found.set(shortId, { shortId, scans: before + Number(scans), lastDay: day });
    }
  }
  return [...found.values()].sort((a, b) => b.scans - a.scans || (a.shortId < b.shortId ? -1 : 1));
}
