// The one way any process of ours talks to Redis: every command has a deadline, nothing is queued while the server is
// away, and a breaker keeps commands from piling up behind a server that is frozen but still connected.
import { Redis, type RedisOptions } from "ioredis";

/**
 * How long one command may take. A healthy loopback Redis answers in 0.1 ms; 250 ms forgives a fork for an AOF rewrite.
 */
const commandTimeoutMsDefault = 250;

/**
 * A deadline passes in this many steps, each of which counts once however late it comes. So a process that stood still
 * (a pause of its machine, a long collection of garbage) reads the replies that wait for it before it gives up on them.
 */
const deadlineSteps = 5;

/** Timeouts in a row after which the server counts as frozen. */
const breakerTimeoutsMax = 3;

/** While the breaker is open, one command in this time is let through to find out whether the server is back. */
const breakerRetryMs = 500;

/** Longest pause between two attempts to connect: an outage ends at most this long after the server is back. */
const reconnectPauseMsMax = 500;

const connectTimeoutMs = 1_000;

/** A Sentinel answers from memory. */
const sentinelTimeoutMs = 500;

/** All Sentinels are asked again after this long when none of them knew a primary. */
const sentinelPauseMs = 200;

const sentinelUrl = /^redis\+sentinel:\/\/(?:([^@/]*)@)?([^@/]+)\/([A-Za-z0-9._-]+)$/;

/**
 * Where a server is: `redis://`, `rediss://`, or the primary that Sentinels name,
 * `redis+sentinel://[user:password@]host:port,host:port/primary-name`; user and password are those of the primary and
 * of the Sentinels. Null when it is none of these.
 */
