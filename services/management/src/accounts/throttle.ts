// Requests without a caller are slowed down twice: for each network before its body is read, and for each account
// wherever guesses at its password come from. The state Redis counts and writes to its disk: it hears neither by name.
import type { CountRequest } from "@qrfactory/runtime/http/rate-limit";
import { whereFrom } from "@qrfactory/runtime/http/refusals";
import type { Request, Response } from "express";

/** An office behind one address logs in to many accounts: a network may guess this many times what an account bears. */
const accountsPerNetwork = 10;
/**
 * Every open dashboard of that office renews its session four times an hour, all of them in the same minute at worst.
 */
const renewalsPerGuess = 10;

/** Each method throws `rate_limited`. */
export type Throttle = {
  /** Counts a request of a network that may hold a guess; once a request, however often it is asked. */
  countVisit(req: Request, res: Response): Promise<void>;
  /** The same for a request that goes on with a session or ends it. */
  countRenewal(req: Request, res: Response): Promise<void>;
  /** Counts a guess at the password of an account, and the visit. */
  countGuess(req: Request, res: Response, account: string): Promise<void>;
};

/** Makes the counters; `loginsPerMinute` is the limit of one account. */
export function makeThrottle(count: CountRequest, loginsPerMinute: number): Throttle {
  const networkMax = loginsPerMinute * accountsPerNetwork;

  async function countVisit(req: Request, res: Response): Promise<void> {
    if (res.locals.isVisitCounted) return;
    res.locals.isVisitCounted = true;
    await count(res, `network ${whereFrom(req)}`, networkMax);
  }

  return {
    countVisit,
    countRenewal: (req, res) => count(res, `sessions of ${whereFrom(req)}`, networkMax * renewalsPerGuess),
    async countGuess(req, res, account) {
      await countVisit(req, res);
      await count(res, `account ${account}`, loginsPerMinute);
    },
  };
}
