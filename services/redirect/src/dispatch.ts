// The decision which answer a request gets, for both readers of requests: node:http (app.ts) and the fast lane. It asks
// nobody, waits for nothing and changes nothing; a wait is an answer, too.

import type { LiveRow } from "@qrfactory/codes/published/row-bytes";
import { type Decision, endOf, leadPlainly } from "@qrfactory/codes/routing/route";
import type { ScanEvent } from "@qrfactory/domain/events";
import type { Table } from "@qrfactory/state/codes/table/table";
import type { PageName } from "./pages/wording.js";
import { type Decide, isPlain } from "./scan/decide.js";
import {
  type DescribeScan,
  type Led,
  ledToDestination,
  ledToFallback,
  type Scanner,
  type ScanRequest,
} from "./scan/scan.js";

/** A request by its line and its headers. */
export type Asked = ScanRequest & {
  method: string;
  /** `code`: every address but the two that tell of this process. */
  place: "code" | "health" | "status";
  /** In its stored spelling; null for an address that no code can have. */
  shortId: string | null;
  /** A `+` after the id: where the code leads is to be shown. */
  isPreview: boolean;
};

/** A scan that leads on. */
export type Redirect = {
  kind: "redirect";
  row: LiveRow;
  scanner: Scanner;
  /** When it was decided, in milliseconds since the epoch. */
  at: number;
  url: string;
  /** The app that is tried first, by a page; null where the address is all. */
  app: string | null;
  led: Led;
};

/** The answer of a code that is known. */
export type CodeAnswer =
  | Redirect
  /** The code has ended, and why. */
  | { kind: "end"; row: LiveRow; page: PageName }
  /** The password is asked for; `locked` is what it opens. */
  | { kind: "password"; row: LiveRow; scanner: Scanner; locked: Extract<Decision, { kind: "password" }> }
  /** A rule asks for a country: the database has to be opened, then the request is to be decided again. */
  | { kind: "unplaced" };

/** The answer to a request. */
export type Answer =
  | CodeAnswer
  | { kind: "health" | "status" }
  /** `allowed`: the methods that are possible. */
  | { kind: "refused"; allowed: string }
  /** The table does not have the id: the replica has to be asked, then the request is to be decided again. */
  | { kind: "unseen"; shortId: string }
  | { kind: "unknown" }
  /** A password was sent for `row`. */
  | { kind: "unlock"; row: LiveRow; scanner: Scanner; locked: Extract<Decision, { kind: "password" }> }
  /** Where a code leads; null while its password says. */
  | { kind: "preview"; row: LiveRow; url: string | null };

/** Dependencies of the decision. */
export type DispatchOptions = Pick<Decide, "decide" | "hasPassword"> & {
  table: Pick<Table, "find">;
  readScanner: (request: ScanRequest) => Scanner;
  now?: () => number;
};

/** The decision. */
export type Dispatch = {
  /** The answer to a request; `isLookedUp`: the replica was asked for its id. */
  answerTo(asked: Asked, isLookedUp: boolean): Answer;
  /** Where a scan of a row leads; `isUnlocked` with the right password. */
  lead(row: LiveRow, scanner: Scanner, isUnlocked: boolean): CodeAnswer;
};

/** Makes the decision. */
export function makeDispatch({ table, decide, hasPassword, readScanner, now = Date.now }: DispatchOptions): Dispatch {
  function answerTo(asked: Asked, isLookedUp: boolean): Answer {
    const { method, shortId, isPreview } = asked;
    const isPost = method === "POST";
    const isRead = method === "GET" || method === "HEAD";
    if (isRead && asked.place !== "code") return { kind: asked.place };
    const row = shortId === null ? undefined : table.find(shortId);
    if (!isRead && !isPost) return refused(row !== undefined && !isPreview && hasPassword(row));
    if (!row) {
      if (shortId !== null && !isLookedUp) return { kind: "unseen", shortId };
      return isPost ? refused() : { kind: "unknown" };
    }
    if (isPost && isPreview) return refused();
    const answer = lead(row, readScanner(asked), false);
    if (isPreview) return preview(row, answer);
    return isPost ? answerToForm(row, answer) : answer;
  }

  function lead(row: LiveRow, scanner: Scanner, isUnlocked: boolean): CodeAnswer {
    const at = now();
    // Most codes: nothing has to be made ready or asked.
    if (isPlain(row)) {
      const url = leadPlainly(row, row.destinationUrl, at);
      const led = endOf(row, at) === null ? ledToDestination : ledToFallback;
      if (url !== null) return { kind: "redirect", row, scanner, at, url, app: null, led };
    }
    const decision = decide(row, scanner, at, isUnlocked);
    if (decision === null) return { kind: "unplaced" };
    if (decision.kind === "page") return { kind: "end", row, page: decision.page };
    if (decision.kind === "password") return { kind: "password", row, scanner, locked: decision };
    return { kind: "redirect", row, scanner, at, url: decision.url, app: decision.app, led: decision };
  }

  function preview(row: LiveRow, answer: CodeAnswer): Answer {
    if (answer.kind === "redirect") return { kind: "preview", row, url: answer.url };
    return answer.kind === "password" ? { kind: "preview", row, url: null } : answer;
  }

  /** The form of a code that ended meanwhile is answered as a scan is now. */
  function answerToForm(row: LiveRow, answer: CodeAnswer): Answer {
    if (answer.kind === "unplaced") return answer;
    if (answer.kind === "password") return { ...answer, kind: "unlock" };
    return hasPassword(row) ? answer : refused();
  }

  return { answerTo, lead };
}

/** `takesForms`: the code has a password, which is sent by POST. */
const refused = (takesForms = false): Answer => ({
  kind: "refused",
  allowed: takesForms ? "GET, HEAD, POST" : "GET, HEAD",
});

/** Dependencies of writing a scan down. */
export type WriteDownOptions = Pick<Decide, "count"> & {
  describeScan: DescribeScan;
  /** Resolves when the scan is written down. */
  recordScan: (scan: ScanEvent) => Promise<void>;
  /** Told of a scan that could not be written down; it is answered all the same. */
  onLost: (error: unknown) => void;
};

/** Counts a scan that leads on and calls back when it is written down. */
export type WriteDown = (redirect: Redirect, done: () => void) => void;

/** Makes the function that writes a scan down before it is answered. */
export function makeWriteDown({ count, describeScan, recordScan, onLost }: WriteDownOptions): WriteDown {
  return function writeDown({ row, scanner, at, led }, done) {
    // A code that leads to its fallback was not used once more.
    if (led.served !== "fallback") count(row, scanner);
    recordScan(describeScan(scanner, row, at, led)).then(done, (error) => {
      onLost(error);
      done();
    });
  };
}