export function parseRedisUrl(url: string): RedisOptions | string | null {
  if (/^rediss?:\/\//.test(url)) return URL.canParse(url) ? url : null;
  const [, credentials, hosts, name] = sentinelUrl.exec(url) ?? [];
  if (hosts === undefined || name === undefined) return null;
  const sentinels = hosts.split(",").map((host) => (URL.canParse(`tcp://${host}`) ? new URL(`tcp://${host}`) : null));
  if (sentinels.some((address) => !address?.port || address.pathname !== "")) return null;
  const [username, password] = (credentials ?? "").split(":").map(decodeURIComponent);
  return {
    name,
    sentinels: sentinels.map((address) => ({ host: address?.hostname as string, port: Number(address?.port) })),
    ...(username && { username, sentinelUsername: username }),
    ...(password && { password, sentinelPassword: password }),
    sentinelCommandTimeout: sentinelTimeoutMs,
    sentinelRetryStrategy: () => sentinelPauseMs,
    // A primary that was replaced comes back as a replica.
    reconnectOnError: (error) => error.message.startsWith("READONLY"),
  };
}

/** Opens a connection to a `parseRedisUrl` address with these options; throws a TypeError when it is none. */
function open(Client: typeof Redis, url: string, options: RedisOptions): Redis {
  const server = parseRedisUrl(url);
  if (server === null) throw new TypeError("This is not the address of a Redis.");
  return typeof server === "string" ? new Client(server, options) : new Client({ ...server, ...options });
}

/** Address, name and deadline of a connection. */
export type RedisConnection = {
  /** As `parseRedisUrl` takes it. */
  url: string;
  /** Shown by `CLIENT LIST` on the server, e.g. `render-state`. */
  name: string;
  commandTimeoutMs?: number;
  /** Told of connection errors, at most once per outage. */
  onError?: (error: Error) => void;
};

type Command = Parameters<Redis["sendCommand"]>[0];

/** The message of ioredis when a deadline of its own passes. */
const timedOut = "Command timed out";

/** Makes the deadline that ioredis sets for the command one of time in which this process was running. */
function countOwnTime(command: Command): void {
  let timer: NodeJS.Timeout | undefined;
  const wait = (stepMs: number, steps: number) => {
    timer = setTimeout(() => {
      if (steps > 1) wait(stepMs, steps - 1);
      else command.reject(new Error(timedOut));
    }, stepMs);
  };
  command.setTimeout = (timeoutMs) => {
    if (!timer) wait(timeoutMs / deadlineSteps, deadlineSteps);
  };
  const clear = () => clearTimeout(timer);
  command.promise.then(clear, clear);
}

/** Refuses commands at once while its server does not answer, instead of letting each wait for its own deadline. */
class GuardedRedis extends Redis {
  private timeoutsInRow = 0;
  private nextTrialAt = 0;

  override sendCommand(...args: Parameters<Redis["sendCommand"]>): ReturnType<Redis["sendCommand"]> {
    const command: Command = args[0];
    const now = Date.now();
    if (this.timeoutsInRow >= breakerTimeoutsMax && this.status === "ready") {
      if (now < this.nextTrialAt) {
        command.reject(new Error(`Redis ${this.options.connectionName} is not answering`));
        return command.promise;
      }
      this.nextTrialAt = now + breakerRetryMs;
    }
    command.promise.then(
      () => {
        this.timeoutsInRow = 0;
      },
      (error: Error) => {
        if (error.message !== timedOut) return;
        this.timeoutsInRow += 1;
        // Another server may be the primary by now. (ioredis can listen for that itself; but word that comes while it
        // is connecting ends the connection for good.)
        if (this.options.sentinels && this.timeoutsInRow >= breakerTimeoutsMax) this.disconnect(true);
        this.nextTrialAt = Date.now() + breakerRetryMs;
      },
    );
    countOwnTime(command);
    return super.sendCommand(...args);
  }
}

/**
 * Opens a guarded connection. Returns at once; while the server is away every command fails at once, and the
 * connection heals by itself. Commands that wait on purpose (`XREAD BLOCK`) need a connection of their own whose
 * `commandTimeoutMs` is above the wait.
 */
export function connectRedis(connection: RedisConnection): Redis {
  const redis = open(GuardedRedis, connection.url, {
    connectionName: connection.name,
    commandTimeout: connection.commandTimeoutMs ?? commandTimeoutMsDefault,
    connectTimeout: connectTimeoutMs,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    retryStrategy: (attempt) => Math.min(50 * attempt, reconnectPauseMsMax),
  });
  let reported = false;
  redis.on("error", (error) => {
    if (!reported) connection.onError?.(error);
    reported = true;
  });
  redis.on("ready", () => {
    reported = false;
  });
  return redis;
}

/**
 * Opens a connection for BullMQ, which waits for its server on purpose: no command deadline, nobody's request on it.
 */
export function connectQueueRedis({ url, name }: Pick<RedisConnection, "url" | "name">): Redis {
  return open(Redis, url, { connectionName: name, maxRetriesPerRequest: null });
}

/** Resolves when the connection can be used; rejects after `timeoutMs`, naming the server. */
export async function redisReady(redis: Redis, timeoutMs: number): Promise<void> {
  if (redis.status === "ready") return;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      redis.off("ready", onReady);
      reject(new Error(`Redis ${redis.options.connectionName} was not reached within ${timeoutMs} ms`));
    }, timeoutMs);
    const onReady = () => {
      clearTimeout(timer);
      resolve();
    };
    redis.once("ready", onReady);
  });
}

/** Thrown when the server named as state Redis may throw data away. */
export class EvictingRedisError extends Error {
  override readonly name = "EvictingRedisError";
}

/**
 * Throws `EvictingRedisError` when the server's `maxmemory-policy` is not `noeviction`: codes, credits and queues must
 * not be dropped to make room. A server that does not answer passes: processes start without Redis.
 */
export async function requireNoEviction(redis: Redis, timeoutMs: number): Promise<void> {
  let memory: string;
  try {
    await redisReady(redis, timeoutMs);
    memory = await redis.info("memory");
  } catch {
    return;
  }
  const policy = /^maxmemory_policy:(\S+)/m.exec(memory)?.[1];
  if (policy !== undefined && policy !== "noeviction") {
    throw new EvictingRedisError(
      `The state Redis has maxmemory-policy ${policy}; ` +
        "set it to noeviction, or codes, credits and queues may be dropped.",
    );
  }
}
