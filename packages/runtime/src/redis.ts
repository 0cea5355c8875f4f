// The one way any process of ours talks to Redis: every command has a deadline, nothing is queued while the server is
// away, and a breaker keeps commands from piling up behind a server that is frozen but still connected.
import { Redis } from "ioredis";

/** How long one command may take. A healthy loopback Redis answers in 0.1 ms; 250 ms forgives a fork for an AOF rewrite. */
const commandTimeoutMsDefault = 250;

/** Timeouts in a row after which the server counts as frozen. */
const breakerTimeoutsMax = 3;

/** While the breaker is open, one command in this time is let through to find out whether the server is back. */
const breakerRetryMs = 500;

/** Longest pause between two attempts to connect: an outage ends at most this long after the server is back. */
const reconnectPauseMsMax = 500;

const connectTimeoutMs = 1_000;

export type RedisConnection = {
  url: string;
  /** Shown by `CLIENT LIST` on the server, e.g. `render-state`. */
  name: string;
  commandTimeoutMs?: number;
  /** Told of connection errors, at most once per outage. */
  onError?: (error: Error) => void;
};

type Command = Parameters<Redis["sendCommand"]>[0];

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
        if (error.message !== "Command timed out") return;
        this.timeoutsInRow += 1;
        this.nextTrialAt = Date.now() + breakerRetryMs;
      },
    );
    return super.sendCommand(...args);
  }
}

/**
 * Opens a guarded connection. Returns at once; while the server is away every command fails at once, and the
 * connection heals by itself. Commands that wait on purpose (`XREAD BLOCK`) need a connection of their own whose
 * `commandTimeoutMs` is above the wait.
 */
export function connectRedis(connection: RedisConnection): Redis {
  const redis = new GuardedRedis(connection.url, {
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
      `The state Redis has maxmemory-policy ${policy}; set it to noeviction, or codes, credits and queues may be dropped.`,
    );
  }
}
