// Guessing passwords is slowed down twice: for each account, wherever the guesses come from, and for each network,
// whatever accounts it tries. The state Redis counts, and writes to its disk: it is told of neither by name.
import { createHmac } from "node:crypto";
import { householdOf } from "@qrfactory/domain/network";
import type { CountRequest } from "@qrfactory/runtime/rate-limit";
import type { Request, Response } from "express";

/** An office behind one address logs in to many accounts: a network may guess this many times what an account bears. */
const accountsPerNetwork = 10;

/** Counts one guess at the password of an account; throws `rate_limited`. */
export type CountGuess = (req: Request, res: Response, email: string) => Promise<void>;

/** Makes the counter; `loginsPerMinute` is the limit of one account. */
export function makeCountGuess(countLogin: CountRequest, loginsPerMinute: number): CountGuess {
  return async function countGuess(req, res, email) {
    await countLogin(res, `network ${whereFrom(req)}`, loginsPerMinute * accountsPerNetwork);
    await countLogin(res, `account ${email}`, loginsPerMinute);
  };
}

/** Whom requests without a caller are counted for: an IPv4 address, or the /64 that one household or server has of IPv6. */
export const whereFrom = (req: Request) => householdOf(req.ip ?? "") || "unknown";

/** A counter that knows its subjects by a keyed hash alone, for those that are addresses of people. */
export function countUnnamed(count: CountRequest, secret: string): CountRequest {
  return function countHashed(res, subject, limit) {
    return count(res, createHmac("sha256", secret).update(`throttle ${subject}`).digest("base64url"), limit);
  };
}
