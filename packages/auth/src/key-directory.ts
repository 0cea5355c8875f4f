// Which API key belongs to whom, as every service asks it: first in memory, then in the state Redis, then in Postgres.
// A revocation is written to Redis when it happens and outlives every copy in memory within a second; keys that were in
// use a moment ago go on for a bounded grace while neither store answers. A Redis that may have lost a revocation is
// not asked.

import { isUsable, type KeyRecord, keyRecord } from "@qrfactory/domain/access/key-record";
import { ApiError } from "@qrfactory/domain/http/errors";
import { stateKeys } from "@qrfactory/runtime/redis-keys";
import type { Redis } from "ioredis";
import { hashApiKey, isWellFormedKey } from "./api-key.js";
import { makeShortMemory } from "./short-memory.js";

/** A key unused for this long leaves Redis and is read from Postgres at its next use. */
const redisSeconds = 24 * 60 * 60;

/**
 * Stores a record unless Redis has a newer version of it, so that a slow reader never undoes a revocation.
 * KEYS[1] the key's entry; ARGV: record, version, seconds to keep.
 */
const storeNewer = `
local current = redis.call("GET", KEYS[1])
if current then
  local ok, known = pcall(cjson.decode, current)
  if ok and type(known) == "table" and (tonumber(known.version) or 0) >= tonumber(ARGV[2]) then return 0 end
end
redis.call("SET", KEYS[1], ARGV[1], "EX", ARGV[3])
return 1`;

const redisKey = stateKeys.apiKey.of;

/** Publishes what services must know of a key; older versions than the one known are ignored, so it may be repeated. */
export async function publishKey(redis: Redis, hash: Buffer, record: KeyRecord): Promise<void> {
  await redis.eval(storeNewer, 1, redisKey(hash.toString("hex")), JSON.stringify(record), record.version, redisSeconds);
}

/** Names looked at in one step of `forgetKeys`. */
const scannedAtOnce = 1_000;

/**
 * Takes every key out of Redis, so that services read them from Postgres again: for a Redis that was set back and may
 * not know of a revocation any more.
 */
export async function forgetKeys(redis: Redis): Promise<void> {
  let cursor = "0";
  do {
    const [next, names] = await redis.scan(cursor, "MATCH", redisKey("*"), "COUNT", scannedAtOnce);
    if (names.length > 0) await redis.unlink(...names);
    cursor = next;
  } while (cursor !== "0");
}

/** For callers who are not worth a question to Postgres. */
export type KeySearch = {
  /** Whether only keys are found that Redis knows: those that were made or used within a day. */
  onlyPublished?: boolean;
};

/** Look-up of API keys in memory, Redis and Postgres, in this order. */
export type KeyDirectory = {
  /**
   * The key's record, or null when it is malformed, unknown, expired or revoked; throws `unavailable` when nobody
   * knows.
   */
  findByRawKey: (raw: string, search?: KeySearch) => Promise<KeyRecord | null>;
};

/** Stores that a directory of keys asks. */
export type KeyDirectoryOptions = {
  redis: Redis;
  /** Reads a key by its SHA-256 (hex) from Postgres; null when there is none. */
  loadKey: (hash: string) => Promise<KeyRecord | null>;
  /** Whether Redis is known to hold every revocation; default always. */
  isSure?: () => boolean;
  now?: () => number;
};

/** The SHA-256 of no key. */
const noKey = "0".repeat(64);

/**
 * Asks Postgres once for a key that nobody has: the first question of its kind keeps a process for some 100 ms, which
 * is better spent at its start than in the way of others. Never fails.
 */
export function askOnce(loadKey: KeyDirectoryOptions["loadKey"]): void {
  void loadKey(noKey).catch(() => undefined);
}

/** Makes the look-up of keys by what clients send. */
export function makeKeyDirectory(options: KeyDirectoryOptions): KeyDirectory {
  const { redis, loadKey, isSure = () => true, now = Date.now } = options;

  async function findSurelyPublished(hash: string): Promise<KeyRecord | null> {
    const published = isSure() ? await findPublished(redis, hash) : null;
    // Asked again: the connection may lead to another server than a moment ago.
    return isSure() ? published : null;
  }

  async function find(hash: string): Promise<KeyRecord | null> {
    const published = await findSurelyPublished(hash);
    if (published) return published;
    const loaded = await loadKey(hash).catch((cause: unknown) => {
      throw new ApiError("unavailable", "The API key cannot be checked right now; try again.", { cause });
    });
    // Best effort: without Redis the next look-up asks Postgres again.
    if (loaded) await publishKey(redis, Buffer.from(hash, "hex"), loaded).catch(() => undefined);
    return loaded;
  }

  const recall = makeShortMemory({ load: find, now });
  return {
    async findByRawKey(raw, { onlyPublished = false } = {}) {
      if (!isWellFormedKey(raw)) return null;
      const hash = hashApiKey(raw).toString("hex");
      const record = await (onlyPublished ? findSurelyPublished(hash) : recall(hash));
      return record && isUsable(record, now()) ? record : null;
    },
  };
}

/** The record of a key in Redis; null when there is none, Redis is away, or the record is unreadable. */
async function findPublished(redis: Redis, hash: string): Promise<KeyRecord | null> {
  try {
    const text = await redis.get(redisKey(hash));
    return text === null ? null : keyRecord.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
