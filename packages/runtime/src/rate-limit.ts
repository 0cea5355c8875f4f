// Request limits, counted in the state Redis so that all processes share them, and in memory while it is away.
import { ApiError } from "@qrfactory/domain/errors";
import type { Response } from "express";
import type { Redis } from "ioredis";
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";

export type RateLimit = {
  /** Name of the policy as clients see it, e.g. `key` or `login`. */
  policy: string;
  windowSeconds: number;
};

/** The largest integer of a structured field (RFC 9651, 3.3.1), for clients that are not limited. */
const integerMax = 999_999_999_999_999;

/** Counts one request of `subject` against `limit`; throws `rate_limited` when it is one too many. */
export type CountRequest = (res: Response, subject: string, limit: number) => Promise<void>;

/**
 * Makes the counter of one policy. It sets `RateLimit-Policy` and `RateLimit` as in
 * draft-ietf-httpapi-ratelimit-headers-08 (q = quota, w = window, r = remaining, t = seconds to reset). A limit of
 * `Infinity` is not counted; clients see the largest number there is in its place.
 */
export function makeRateLimit(redis: Redis, { policy, windowSeconds }: RateLimit): CountRequest {
  const limiters = new Map<number, RateLimiterRedis>();

  function limiterOf(limit: number): RateLimiterRedis {
    const known = limiters.get(limit);
    if (known) return known;
    const window = { points: limit, duration: windowSeconds, keyPrefix: `qrf:rate:${policy}` };
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
  }

  return async function countRequest(res, subject, limit) {
    if (!Number.isFinite(limit)) {
      return tell(res, integerMax, { remaining: integerMax, resetSeconds: windowSeconds });
    }
    const state = await limiterOf(limit)
      .consume(subject)
      .catch((refusal: unknown) => {
        if (refusal instanceof RateLimiterRes) return refusal;
        throw refusal;
      });
    const resetSeconds = Math.max(1, Math.ceil(state.msBeforeNext / 1000));
    tell(res, limit, { remaining: Math.max(0, state.remainingPoints), resetSeconds });
    if (state.consumedPoints > limit) {
      throw new ApiError("rate_limited", `More than ${limit} requests in ${windowSeconds} s; slow down.`, {
        retryAfterSeconds: resetSeconds,
      });
    }
  };
}
