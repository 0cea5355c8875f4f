// Access to a route, declared where the route is registered; `findCaller` holds callers to it.
import type { KeyScope } from "@qrfactory/domain/access/key-scopes";
import type { Role } from "@qrfactory/domain/access/roles";
import type { Handler, Method } from "@qrfactory/runtime/http/app";
import type { Response } from "express";

/** Callers that a route lets in. */
export type Access = {
  /** The scope with which an API key may, too; without one only people may. */
  scope?: KeyScope;
  /** The least role; a key acts as a member. Default: any. */
  role?: Role;
  /** Keys alone, whatever their scopes. */
  keysOnly?: true;
  /** A caller is asked for only by requests that bring nothing else to be believed by. */
  optional?: true;
  /** The handler judges the query; all other routes refuse whatever stands in one. */
  query?: true;
};

/** A handler that says who may call it; null: anybody. */
export type GuardedHandler = Handler & { access: Access | null };
/** As `Routes`, and each of them says who may. */
export type GuardedRoutes = Record<string, Partial<Record<Method, GuardedHandler>>>;

/** The handler, for callers who may. */
export function may(access: Access, handler: Handler): GuardedHandler {
  const guarded: Handler = (req, res) => {
    res.locals.access = access;
    return handler(req, res);
  };
  return Object.assign(guarded, { access });
}

/** The handler, for everybody; it asks for no caller. */
export function anyone(handler: Handler): GuardedHandler {
  const open: Handler = (req, res) => handler(req, res);
  return Object.assign(open, { access: null });
}

/** The access that the route of a response declares; throws for one that asks for no caller. */
export function accessOf(res: Response): Access {
  const access = res.locals.access as Access | undefined;
  if (!access) throw new Error(`The route ${String(res.locals.route)} does not say who may call it.`);
  return access;
}
