// Request limits, counted in the state Redis so that all processes share them, and in memory while it is away.
import { createHmac } from "node:crypto";
import { ApiError } from "@qrfactory/domain/http/errors";
import type { Response } from "express";
import type { Redis } from "ioredis";
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import { stateKeys } from "../redis-keys.js";

/** One policy of requests in a window. */
export type RateLimit = {
  /** Name of the policy as clients see it, e.g. `caller` or `login`. */
  policy: string;
  windowSeconds: number;
  /** Says nothing in the response unless it refuses: for limits that most clients never meet. */
  isQuiet?: boolean;
  /** Keys a hash of the subjects, for those that are addresses of people: Redis writes what it counts to its disk. */
  secret?: string;
};

/** The key without its subject, which the limiter adds after a colon. */
const keyPrefixOf = (policy: string) => stateKeys.rate.of(policy, "").slice(0, -1);

/** The largest integer of a structured field (RFC 9651, 3.3.1), for clients that are not limited. */
const integerMax = 999_999_999_999_999;

/** Counts one request of `subject` against `limit`; throws `rate_limited` when it is one too many. */
export type CountRequest = (res: Response, subject: string, limit: number) => Promise<void>;

/**
 * Makes the counter of one policy. It sets `RateLimit-Policy` and `RateLimit` as in
 * draft-ietf-httpapi-ratelimit-headers-08 (q = quota, w = window, r = remaining, t = seconds to reset). A limit of
 * `Infinity` is not counted; clients see the largest number there is in its place.
 */
export function makeRateLimit(redis: Redis, { policy, windowSeconds, isQuiet, secret }: RateLimit): CountRequest {
  const limiters = new Map<number, RateLimiterRedis>();
  const nameOf = (subject: string) =>
    secret ? createHmac("sha256", secret).update(`throttle ${subject}`).digest("base64url") : subject;

  function limiterOf(limit: number): RateLimiterRedis {
    const known = limiters.get(limit);
    if (known) return known;
    const window = { points: limit, duration: windowSeconds, keyPrefix: keyPrefixOf(policy) };
    const limiter = new RateLimiterRedis({
      ...window,
      storeClient: redis,
      insuranceLimiter: new RateLimiterMemory(window),
    });
    limiters.set(limit, limiter);
    return limiter;
  }

  function tell(
    res: Response,
    limit: number,
    { remaining, resetSeconds }: { remaining: number; resetSeconds: number },
  ) {
    res.set("RateLimit-Policy", `"${policy}";q=${limit};w=${windowSeconds}`);
    res.set("RateLimit", `"${policy}";r=${remaining};t=${resetSeconds}`);
    // The names that clients knew before the IETF's draft; the reset is a moment, in seconds since 1970, as GitHub has it.
    res.set("X-RateLimit-Limit", String(limit));
    res.set("X-RateLimit-Remaining", String(remaining));
    res.set("X-RateLimit-Reset", String(Math.ceil(Date.now() / 1_000) + resetSeconds));
  }

  return async function countRequest(res, subject, limit) {
    if (!Number.isFinite(limit)) {
      if (!isQuiet) tell(res, integerMax, { remaining: integerMax, resetSeconds: windowSeconds });
      return;
    }
    const state = await limiterOf(limit)
      .consume(nameOf(subject))
      .catch((refusal: unknown) => {
        if (refusal instanceof RateLimiterRes) return refusal;
        throw refusal;
      });
    const resetSeconds = Math.max(1, Math.ceil(state.msBeforeNext / 1000));
    const isRefused = state.consumedPoints > limit;
    if (isRefused || !isQuiet) tell(res, limit, { remaining: Math.max(0, state.remainingPoints), resetSeconds });
    if (isRefused) {
      throw new ApiError("rate_limited", `More than ${limit} requests in ${windowSeconds} s; slow down.`, {
        retryAfterSeconds: resetSeconds,
      });
    }
  };
}

/**
 * All callers of a workspace together may make so many times the requests of one: room for a dashboard beside a
 * program, and no more by making more keys.
 */
const callersPerWorkspace = 2;

/** Subjects of the count: a key or a user, and their workspace. */
export type CountedCaller = { kind: string; id: string; workspaceId: string };

/** Counts one request of a caller whose plan allows `limit` a minute; throws `rate_limited`. */
export type CountCaller = (res: Response, caller: CountedCaller, limit: number) => Promise<void>;

/** Makes the counter of callers. A caller's requests beyond their own limit do not use up what others may make. */
export function makeCountCaller(redis: Redis): CountCaller {
  const countOne = makeRateLimit(redis, { policy: "caller", windowSeconds: 60 });
  const countAll = makeRateLimit(redis, { policy: "workspace", windowSeconds: 60, isQuiet: true });
  return async function countCaller(res, { kind, id, workspaceId }, limit) {
    await countOne(res, `${kind}:${id}`, limit);
    await countAll(res, workspaceId, limit * callersPerWorkspace);
  };
}
