// Who calls: an API key in `X-Api-Key`, nothing else. A key in the query string is not looked at.
import { authenticateKey } from "@qrfactory/auth/caller";
import type { KeyDirectory } from "@qrfactory/auth/key-directory";
import { type Plan, plans } from "@qrfactory/domain/plans";
import type { CountRequest } from "@qrfactory/runtime/rate-limit";
import type { Request, Response } from "express";

export type Caller = { keyId: string; workspaceId: string; plan: Plan };

export type CallerOptions = {
  keys: KeyDirectory;
  /** Counts a request of a key against its plan; throws `rate_limited`. */
  countRequest: CountRequest;
};

/** Throws `unauthenticated`, `rate_limited`, or `unavailable` when the key cannot be looked up. */
export type RequireCaller = (req: Request, res: Response) => Promise<Caller>;

export function makeRequireCaller({ keys, countRequest }: CallerOptions): RequireCaller {
  return async function requireCaller(req, res) {
    const caller = await authenticateKey(keys, req.headers);
    const plan = plans[caller.plan];
    await countRequest(res, `key:${caller.id}`, plan.requestsPerMinute);
    return { keyId: caller.id, workspaceId: caller.workspaceId, plan };
  };
}
