// The Express conventions that management and render share: request id, access log, one table of routes with 405 for
// the other methods, problem documents for everything thrown. Bodies are read inside a handler, after its caller is
// known, through runtime/http/body.

import { ApiError } from "@qrfactory/domain/http/errors";
import { networkOf } from "@qrfactory/domain/network/network";
import express, { type Express, type Request, type RequestHandler, type Response } from "express";
import type { Log } from "../log.js";
import type { Metrics } from "../metrics.js";
import { sendProblem } from "./problem.js";
import { requestIdFrom } from "./request-id.js";
import type { StatusReport } from "./status.js";

/** Methods that a route can have; HEAD comes with GET. */
export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
/** Answers one request; an error that it throws becomes a problem document. */
export type Handler = (req: Request, res: Response) => Promise<void> | void;
/** Path pattern → method → handler: the whole interface of a service on one screen. */
export type Routes = Record<string, Partial<Record<Method, Handler>>>;

/** Routes of an application and all that stands around them. */
export type HttpAppOptions = {
  log: Log;
  metrics?: Metrics;
  /** Networks whose X-Forwarded-For is believed. */
  trustedProxies: string[];
  status: () => Promise<StatusReport>;
  /** Gives a foreign error its public meaning, e.g. a database that is away; undefined leaves it `internal`. */
  translateError?: (error: unknown) => ApiError | undefined;
  routes: Routes;
};

/** The id of this request, as sent in `X-Request-Id`. */
export function requestId(res: Response): string {
  return res.locals.requestId as string;
}

/**
 * Where a request comes from, as far as it is kept: the network of its client, null where there is none, and its id.
 */
export function originOf(req: Request): { network: string | null; requestId: string | null } {
  return { network: networkOf(req.ip ?? "") || null, requestId: req.res ? requestId(req.res) : null };
}

/** An Express application with our conventions around `routes`; a trailing slash is optional on every path. */
export function createHttpApp(options: HttpAppOptions): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", "simple");
  app.set("trust proxy", options.trustedProxies);
  app.use(identify(options));
  mount(app, "/api/health", { GET: (_req, res) => void res.json({ status: "ok" }) });
  mount(app, "/api/status", {
    GET: async (_req, res) => {
      const report = await options.status();
      if (report.status === "down") res.set("Retry-After", "1");
      res
        .set("Cache-Control", "no-store")
        .status(report.status === "down" ? 503 : 200)
        .json(report);
    },
  });
  for (const [path, methods] of Object.entries(options.routes)) mount(app, path, methods);
  app.use((_req, _res, next) => next(new ApiError("not_found", "There is nothing at this address.")));
  app.use(answerError(options));
  return app;
}

function mount(app: Express, path: string, methods: Partial<Record<Method, Handler>>): void {
  const allowed = Object.keys(methods).flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]));
  const handlers = new Map<string, Handler>(Object.entries(methods) as [string, Handler][]);
  app.all(path, async (req, res) => {
    const handler = handlers.get(req.method === "HEAD" ? "GET" : req.method);
    if (!handler) {
      const allow = allowed.join(", ");
      throw new ApiError("method_not_allowed", `${req.method} is not possible here; allowed: ${allow}.`, {
        headers: { Allow: allow },
      });
    }
    res.locals.route = path;
    await handler(req, res);
  });
}

/**
 * Headers of every answer, unless its handler sets others: it is private, so no cache on the way keeps it; it is no
 * page, so nothing in it runs or is framed; other origins embed nothing of it.
 */
const defaultHeaders = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Cross-Origin-Resource-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
};

/** Gives the request its id and, once it is answered, a log line and a measurement. */
function identify({ log, metrics }: HttpAppOptions): RequestHandler {
  return function identifyRequest(req, res, next) {
    const id = requestIdFrom(req.headers["x-request-id"]);
    const started = performance.now();
    res.locals.requestId = id;
    res.set("X-Request-Id", id);
    res.set(defaultHeaders);
    res.on("close", () => {
      const ms = Math.round((performance.now() - started) * 10) / 10;
      const route = (res.locals.route as string | undefined) ?? "unknown";
      const line = { request_id: id, method: req.method, route, status: res.statusCode, ms };
      log.info(res.writableFinished ? line : { ...line, aborted: true }, "request");
      metrics?.observeRequest({ method: req.method, route, status: res.statusCode, seconds: ms / 1000 });
    });
    next();
  };
}

/** The last stop of every error; any but an `ApiError` is logged in full and shown as `internal`. */
function answerError({ log, translateError }: HttpAppOptions): express.ErrorRequestHandler {
  return function answerWithProblem(error, req, res, _next) {
    const known = error instanceof ApiError ? error : (translateError?.(error) ?? undecodablePath(error));
    if (!known || known.status >= 500) {
      const { cause } = known ?? {};
      log.error({ request_id: requestId(res), method: req.method, err: cause ?? error }, "request failed");
    }
    if (res.headersSent) return void res.destroy();
    sendProblem(res, known ?? error, requestId(res));
  };
}

/** Express reports a path such as `/%zz` as a `URIError`. */
function undecodablePath(error: unknown): ApiError | undefined {
  return error instanceof URIError
    ? new ApiError("malformed_request", "The address holds an invalid percent-encoding.")
    : undefined;
}
