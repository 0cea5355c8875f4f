// From declarations and handlers to the routes of a service.
import type { Handler, Method, Routes } from "@qrfactory/runtime/http/app";
import type { Response } from "express";
import type { Access, Operation } from "./operation.js";

/** One handler for each operation, by its id. */
export type Handlers<Ids extends string> = Record<Ids, Handler>;

/** Routes whose handlers know their operation. */
export type BoundRoutes = Record<string, Partial<Record<Method, Handler & { operation: Operation }>>>;

/** A path of OpenAPI as Express matches it: `/api/v1/dynamic/:short_id`; the slash at the end is optional there. */
export const routePathOf = (path: string): string => path.replace(/\{(\w+)\}/g, ":$1").replace(/(.)\/$/, "$1");

/** Makes routes of handlers; throws for a handler without an operation, and for an operation without a handler. */
export function bindOperations(operations: Record<string, Operation>, handlers: Record<string, Handler>): BoundRoutes {
  const unknown = Object.keys(handlers).filter((id) => !(id in operations));
  const missing = Object.keys(operations).filter((id) => !(id in handlers));
  if (unknown.length + missing.length > 0) {
    throw new Error(
      `Handlers without an operation: ${unknown.join()}; operations without a handler: ${missing.join()}.`,
    );
  }
  const routes: BoundRoutes = {};
  for (const [id, handler] of Object.entries(handlers)) {
    const operation = operations[id] as Operation;
    const bound: Handler = (req, res) => {
      res.locals.operation = operation;
      return handler(req, res);
    };
    const path = routePathOf(operation.path);
    routes[path] = { ...routes[path], [operation.method]: Object.assign(bound, { operation }) };
  }
  return routes satisfies Routes;
}

/** The operation that a response answers; throws outside of one. */
export function operationOf(res: Response): Operation {
  const operation = res.locals.operation as Operation | undefined;
  if (!operation) throw new Error(`The route ${String(res.locals.route)} is not declared.`);
  return operation;
}

/** The access that the operation of a response declares; throws for one that is open to anybody. */
export function accessOf(res: Response): Access {
  const { access, id } = operationOf(res);
  if (!access) throw new Error(`The operation ${id} asks for no caller.`);
  return access;
}
