// Authentication and rate limit of a request: the first line of every handler that is not public.
import { accessOf, operationOf } from "@qrfactory/api/bind";
import { type Authenticate, type Caller, credentialOf, requireRole, requireScope } from "@qrfactory/auth/caller";
import type { NoteKeyUse } from "@qrfactory/auth/key-use";
import type { Actor } from "@qrfactory/db/audit/audit";
import { noFields, parseInput } from "@qrfactory/domain/http/validate";
import { plans } from "@qrfactory/domain/plan/plans";
import { originOf } from "@qrfactory/runtime/http/app";
import type { CountCaller } from "@qrfactory/runtime/http/rate-limit";
import type { Guarded } from "@qrfactory/runtime/http/refusals";
import type { Request, Response } from "express";

/** A caller with what the audit trail says of them. */
export type SeenCaller = Caller & { actor: Actor };

/**
 * Names the caller and holds them to what their operation declares. Throws `unauthenticated`, `rate_limited`, `forbidden`
 * for a key without the scope or a role below the least one, or `validation_failed` for a query that nobody heeds.
 */
export type FindCaller = (req: Request, res: Response) => Promise<SeenCaller>;

/** Dependencies of authentication and its limits. */
export type FindCallerOptions = {
  authenticate: Authenticate;
  guarded: Guarded;
  countCaller: CountCaller;
  noteKeyUse: NoteKeyUse;
};

/** Joins authentication with the plan's requests a minute, counted for key or user and for their workspace. */
export function makeFindCaller({ authenticate, guarded, countCaller, noteKeyUse }: FindCallerOptions): FindCaller {
  return async function findCaller(req, res) {
    const { scope, role, keysOnly } = accessOf(res);
    const accepts: Caller["kind"][] = keysOnly ? ["key"] : scope ? ["user", "key"] : ["user"];
    const credential = credentialOf(req.headers);
    const caller = await guarded(req, res, credential, (isPutOff) =>
      authenticate(req.headers, accepts, { onlyPublished: isPutOff }),
    );
    await countCaller(res, caller, plans[caller.plan].requestsPerMinute);
    if (caller.kind === "key") {
      if (scope) requireScope(caller, scope);
      noteKeyUse(caller.id);
    }
    if (!operationOf(res).query) parseInput(noFields, req.query);
    if (role) requireRole(caller, role);
    return { ...caller, actor: { kind: caller.kind, id: caller.id, ...originOf(req) } };
  };
}
