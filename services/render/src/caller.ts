// Who calls: an API key in `X-Api-Key`, and where a dashboard shows images a logged-in user, too. A key in the query
// string is not looked at.
import { type Authenticate, type Caller as Authenticated, requireScope } from "@qrfactory/auth/caller";
import type { NoteKeyUse } from "@qrfactory/auth/key-use";
import type { KeyScope } from "@qrfactory/domain/key-scopes";
import { type Plan, plans } from "@qrfactory/domain/plans";
import type { CountRequest } from "@qrfactory/runtime/rate-limit";
import type { Request, Response } from "express";

export type Caller = {
  /** The key's id; of somebody at a dashboard their own. */
  keyId: string;
  workspaceId: string;
  plan: Plan;
  scopes: readonly KeyScope[];
};

export type CallerOptions = {
  authenticate: Authenticate;
  /** Counts a request of a caller against their plan; throws `rate_limited`. */
  countRequest: CountRequest;
  noteKeyUse?: NoteKeyUse;
};

/** Throws `unauthenticated`, `rate_limited`, `forbidden` without the scope `render`, or `unavailable` when the key cannot be looked up. */
export type RequireCaller = (req: Request, res: Response) => Promise<Caller>;

/** Makes the function that names callers; `accepts` are the credentials that it takes. */
export function makeRequireCaller(
  { authenticate, countRequest, noteKeyUse }: CallerOptions,
  accepts: readonly Authenticated["kind"][] = ["key"],
): RequireCaller {
  return async function requireCaller(req, res) {
    const caller = await authenticate(req.headers, accepts);
    const plan = plans[caller.plan];
    await countRequest(res, `${caller.kind}:${caller.id}`, plan.requestsPerMinute);
    if (caller.kind === "key") {
      requireScope(caller, "render");
      noteKeyUse?.(caller.id);
    }
    return { keyId: caller.id, workspaceId: caller.workspaceId, plan, scopes: caller.scopes ?? [] };
  };
}
