// The caller of a request: an API key in `X-Api-Key`, and where a dashboard shows images a logged-in user, too. A key
// in the query string is not looked at.
import { accessOf } from "@qrfactory/api/bind";
import {
  type Authenticate,
  type Caller as Authenticated,
  credentialOf,
  requireRole,
  requireScope,
} from "@qrfactory/auth/caller";
import type { NoteKeyUse } from "@qrfactory/auth/key-use";
import type { KeyScope } from "@qrfactory/domain/access/key-scopes";
import type { Freeze } from "@qrfactory/domain/plan/freeze";
import { type Overage, type Plan, plans } from "@qrfactory/domain/plan/plans";
import type { CountCaller } from "@qrfactory/runtime/http/rate-limit";
import type { Guarded } from "@qrfactory/runtime/http/refusals";
import type { Request, Response } from "express";

/** A caller with all that decides whether they may draw. */
export type Caller = {
  kind: Authenticated["kind"];
  /** The key's id; of somebody at a dashboard their own. */
  keyId: string;
  workspaceId: string;
  plan: Plan;
  /** Of a key only. */
  scopes?: readonly KeyScope[] | undefined;
  /** Why the workspace may not draw, or null. */
  frozen: Freeze | null;
  /** Agreement to pay beyond its quota, or null. */
  overage: Overage | null;
  /**
   * Until when an address names this caller, in milliseconds since 1970; a request that brings a credential has none.
   */
  validUntilMs?: number;
};

/** Dependencies of authentication and its limits. */
export type CallerOptions = {
  authenticate: Authenticate;
  /** Puts off networks that present what is not valid. */
  guarded: Guarded;
  /** Counts a request of a caller against their plan; throws `rate_limited`. */
  countCaller: CountCaller;
  noteKeyUse?: NoteKeyUse;
};

/**
 * Throws `unauthenticated`, `rate_limited`, `forbidden` for a key without the scope `render` and for a viewer where
 * something is spent, or `unavailable` when the key cannot be looked up.
 */
export type RequireCaller = (req: Request, res: Response) => Promise<Caller>;

/** Makes the function that names callers, and holds them to the access that their operation declares. */
export function makeRequireCaller({ authenticate, guarded, countCaller, noteKeyUse }: CallerOptions): RequireCaller {
  return async function requireCaller(req, res) {
    const { scope, role } = accessOf(res);
    const caller = await guarded(req, res, credentialOf(req.headers), (isPutOff) =>
      authenticate(req.headers, ["user", "key"], { onlyPublished: isPutOff }),
    );
    const plan = plans[caller.plan];
    await countCaller(res, caller, plan.requestsPerMinute);
    if (caller.kind === "key") {
      if (scope) requireScope(caller, scope);
      noteKeyUse?.(caller.id);
    } else if (role) requireRole(caller, role);
    const { kind, id: keyId, workspaceId, scopes, frozen, overage } = caller;
    return { kind, keyId, workspaceId, plan, scopes, frozen, overage };
  };
}
