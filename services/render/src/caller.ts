// Who calls: an API key in `X-Api-Key`, nothing else. A key in the query string is not looked at.
import { authenticateKey, requireScope } from "@qrfactory/auth/caller";
import type { KeyDirectory } from "@qrfactory/auth/key-directory";
import type { NoteKeyUse } from "@qrfactory/auth/key-use";
import type { KeyScope } from "@qrfactory/domain/key-scopes";
import { type Plan, plans } from "@qrfactory/domain/plans";
import type { CountRequest } from "@qrfactory/runtime/rate-limit";
import type { Request, Response } from "express";

export type Caller = { keyId: string; workspaceId: string; plan: Plan; scopes: readonly KeyScope[] };

export type CallerOptions = {
  keys: KeyDirectory;
  /** Counts a request of a key against its plan; throws `rate_limited`. */
  countRequest: CountRequest;
  noteKeyUse?: NoteKeyUse;
};

/** Throws `unauthenticated`, `rate_limited`, `forbidden` without the scope `render`, or `unavailable` when the key cannot be looked up. */
export type RequireCaller = (req: Request, res: Response) => Promise<Caller>;

export function makeRequireCaller({ keys, countRequest, noteKeyUse }: CallerOptions): RequireCaller {
  return async function requireCaller(req, res) {
    const caller = await authenticateKey(keys, req.headers);
    const plan = plans[caller.plan];
    await countRequest(res, `key:${caller.id}`, plan.requestsPerMinute);
    requireScope(caller, "render");
    noteKeyUse?.(caller.id);
    return { keyId: caller.id, workspaceId: caller.workspaceId, plan, scopes: caller.scopes ?? [] };
  };
}
