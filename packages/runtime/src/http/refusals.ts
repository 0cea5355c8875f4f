// Networks that present one credential after the other which is not valid: what they present is looked up no more in
// Postgres until the minute is over. Good credentials that are known without it are served all the same: others may
// call from the same address.

import { createHash } from "node:crypto";
import { minuteMs } from "@qrfactory/domain/duration";
import { ApiError } from "@qrfactory/domain/http/errors";
import { householdOf } from "@qrfactory/domain/network/network";
import type { Request, Response } from "express";
import type { Redis } from "ioredis";
import { LRUCache } from "lru-cache";
import { makeRateLimit } from "./rate-limit.js";

/** An office of a hundred dashboards whose tokens all expire in the same minute; a guess of a key has one in 2^180. */
export const refusalsPerMinuteDefault = 120;
const windowMs = minuteMs;
/** Credentials that are remembered as good, and networks as put off. */
const knownMax = 10_000;

/** Store and limit of the count of refused credentials. */
export type RefusalsOptions = {
  redis: Redis;
  /** Keys the hash of the networks that are counted. */
  secret: string;
  perMinute?: number;
  now?: () => number;
};

/**
 * Names the caller by `authenticate`, which is told when the request's network is put off, so that it looks up what
 * costs little and throws `unauthenticated` otherwise. Throws what `authenticate` throws, or `rate_limited` in the
 * place of the last refusals and of each while the network is put off.
 */
export type Guarded = <Caller>(
  req: Request,
  res: Response,
  credential: string | undefined,
  authenticate: (isPutOff: boolean) => Promise<Caller>,
) => Promise<Caller>;

/** The client that a request without a caller is counted for: an IPv4 address, or the /64 of one household of IPv6. */
export const whereFrom = (req: Request) => householdOf(req.ip ?? "") || "unknown";

/** Makes the guard. */
export function makeRefusals(options: RefusalsOptions): Guarded {
  const { redis, secret, perMinute = refusalsPerMinuteDefault, now = Date.now } = options;
  const count = makeRateLimit(redis, { policy: "refused", windowSeconds: windowMs / 1_000, isQuiet: true, secret });
  const good = new LRUCache<string, true>({ max: knownMax });
  const putOff = new LRUCache<string, number>({ max: knownMax });

  async function noteRefusal(res: Response, network: string): Promise<void> {
    try {
      await count(res, network, perMinute);
    } catch (error) {
      if (error instanceof ApiError) {
        putOff.set(network, now() + 1_000 * (error.retryAfterSeconds ?? 1));
      }
      throw error;
    }
  }

  /** Milliseconds for which a network is put off; 0 when it is not. */
  function putOffFor(network: string): number {
    const left = (putOff.get(network) ?? 0) - now();
    if (left <= 0) putOff.delete(network);
    return Math.max(0, left);
  }

  return async function guarded(req, res, credential, authenticate) {
    // Without a credential there is nothing to look up.
    if (credential === undefined) return authenticate(false);
    const network = whereFrom(req);
    const digest = createHash("sha256").update(credential).digest("base64url");
    const waitMs = good.has(digest) ? 0 : putOffFor(network);
    try {
      const caller = await authenticate(waitMs > 0);
      good.set(digest, true);
      return caller;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      good.delete(digest);
      if (waitMs > 0) throw tooMany(waitMs);
      await noteRefusal(res, network);
      throw error;
    }
  };
}

function tooMany(waitMs: number): ApiError {
  const detail = "Too many credentials from your network were not valid; wait before you try others.";
  return new ApiError("rate_limited", detail, { retryAfterSeconds: Math.ceil(waitMs / 1_000) });
}
