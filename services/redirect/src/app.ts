// The whole redirect service: a scan is looked up in memory, written down, and only then answered. No network, no
// framework; whatever is broken elsewhere, a known code gets its 302.
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { ApiError } from "@qrfactory/domain/errors";
import type { ScanEvent } from "@qrfactory/domain/events";
import { normalizeShortId } from "@qrfactory/domain/short-id";
import type { LiveRow } from "@qrfactory/replica/row-bytes";
import type { Table } from "@qrfactory/replica/table";
import type { Metrics } from "@qrfactory/runtime/metrics";
import { sendProblem } from "@qrfactory/runtime/problem";
import { requestIdFrom } from "@qrfactory/runtime/request-id";
import type { StatusReport } from "@qrfactory/runtime/status";
import type { PlainRequest, TakeScan } from "./fast-lane.js";
import { type PageName, pageFor, pageHeaders } from "./pages.js";
import type { ScanRequest } from "./scan.js";

export type AppOptions = {
  table: Pick<Table, "find" | "isFull">;
  describeScan: (request: ScanRequest, row: LiveRow, at: number) => ScanEvent;
  /** Resolves when the scan is written down. */
  recordScan: (scan: ScanEvent) => Promise<void>;
  /** Told of a scan that could not be written down; it is answered all the same. */
  onLost: (error: unknown) => void;
  /** Of this process, from memory. */
  status: () => StatusReport;
  observeRequest: Metrics["observeRequest"];
  /** Told the seconds that a scan took which came in its ordinary shape. */
  observeScan: (seconds: number) => void;
  now?: () => number;
};

/** Name of the route of scans, in metrics. */
export const scanRoute = "/q/{short_id}";

/** `/q/{short_id}` in any case, or `/{short_id}` for a short scan domain; a slash at the end is optional. */
const scanPath = /^\/(?:q\/)?([^/]+)\/?$/i;

/** What a phone or a browser is asked to wait before it tries again while the table is loaded. */
const retryAfterSeconds = 2;

export function createApp(options: AppOptions): RequestListener {
  const { table, describeScan, recordScan, onLost, now = Date.now } = options;

  /** Answers a request and returns the name of its route for the metrics. */
  async function answer(req: IncomingMessage, res: ServerResponse, requestId: string): Promise<string> {
    const path = pathOf(req.url ?? "/");
    if (req.method !== "GET" && req.method !== "HEAD") refuseMethod(req);
    if (path === "/api/health" || path === "/api/health/") return sendHealth(res, requestId);
    if (path === "/api/status" || path === "/api/status/") return sendStatus(res, requestId);

    const shortId = normalizeShortId(scanPath.exec(path)?.[1] ?? "");
    const row = shortId === null ? undefined : table.find(shortId);
    if (!row)
      return shortId === null || table.isFull()
        ? sendPage(res, "unknown", requestId)
        : unavailable(req, res, requestId);
    const at = now();
    const target = targetOf(row, at);
    if (target === null) return sendPage(res, row.isActive ? "expired" : "paused", requestId);
    // A HEAD asks where the code leads; nobody went there.
    if (req.method === "GET") await recordScan(describeScan(requestOf(req), row, at)).catch(onLost);
    return sendRedirect(res, target, requestId);
  }

  function sendStatus(res: ServerResponse, requestId: string): string {
    const report = options.status();
    const isDown = report.status === "down";
    sendJson(res, isDown ? 503 : 200, report, { "X-Request-Id": requestId, ...(isDown && { "Retry-After": "1" }) });
    return "/api/status";
  }

  return function listener(req, res) {
    const started = performance.now();
    const requestId = requestIdFrom(req.headers["x-request-id"]);
    const observe = (route: string) => {
      const seconds = (performance.now() - started) / 1000;
      options.observeRequest({ method: req.method ?? "", route, status: res.statusCode, seconds });
    };
    answer(req, res, requestId).then(observe, (error) => {
      res.setHeader("X-Request-Id", requestId);
      sendProblem(res, error, requestId);
      observe("refused");
    });
  };
}

