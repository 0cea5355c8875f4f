// Who calls, and whether they call too often: the first line of every handler that is not public.
import { type Authenticate, type Caller, requireScope } from "@qrfactory/auth/caller";
import type { NoteKeyUse } from "@qrfactory/auth/key-use";
import type { Actor } from "@qrfactory/db/audit";
import type { KeyScope } from "@qrfactory/domain/key-scopes";
import { plans } from "@qrfactory/domain/plans";
import { originOf } from "@qrfactory/runtime/http-app";
import type { CountRequest } from "@qrfactory/runtime/rate-limit";
import type { Request, Response } from "express";

/** A caller with what the audit trail says of them. */
export type SeenCaller = Caller & { actor: Actor };

/** Names the caller, or throws `unauthenticated`, `rate_limited`, or `forbidden` for a key without the route's scope. */
export type FindCaller = (req: Request, res: Response, accepts?: readonly Caller["kind"][]) => Promise<SeenCaller>;

/** Joins authentication with the plan's requests a minute, counted per key or user. */
export function makeFindCaller(
  authenticate: Authenticate,
  countRequest: CountRequest,
  noteKeyUse: NoteKeyUse,
): FindCaller {
  return async function findCaller(req, res, accepts) {
    const caller = await authenticate(req.headers, accepts);
    await countRequest(res, `${caller.kind}:${caller.id}`, plans[caller.plan].requestsPerMinute);
    if (caller.kind === "key") {
      const scope = scopeOf(String(res.locals.route), req.method);
      if (scope) requireScope(caller, scope);
      noteKeyUse(caller.id);
    }
    return { ...caller, actor: { kind: caller.kind, id: caller.id, ...originOf(req) } };
  };
}

/** The scope that a key needs for a route (its pattern); null where any key will do. */
function scopeOf(route: string, method: string): KeyScope | null {
  if (/\/(analytics|scans|calls|orphans)(\/|$)/.test(route)) return "analytics";
  if (/\/bulk(\/|$)/.test(route)) return "bulk";
  if (!/\/dynamic(\/|$)/.test(route)) return null;
  const isReading = method === "GET" || method === "HEAD" || route.endsWith("/resolve");
  return isReading ? "codes:read" : "codes:write";
}
