// The redirect service as node:http speaks it: reads what a request asks for, has it decided (dispatch.ts), and sends
// the answer. No network, no framework; a known code leads on while all else is broken.
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { CodeOwner } from "@qrfactory/codes/published/owner";
import { shortIdOfPath } from "@qrfactory/codes/short-id";
import { ApiError } from "@qrfactory/domain/http/errors";
import { sendProblem } from "@qrfactory/runtime/http/problem";
import { requestIdFrom } from "@qrfactory/runtime/http/request-id";
import type { StatusReport } from "@qrfactory/runtime/http/status";
import type { Metrics } from "@qrfactory/runtime/metrics";
import type { ReplicaLookup } from "@qrfactory/state/codes/following/replica-lookup";
import {
  type Answer,
  type Asked,
  type CodeAnswer,
  type DispatchOptions,
  makeDispatch,
  makeWriteDown,
  type WriteDownOptions,
} from "./dispatch.js";
import { olderPurposes, type TakeScan } from "./fast-lane.js";
import { appPage, type PageFor, passwordPage, previewPage } from "./pages/pages.js";
import type { Unlock } from "./pages/password-form.js";
import type { CountryDatabase } from "./scan/country-database.js";
import { isPlain } from "./scan/decide.js";
import { saysPrefetch } from "./scan/headers.js";
import { sendHealth, sendPage, sendRedirect, sendStatus, sendUnavailable } from "./scan/send.js";

/** Dependencies of the redirect service. */
export type AppOptions = DispatchOptions &
  WriteDownOptions & {
    /** Looks for a short id that the table lacks, and puts a found code into the table. See `makeReplicaLookup`. */
    lookUp: ReplicaLookup["lookUp"];
    /** Reads the password of a form; see `makeUnlock`. */
    unlock: Unlock;
    countryDatabase: Pick<CountryDatabase, "open">;
    pageFor: PageFor;
    /** Finds name and contact of a workspace, for the pages at the end of its codes. */
    ownerOf: (workspaceId: string) => CodeOwner | null;
    /** Told of a scan whose id leads nowhere. */
    noteOrphan: (shortId: string) => void;
    /** Of this process, from memory. */
    status: () => StatusReport;
    observeRequest: Metrics["observeRequest"];
    /** Told the seconds that a scan took which came in its ordinary shape. */
    observeScan: (seconds: number) => void;
  };

/**
 * `/q/{short_id}` in any case, or `/{short_id}` for a short scan domain; a slash at the end is optional, and a `+`,
 * which some apps encode, asks where the code leads.
 */
const scanPath = /^\/(?:q\/)?([^/]+?)((?:\+|%2B)?)\/?$/i;

