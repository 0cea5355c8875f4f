// Where cached images lie: one Redis, a Redis Cluster, or this process. Each image is one entry with one life, and
// beside it the workspaces that rendered it. A store that is away, frozen or full costs a bounded moment and no error.

import { withDeadline } from "@qrfactory/runtime/load/deadline";
import { connectRedis } from "@qrfactory/runtime/redis";
import { renderCacheKeys } from "@qrfactory/runtime/redis-keys";
import { Cluster, type Redis } from "ioredis";
import { LRUCache } from "lru-cache";

/** Images are kept this long after they were drawn. */
export const imageLifeSeconds = 24 * 3_600;

/** Longest wait for a cache that does not help; a healthy one on the same network answers in under 1 ms. */
const timeoutMsDefault = 40;

/** Timeouts in a row after which the store is left alone, and for how long until one operation tries it again. */
const timeoutsInRowMax = 3;
const pauseMs = 500;

/** Holds some 10,000 images; the in-process store is for development. */
const memoryBytesMax = 64 * 1024 * 1024;

/** Rejects when the store does not answer in time; the cache above turns that into a miss. */
export type CacheStore = {
  /** The entry or null; notes that this workspace rendered it, too. */
  find(key: string, workspaceId: string): Promise<Buffer | null>;
  /** Puts an entry in the place of whatever is there and starts its life anew. */
  put(key: string, workspaceId: string, entry: Buffer): Promise<void>;
  /** Removes an entry if this workspace rendered it; false if not. */
  remove(key: string, workspaceId: string): Promise<boolean>;
  /** Resolves when the store works. */
  probe(): Promise<void>;
  close(): void;
};

/** Address of a store and patience with it. */
export type CacheStoreOptions = {
  /** `redis://…`, `rediss://…`, `redis+cluster://host:port,host:port,…` or `memory:`. */
  url: string;
  /** How long an operation may take; default 40 ms. */
  timeoutMs?: number;
  /** Told of connection errors, at most once per outage. */
  onError?: (error: Error) => void;
};

/** Opens a store and returns at once. Throws on a URL of another kind. */
export function openCacheStore({ url, timeoutMs = timeoutMsDefault, onError }: CacheStoreOptions): CacheStore {
  if (url === "memory:") return memoryStore();
  if (url.startsWith("redis+cluster://")) return redisStore(connectCluster(url, timeoutMs, onError), timeoutMs);
  if (/^rediss?:\/\//.test(url)) {
    return redisStore(connectRedis({ url, name: "render-cache", commandTimeoutMs: timeoutMs, onError }), timeoutMs);
  }
  throw new Error("RENDER_CACHE_URL must be redis://…, rediss://…, redis+cluster://host:port,… or memory:");
}

/** `redis+cluster://[user:password@]host:port,host:port`: some nodes, from which the client learns the others. */
function connectCluster(url: string, timeoutMs: number, onError?: (error: Error) => void): Cluster {
  const nodes = url.slice("redis+cluster://".length).replace(/\/.*$/, "").split(",");
  const [first, ...rest] = nodes.map((node) => new URL(`redis://${node.trim()}`)) as [URL, ...URL[]];
  const cluster = new Cluster(
    [first, ...rest].map(({ hostname, port }) => ({ host: hostname, port: Number(port || 6379) })),
    {
      enableOfflineQueue: false,
      clusterRetryStrategy: (attempt) => Math.min(50 * attempt, pauseMs),
      redisOptions: {
        connectionName: "render-cache",
        commandTimeout: timeoutMs,
        connectTimeout: 1_000,
        username: decodeURIComponent(first.username) || undefined,
        password: decodeURIComponent(first.password) || undefined,
      },
    },
  );
  let reported = false;
  cluster.on("error", (error: Error) => {
    if (!reported) onError?.(error);
    reported = true;
  });
  cluster.on("ready", () => {
    reported = false;
  });
  return cluster;
}

/** KEYS: image. ARGV: workspace. A write that fails (a full Redis) must not spoil the read, hence pcall. */
const findScript = `
local entry = redis.pcall('HGET', KEYS[1], 'entry')
if type(entry) ~= 'string' then return false end
redis.pcall('HSET', KEYS[1], ARGV[1], '1')
return entry`;

