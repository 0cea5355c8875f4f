// The whole redirect service: a scan is looked up in memory, written down, and only then answered. No network, no
// framework; whatever is broken elsewhere, a known code leads on.
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { CodeOwner } from "@qrfactory/codes/owner";
import { type Decision, endOf, leadPlainly } from "@qrfactory/codes/route";
import { shortIdOfPath } from "@qrfactory/codes/short-id";
import type { ScanEvent } from "@qrfactory/domain/events";
import { ApiError } from "@qrfactory/domain/http/errors";
import { sendProblem } from "@qrfactory/runtime/http/problem";
import { requestIdFrom } from "@qrfactory/runtime/http/request-id";
import type { StatusReport } from "@qrfactory/runtime/http/status";
import type { Metrics } from "@qrfactory/runtime/metrics";
import type { ReplicaLookup } from "@qrfactory/state/codes/following/replica-lookup";
import type { LiveRow } from "@qrfactory/state/codes/table/row-bytes";
import type { Table } from "@qrfactory/state/codes/table/table";
import { olderPurposes, type PlainRequest, type TakeScan } from "./fast-lane.js";
import { appPage, type PageFor, passwordPage, previewPage } from "./pages/pages.js";
import type { Unlock } from "./pages/password-form.js";
import type { PageName } from "./pages/wording.js";
import type { CountryDatabase } from "./scan/country-database.js";
import { type Decide, isPlain } from "./scan/decide.js";
import { saysPrefetch } from "./scan/headers.js";
import {
  type DescribeScan,
  type Led,
  ledToDestination,
  ledToFallback,
  type Scanner,
  type ScanRequest,
} from "./scan/scan.js";
import { sendHealth, sendPage, sendRedirect, sendStatus, sendUnavailable } from "./scan/send.js";

export type AppOptions = Decide & {
  table: Pick<Table, "find">;
  /** Tells of a short id that the table does not have; what is found is in the table then. See `makeReplicaLookup`. */
  lookUp: ReplicaLookup["lookUp"];
  readScanner: (request: ScanRequest) => Scanner;
  describeScan: DescribeScan;
  /** Resolves when the scan is written down. */
  recordScan: (scan: ScanEvent) => Promise<void>;
  /** Told of a scan that could not be written down; it is answered all the same. */
  onLost: (error: unknown) => void;
  /** Reads the password of a form; see `makeUnlock`. */
  unlock: Unlock;
  countryDatabase: Pick<CountryDatabase, "open">;
  pageFor: PageFor;
  /** What a workspace says of itself on the pages at the end of its codes. */
  ownerOf: (workspaceId: string) => CodeOwner | null;
  /** Told of a scan whose id leads nowhere. */
  noteOrphan: (shortId: string) => void;
  /** Of this process, from memory. */
  status: () => StatusReport;
  observeRequest: Metrics["observeRequest"];
  /** Told the seconds that a scan took which came in its ordinary shape. */
  observeScan: (seconds: number) => void;
  now?: () => number;
};

/**
 * `/q/{short_id}` in any case, or `/{short_id}` for a short scan domain; a slash at the end is optional, and a `+`,
 * which some apps encode, asks where the code leads.
 */
const scanPath = /^\/(?:q\/)?([^/]+?)((?:\+|%2B)?)\/?$/i;

/** A request for a code that is known. */
type Scan = {
  req: IncomingMessage;
  res: ServerResponse;
  shortId: string;
  row: LiveRow;
  scanner: Scanner;
  requestId: string;
};