/** Makes the listener for all requests of the service. */
export function createApp(options: AppOptions): RequestListener {
  const { table, pageFor } = options;
  const dispatch = makeDispatch(options);
  const writeDown = makeWriteDown(options);

  /** Answers a request and returns the name of its route for the metrics. */
  async function answer(req: IncomingMessage, res: ServerResponse, requestId: string): Promise<string> {
    const asked = askedOf(req);
    let decided = dispatch.answerTo(asked, false);
    if (decided.kind === "unseen") {
      const result = await options.lookUp(decided.shortId);
      if (result === "away") return sendUnavailable(req, res, pageFor(req.headers, "unavailable"), requestId);
      decided = dispatch.answerTo(asked, true);
    }
    if (decided.kind === "unplaced") {
      await options.countryDatabase.open();
      decided = dispatch.answerTo(asked, true);
    }
    return send({ req, res, asked, requestId }, decided);
  }

  function send(exchange: Exchange, decided: Answer): string | Promise<string> {
    const { req, res, asked, requestId } = exchange;
    switch (decided.kind) {
      case "health":
        return sendHealth(res, requestId);
      case "status":
        return sendStatus(res, options.status(), requestId);
      case "refused":
        throw methodRefused(req, decided.allowed);
      case "unknown":
        if (asked.shortId !== null && req.method === "GET") options.noteOrphan(asked.shortId);
        return sendPage(res, pageFor(req.headers, "unknown"), requestId);
      case "preview":
        return sendPage(res, previewPage(req.headers, decided.url, !isPlain(decided.row)), requestId);
      case "unlock":
        return unlock(exchange, decided);
      case "unseen":
        throw new Error("A scan was decided before its code could be known.");
      default:
        return sendOf(exchange, decided);
    }
  }

  /** Answers as decided for a code; a scan that leads on is written down first. */
  async function sendOf({ req, res, requestId }: Exchange, decided: CodeAnswer): Promise<string> {
    switch (decided.kind) {
      case "end": {
        // And who can be asked about it.
        const page = pageFor(req.headers, decided.page, options.ownerOf(decided.row.workspaceId));
        return sendPage(res, page, requestId);
      }
      case "password":
        return sendPage(res, passwordPage(req.headers, null), requestId);
      case "unplaced":
        throw new Error("A scan was decided before its country could be known.");
      case "redirect": {
        const { url, app } = decided;
        // A HEAD asks where the code leads; nobody went there.
        if (req.method !== "HEAD") await new Promise<void>((resolve) => writeDown(decided, resolve));
        if (app === null) return sendRedirect(res, url, requestId);
        return sendPage(res, appPage(req.headers, app, url), requestId);
      }
    }
  }

  /** A password was sent: leads on when it is the right one, and else asks again. */
  async function unlock(exchange: Exchange, { row, scanner, locked }: Extract<Answer, { kind: "unlock" }>) {
    const { req, res, asked, requestId } = exchange;
    const problem = await options.unlock(req, res, row.id, locked);
    if (problem !== null) return sendPage(res, passwordPage(req.headers, problem), requestId);
    // Meanwhile the code may have been used up; if it was edited, its password may be another.
    const newest = table.find(asked.shortId as string);
    if (!newest) return sendPage(res, pageFor(req.headers, "unknown"), requestId);
    const isUnlocked = newest.version === row.version;
    let decided = dispatch.lead(newest, scanner, isUnlocked);
    if (decided.kind === "unplaced") {
      await options.countryDatabase.open();
      decided = dispatch.lead(newest, scanner, isUnlocked);
    }
    return sendOf(exchange, decided);
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

/** A request that node:http has read, and the response to it. */
type Exchange = { req: IncomingMessage; res: ServerResponse; asked: Asked; requestId: string };

/** The same for scans in their ordinary shape: see fast-lane.ts. All others are left to the listener. */
export function makeTakeScan(options: AppOptions): TakeScan {
  const { observeScan } = options;
  const dispatch = makeDispatch(options);
  const writeDown = makeWriteDown(options);
  return function takeScan(asked, reply) {
    const started = performance.now();
    const decided = dispatch.answerTo(asked, false);
    if (decided.kind !== "redirect" || decided.app !== null) return false;
    writeDown(decided, () => {
      observeScan((performance.now() - started) / 1000);
      reply(decided.url);
    });
    return true;
  };
}

const purposeHeaders = ["sec-purpose", ...olderPurposes];

const places: Record<string, Asked["place"]> = {
  "/api/health": "health",
  "/api/health/": "health",
  "/api/status": "status",
  "/api/status/": "status",
};

/** Reads the code, the query and the headers that a scan depends on. */
function askedOf({ method = "", url = "/", headers, socket }: IncomingMessage): Asked {
  const { path, query } = splitTarget(url);
  const [, id = "", plus] = scanPath.exec(path) ?? [];
  return {
    method,
    place: (Object.hasOwn(places, path) && places[path]) || "code",
    shortId: shortIdOfPath(id),
    isPreview: Boolean(plus),
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

function methodRefused(req: IncomingMessage, allowed: string): ApiError {
  return new ApiError("method_not_allowed", `${req.method} is not possible here; allowed: ${allowed}.`, {
    headers: { Allow: allowed },
  });
}