/**
 * KEYS: image. ARGV: workspace, entry, seconds. Another value under the key gives way; nothing is deleted in vain,
 * because after a first write a script may write beyond the limit of a full Redis.
 */
const putScript = `
local type = redis.call('TYPE', KEYS[1]).ok
if type ~= 'hash' and type ~= 'none' then redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], 'entry', ARGV[2], ARGV[1], '1')
redis.call('EXPIRE', KEYS[1], ARGV[3])`;

/** KEYS: image. ARGV: workspace. */
const removeScript = `
if redis.pcall('HEXISTS', KEYS[1], ARGV[1]) ~= 1 then return 0 end
return redis.call('DEL', KEYS[1])`;

/** One hash an image, so that entry and workspaces are evicted and expire together, in one slot of a cluster. */
function redisStore(redis: Redis | Cluster, timeoutMs: number): CacheStore {
  const guard = makeGuard(timeoutMs);
  const name = renderCacheKeys.image.of;
  const member = (workspaceId: string) => `w:${workspaceId}`;
  return {
    find: (key, workspaceId) =>
      guard(async () => {
        const entry = await redis.callBuffer("EVAL", findScript, 1, name(key), member(workspaceId));
        return Buffer.isBuffer(entry) ? entry : null;
      }),
    put: (key, workspaceId, entry) =>
      guard(async () => {
        await redis.call("EVAL", putScript, 1, name(key), member(workspaceId), entry, imageLifeSeconds);
      }),
    remove: (key, workspaceId) =>
      guard(async () => (await redis.call("EVAL", removeScript, 1, name(key), member(workspaceId))) === 1),
    // Through the guard, like every other operation: what it says is what requests meet.
    probe: () => guard(async () => void (await redis.call("EXISTS", name("probe")))),
    close: () => redis.disconnect(),
  };
}

/**
 * Ends every operation after its time, and leaves a store that keeps not answering alone for a while: the connection
 * gives up on commands by itself, but a cluster may first look for another node.
 */
function makeGuard(timeoutMs: number): <T>(operation: () => Promise<T>) => Promise<T> {
  let timeoutsInRow = 0;
  let pausedUntil = 0;
  return async function guard(operation) {
    if (performance.now() < pausedUntil) throw new Error("The render cache is not answering");
    // One operation at a time finds out whether a store that was left alone is back.
    if (timeoutsInRow >= timeoutsInRowMax) pausedUntil = performance.now() + pauseMs;
    try {
      const result = await withDeadline(operation(), timeoutMs, () => {
        throw new Error("Command timed out");
      });
      timeoutsInRow = 0;
      pausedUntil = 0;
      return result;
    } catch (error) {
      if ((error as Error).message === "Command timed out") {
        timeoutsInRow += 1;
        if (timeoutsInRow >= timeoutsInRowMax) pausedUntil = performance.now() + pauseMs;
      }
      throw error;
    }
  };
}

/** Lost at restart; the entry used longest ago goes first when the memory is full. */
function memoryStore(now: () => number = Date.now): CacheStore {
  type Held = { entry: Buffer; workspaces: Set<string>; expiresAt: number };
  const images = new LRUCache<string, Held>({
    maxSize: memoryBytesMax,
    sizeCalculation: ({ entry }) => Math.max(1, entry.length),
  });

  function live(key: string): Held | null {
    const held = images.get(key);
    if (!held) return null;
    if (held.expiresAt > now()) return held;
    images.delete(key);
    return null;
  }

  return {
    async find(key, workspaceId) {
      const held = live(key);
      if (!held) return null;
      held.workspaces.add(workspaceId);
      return held.entry;
    },
    async put(key, workspaceId, entry) {
      const workspaces = live(key)?.workspaces ?? new Set();
      images.set(key, { entry, workspaces: workspaces.add(workspaceId), expiresAt: now() + imageLifeSeconds * 1_000 });
    },
    async remove(key, workspaceId) {
      const known = live(key)?.workspaces.has(workspaceId) ?? false;
      if (known) images.delete(key);
      return known;
    },
    probe: async () => {},
    close: () => images.clear(),
  };
}
