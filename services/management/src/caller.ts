// Who calls, and whether they call too often: the first line of every handler that is not public.
import type { Authenticate, Caller } from "@qrfactory/auth/caller";
import { plans } from "@qrfactory/domain/plans";
import type { CountRequest } from "@qrfactory/runtime/rate-limit";
import type { Request, Response } from "express";

/** Names the caller, or throws `unauthenticated` or `rate_limited`. */
export type FindCaller = (req: Request, res: Response, accepts?: readonly Caller["kind"][]) => Promise<Caller>;

/** Joins authentication with the plan's requests a minute, counted per key or user. */
export function makeFindCaller(authenticate: Authenticate, countRequest: CountRequest): FindCaller {
  return async function findCaller(req, res, accepts) {
    const caller = await authenticate(req.headers, accepts);
    await countRequest(res, `${caller.kind}:${caller.id}`, plans[caller.plan].requestsPerMinute);
    return caller;
  };
}
