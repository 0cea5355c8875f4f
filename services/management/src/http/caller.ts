// Authentication and rate limit of a request: the first line of every handler that is not public.
import { type Authenticate, type Caller, credentialOf, requireScope } from "@qrfactory/auth/caller";
import type { NoteKeyUse } from "@qrfactory/auth/key-use";
import type { Actor } from "@qrfactory/db/audit/audit";
import type { KeyScope } from "@qrfactory/domain/access/key-scopes";
import { noFields, parseInput } from "@qrfactory/domain/http/validate";
import { plans } from "@qrfactory/domain/plan/plans";
import { originOf } from "@qrfactory/runtime/http/app";
import type { CountCaller } from "@qrfactory/runtime/http/rate-limit";
import type { Guarded } from "@qrfactory/runtime/http/refusals";
import type { Request, Response } from "express";

/** A caller with what the audit trail says of them. */
export type SeenCaller = Caller & { actor: Actor };

/**
 * Names the caller, or throws `unauthenticated`, `rate_limited`, `forbidden` for a key without the route's scope, or
 * `validation_failed` for a query that nobody heeds.
 */
export type FindCaller = (req: Request, res: Response, accepts?: readonly Caller["kind"][]) => Promise<SeenCaller>;

export type FindCallerOptions = {
  authenticate: Authenticate;
  guarded: Guarded;
  countCaller: CountCaller;
  noteKeyUse: NoteKeyUse;
};

/** Joins authentication with the plan's requests a minute, counted for key or user and for their workspace. */
export function makeFindCaller({ authenticate, guarded, countCaller, noteKeyUse }: FindCallerOptions): FindCaller {
  return async function findCaller(req, res, accepts) {
    const credential = credentialOf(req.headers);
    const caller = await guarded(req, res, credential, (isPutOff) =>
      authenticate(req.headers, accepts, { onlyPublished: isPutOff }),
    );
    await countCaller(res, caller, plans[caller.plan].requestsPerMinute);
    if (caller.kind === "key") {
      const scope = scopeOf(String(res.locals.route), req.method);
      if (scope) requireScope(caller, scope);
      noteKeyUse(caller.id);
    }
    if (!readsQuery(String(res.locals.route), req.method)) parseInput(noFields, req.query);
    return { ...caller, actor: { kind: caller.kind, id: caller.id, ...originOf(req) } };
  };
}

/** Reads of one thing that has no views. */
const plainReads = /^\/api\/v1\/(me|workspace|usage|usage\/me|bulk\/:id|bulk\/:id\/events)$/;
/** Changes with a query beside their body. */
const queriedChanges = new Set(["POST /api/v1/generate/bulk", "DELETE /api/v1/keys/:id"]);

/** Whether a route (its pattern) heeds its query and so judges it itself; all others refuse whatever stands in one. */
function readsQuery(route: string, method: string): boolean {
  const isRead = method === "GET" || method === "HEAD";
  return isRead ? !plainReads.test(route) : queriedChanges.has(`${method} ${route}`);
}

/** The scope that a key needs for a route (its pattern); null where any key will do. */
function scopeOf(route: string, method: string): KeyScope | null {
  if (/\/(analytics|scans|calls|orphans)(\/|$)/.test(route)) return "analytics";
  if (/\/bulk(\/|$)/.test(route)) return "bulk";
  if (!/\/dynamic(\/|$)/.test(route)) return null;
  const isReading = method === "GET" || method === "HEAD" || route.endsWith("/resolve");
  return isReading ? "codes:read" : "codes:write";
}