/** The same for scans in their ordinary shape: see fast-lane.ts. */
export function makeTakeScan(options: AppOptions): TakeScan {
  const { table, describeScan, recordScan, onLost, observeScan, now = Date.now } = options;
  return function takeScan(request: PlainRequest, answer: (location: string) => void) {
    const started = performance.now();
    const row = table.find(request.shortId.toUpperCase());
    const at = now();
    const target = row ? targetOf(row, at) : null;
    if (!row || target === null) return false;
    const written = () => {
      observeScan((performance.now() - started) / 1000);
      answer(target);
    };
    recordScan(describeScan(request, row, at)).then(written, (error) => {
      onLost(error);
      written();
    });
    return true;
  };
}

/** What describes the scan of a request. */
function requestOf({ headers, socket }: IncomingMessage): ScanRequest {
  return {
    peer: socket.remoteAddress ?? "",
    // Node joins repeated headers with commas.
    forwardedFor: headers["x-forwarded-for"] as string | undefined,
    userAgent: headers["user-agent"],
    language: headers["accept-language"],
    referrer: headers.referer,
    purpose: headers["sec-purpose"] as string | undefined,
  };
}

/** Where a scan goes: a paused or expired code to its fallback address, null if it has none. */
function targetOf(row: LiveRow, at: number): string | null {
  const isOver = row.expiresAt !== null && row.expiresAt <= at;
  return row.isActive && !isOver ? row.destinationUrl : row.fallbackUrl;
}

/** The path as it was sent, undecoded, without query; of an absolute-form target (RFC 9112, 3.2.2) only its path. */
function pathOf(target: string): string {
  const path = target.startsWith("/") ? target : target.replace(/^https?:\/\/[^/?#]*/i, "");
  const end = path.search(/[?#]/);
  return end < 0 ? path : path.slice(0, end);
}

function refuseMethod(req: IncomingMessage): never {
  throw new ApiError("method_not_allowed", `${req.method} is not possible here; allowed: GET, HEAD.`, {
    headers: { Allow: "GET, HEAD" },
  });
}

function sendRedirect(res: ServerResponse, location: string, requestId: string): string {
  // A flat list is what node:http writes fastest.
  const headers = ["Location", location, "Cache-Control", "private, no-store"];
  headers.push("Referrer-Policy", "no-referrer-when-downgrade", "X-Request-Id", requestId, "Content-Length", "0");
  res.writeHead(302, headers).end();
  return scanRoute;
}

/** Before the first full table nobody can say that a code does not exist. */
function unavailable(req: IncomingMessage, res: ServerResponse, requestId: string): string {
  if (!/text\/html/i.test(req.headers.accept ?? "")) {
    throw new ApiError("unavailable", "The codes are still being loaded; try again shortly.", { retryAfterSeconds });
  }
  res.setHeader("Retry-After", String(retryAfterSeconds));
  return sendPage(res, "unavailable", requestId);
}

function sendPage(res: ServerResponse, name: PageName, requestId: string): string {
  const { status, language, body } = pageFor(res.req.headers, name);
  const described = { "Content-Language": language, "Content-Length": body.length, "X-Request-Id": requestId };
  res.writeHead(status, { ...pageHeaders, ...described });
  res.end(res.req.method === "HEAD" ? undefined : body);
  return scanRoute;
}

function sendHealth(res: ServerResponse, requestId: string): string {
  sendJson(res, 200, { status: "ok" }, { "X-Request-Id": requestId });
  return "/api/health";
}

function sendJson(res: ServerResponse, status: number, value: unknown, headers: Record<string, string>): void {
  const body = Buffer.from(JSON.stringify(value));
  const fixed = { "Content-Type": "application/json", "Content-Length": body.length, "Cache-Control": "no-store" };
  res.writeHead(status, { ...fixed, ...headers });
  res.end(res.req.method === "HEAD" ? undefined : body);
}