/** Makes the listener for all requests of the service. */
export function createApp(options: AppOptions): RequestListener {
  const { table, readScanner, describeScan, recordScan, onLost, count, pageFor, now = Date.now } = options;

  /** Answers a request and returns the name of its route for the metrics. */
  async function answer(req: IncomingMessage, res: ServerResponse, requestId: string): Promise<string> {
    const { path, query } = splitTarget(req.url ?? "/");
    const isPost = req.method === "POST";
    const isOther = !isPost && req.method !== "GET" && req.method !== "HEAD";
    const isRead = !isPost && !isOther;
    if (isRead && (path === "/api/health" || path === "/api/health/")) return sendHealth(res, requestId);
    if (isRead && (path === "/api/status" || path === "/api/status/")) {
      return sendStatus(res, options.status(), requestId);
    }
    const [, id = "", plus] = scanPath.exec(path) ?? [];
    const shortId = shortIdOfPath(id);
    let row = shortId === null ? undefined : table.find(shortId);
    if (isOther) return refuseMethod(req, row !== undefined && !plus && options.hasPassword(row));
    if (shortId !== null && !row) {
      const result = await options.lookUp(shortId);
      if (result === "away") return sendUnavailable(req, res, pageFor(req.headers, "unavailable"), requestId);
      row = table.find(shortId);
    }
    if (isPost && (!row || plus)) refuseMethod(req);
    if (shortId === null || !row) {
      if (shortId !== null && req.method === "GET") options.noteOrphan(shortId);
      return sendPage(res, pageFor(req.headers, "unknown"), requestId);
    }
    const scan: Scan = { req, res, shortId, row, scanner: readScanner(requestOf(req, query)), requestId };
    await ready(scan);
    if (plus) return preview(scan);
    const decision = decided(scan);
    if (isPost && decision.kind === "password") return unlock(scan, decision);
    // Whoever sends the form of a code that ended meanwhile sees what everybody sees now.
    if (isPost && !options.hasPassword(row)) return refuseMethod(req);
    return lead(scan, decision);
  }

  /** Asks for the country's database when a rule needs it and none did before. */
  async function ready({ row, scanner }: Scan): Promise<void> {
    if (options.decide(row, scanner, now()) === null) await options.countryDatabase.open();
  }

  function decided({ row, scanner }: Scan, isUnlocked = false): Decision {
    const decision = options.decide(row, scanner, now(), isUnlocked);
    if (decision === null) throw new Error("A scan was decided before its country could be known.");
    return decision;
  }

  /** Answers as decided, without a wait before it is counted; what leads on is written down first. */
  async function lead(scan: Scan, decision: Decision): Promise<string> {
    const { req, res, row, scanner, requestId } = scan;
    if (decision.kind === "page") return sendEnd(scan, decision.page);
    if (decision.kind === "password") return sendPage(res, passwordPage(req.headers, null), requestId);
    // A HEAD asks where the code leads; nobody went there.
    if (req.method !== "HEAD") {
      // A code that leads to its fallback was not used once more.
      if (decision.served !== "fallback") count(row, scanner);
      await recordScan(describeScan(scanner, row, now(), decision)).catch(onLost);
    }
    const { url, app } = decision;
    return app === null ? sendRedirect(res, url, requestId) : sendPage(res, appPage(req.headers, app, url), requestId);
  }

  /** A password was sent: leads on when it is the right one, and else asks again. */
  async function unlock(scan: Scan, locked: Extract<Decision, { kind: "password" }>): Promise<string> {
    const { req, res, shortId, row, requestId } = scan;
    const problem = await options.unlock(req, res, row.id, locked);
    if (problem !== null) return sendPage(res, passwordPage(req.headers, problem), requestId);
    // Meanwhile the code may have been used up; if it was edited, its password may be another.
    const newest = table.find(shortId);
    if (!newest) return sendPage(res, pageFor(req.headers, "unknown"), requestId);
    const again = { ...scan, row: newest };
    await ready(again);
    return lead(again, decided(again, newest.version === row.version));
  }

  /** A code that leads nowhere any more, and who can be asked about it. */
  function sendEnd({ req, res, row, requestId }: Scan, page: PageName): string {
    return sendPage(res, pageFor(req.headers, page, options.ownerOf(row.workspaceId)), requestId);
  }

  function preview(scan: Scan): string {
    const { res, row, requestId } = scan;
    const decision = decided(scan);
    if (decision.kind === "page") return sendEnd(scan, decision.page);
    const url = decision.kind === "leads" ? decision.url : null;
    return sendPage(res, previewPage(res.req.headers, url, !isPlain(row)), requestId);
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
  const { table, readScanner, describeScan, decide, count, recordScan, onLost, observeScan, now = Date.now } = options;
  return function takeScan(request: PlainRequest, answer: (location: string) => void) {
    const started = performance.now();
    const row = table.find(request.shortId.toUpperCase());
    if (!row) return false;
    const at = now();
    const scanner = readScanner(request);
    let target: string | null;
    let led: Led;
    if (isPlain(row)) {
      led = endOf(row, at) === null ? ledToDestination : ledToFallback;
      target = leadPlainly(row, row.destinationUrl, at);
    } else {
      const decision = decide(row, scanner, at);
      if (decision?.kind !== "leads" || decision.app !== null) return false;
      target = decision.url;
      led = decision;
      if (led.served !== "fallback") count(row, scanner);
    }
    if (target === null) return false;
    const location = target;
    const written = () => {
      observeScan((performance.now() - started) / 1000);
      answer(location);
    };
    recordScan(describeScan(scanner, row, at, led)).then(written, (error) => {
      onLost(error);
      written();
    });
    return true;
  };
}

const purposeHeaders = ["sec-purpose", ...olderPurposes];

/** What describes the scan of a request. */
function requestOf({ headers, socket }: IncomingMessage, query: string): ScanRequest {
  return {
    peer: socket.remoteAddress ?? "",
    // Node joins repeated headers with commas.
    forwardedFor: headers["x-forwarded-for"] as string | undefined,
    userAgent: headers["user-agent"],
    language: headers["accept-language"],
    referrer: headers.referer,
    isPrefetch: purposeHeaders.some((name) => saysPrefetch(headers[name] as string | undefined)),
    query,
    scanId: headers["x-scan-id"] as string | undefined,
    scanAt: headers["x-scan-at"] as string | undefined,
  };
}

/** The path as it was sent, undecoded; of an absolute-form target (RFC 9112, 3.2.2) without its origin. */
function splitTarget(target: string): { path: string; query: string } {
  const path = target.startsWith("/") ? target : target.replace(/^https?:\/\/[^/?#]*/i, "");
  const end = path.search(/[?#]/);
  if (end < 0) return { path, query: "" };
  return { path: path.slice(0, end), query: path[end] === "?" ? path.slice(end + 1) : "" };
}

/** `takesForms`: the code has a password, which is sent by POST. */
function refuseMethod(req: IncomingMessage, takesForms = false): never {
  const allowed = takesForms ? "GET, HEAD, POST" : "GET, HEAD";
  throw new ApiError("method_not_allowed", `${req.method} is not possible here; allowed: ${allowed}.`, {
    headers: { Allow: allowed },
  });
}
