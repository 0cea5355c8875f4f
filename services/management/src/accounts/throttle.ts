// Guessing passwords is slowed down twice: for each account, wherever the guesses come from, and for each network,
// whatever accounts it tries.
import type { CountRequest } from "@qrfactory/runtime/rate-limit";
import type { Request, Response } from "express";

/** An office behind one address logs in to many accounts: a network may guess this many times what an account bears. */
const accountsPerNetwork = 10;

/** Counts one guess at the password of an account; throws `rate_limited`. */
export type CountGuess = (req: Request, res: Response, email: string) => Promise<void>;

/** Makes the counter; `loginsPerMinute` is the limit of one account. */
export function makeCountGuess(countLogin: CountRequest, loginsPerMinute: number): CountGuess {
  return async function countGuess(req, res, email) {
    await countLogin(res, `network ${req.ip ?? "unknown"}`, loginsPerMinute * accountsPerNetwork);
    await countLogin(res, `account ${email}`, loginsPerMinute);
  };
}
