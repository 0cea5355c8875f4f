// The answers of the redirect service, as node:http writes them. Each returns the name of its route for the metrics.
import type { IncomingMessage, ServerResponse } from "node:http";
import { ApiError } from "@qrfactory/domain/http/errors";
import type { StatusReport } from "@qrfactory/runtime/http/status";
import { type Page, pageHeaders } from "../pages/pages.js";
import { cutHeader } from "./headers.js";

/** Name of the route of scans, in metrics. */
export const scanRoute = "/q/{short_id}";

/** `Retry-After` while nobody can say whether a code exists. */
const retryAfterSeconds = 2;

/** Leads on, for this scan only: nobody may keep the answer. */
export function sendRedirect(res: ServerResponse, location: string, requestId: string): string {
  // A flat list is what node:http writes fastest.
  const headers = ["Location", location, "Cache-Control", "private, no-store"];
  headers.push("Referrer-Policy", "no-referrer-when-downgrade", "X-Request-Id", requestId, "Content-Length", "0");
  res.writeHead(302, headers).end();
  return scanRoute;
}

/** Sends a page. */
export function sendPage(res: ServerResponse, { status, language, body }: Page, requestId: string): string {
  const described = { "Content-Language": language, "Content-Length": body.length, "X-Request-Id": requestId };
  res.writeHead(status, { ...pageHeaders, ...described });
  res.end(res.req.method === "HEAD" ? undefined : body);
  return scanRoute;
}

/** While the table is not current and the replica is away, nobody can say that a code does not exist. */
export function sendUnavailable(req: IncomingMessage, res: ServerResponse, page: Page, requestId: string): string {
  if (!/text\/html/i.test(cutHeader("accept", req.headers.accept))) {
    throw new ApiError("unavailable", "Whether this code exists cannot be told right now; try again shortly.", {
      retryAfterSeconds,
    });
  }
  res.setHeader("Retry-After", String(retryAfterSeconds));
  return sendPage(res, page, requestId);
}

/** Says that the process is up. */
export function sendHealth(res: ServerResponse, requestId: string): string {
  sendJson(res, 200, { status: "ok" }, { "X-Request-Id": requestId });
  return "/api/health";
}

/** Sends a status report; 503 when it says that the service is down. */
export function sendStatus(res: ServerResponse, report: StatusReport, requestId: string): string {
  const isDown = report.status === "down";
  sendJson(res, isDown ? 503 : 200, report, { "X-Request-Id": requestId, ...(isDown && { "Retry-After": "1" }) });
  return "/api/status";
}

function sendJson(res: ServerResponse, status: number, value: unknown, headers: Record<string, string>): void {
  const body = Buffer.from(JSON.stringify(value));
  const fixed = {
    "Content-Type": "application/json",
    "Content-Length": body.length,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
  };
  res.writeHead(status, { ...fixed, ...headers });
  res.end(res.req.method === "HEAD" ? undefined : body);
}
