// The owners of codes in Redis: a hash beside the codes, whose rows know nothing of them, because a region of the
// release before refuses a row with a member that it does not know. Beside it stands when it changed last: a count
// would begin anew in a Redis that was emptied, and say nothing to a region that had come as far.
import { type PublishedOwner, parsePublishedOwner } from "@qrfactory/codes/published/owner";
import type { Redis } from "ioredis";
import { codeOwnersChangedKey, codeOwnersKey, publicationsKey } from "../../keys.js";

/** Fields of the hash in one step of a scan. */
const scanCount = 500;

/**
 * KEYS: owners, time of change, publications. ARGV: workspace, version and JSON of each. The newest version stays,
 * in any order of calls; a value that is no owner of ours counts as absent.
 */
const publishScript = `
redis.call('INCR', KEYS[3])
local changed = false
for i = 1, #ARGV, 3 do
  local known = 0
  local stored = redis.call('HGET', KEYS[1], ARGV[i])
  if stored then
    local ok, owner = pcall(cjson.decode, stored)
    if ok and type(owner) == 'table' then known = tonumber(owner.version) or 0 end
  end
  if tonumber(ARGV[i + 1]) > known then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 2])
    changed = true
  end
end
if changed then
  local time = redis.call('TIME')
  redis.call('SET', KEYS[2], time[1] .. '.' .. time[2])
end`;

/** Publishes owners; may be repeated. */
export async function publishOwners(redis: Redis, owners: readonly PublishedOwner[]): Promise<void> {
  if (owners.length === 0) return;
  const args = owners.flatMap((owner) => [owner.workspace_id, owner.version, JSON.stringify(owner)]);
  await redis.eval(publishScript, 3, codeOwnersKey, codeOwnersChangedKey, publicationsKey, ...args);
}

/** Owners in the hash, such as say nothing any more among them: it never shrinks. */
export function countOwners(redis: Redis): Promise<number> {
  return redis.hlen(codeOwnersKey);
}

/** A mark that differs when the hash has changed; null in a Redis that has none. */
export function readOwnersChange(redis: Redis): Promise<string | null> {
  return redis.get(codeOwnersChangedKey);
}

/** Every owner in the hash; damaged ones are left out. */
export async function readOwners(redis: Redis): Promise<PublishedOwner[]> {
  const owners: PublishedOwner[] = [];
  for (let cursor = "0", isFirst = true; isFirst || cursor !== "0"; isFirst = false) {
    const [next, found] = await redis.hscan(codeOwnersKey, cursor, "COUNT", scanCount);
    cursor = next;
    for (let at = 1; at < found.length; at += 2) {
      const owner = parsePublishedOwner(found[at] as string);
      if (owner && owner.workspace_id === found[at - 1]) owners.push(owner);
    }
  }
  return owners;
}
