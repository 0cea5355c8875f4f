// What the routes of analytics share, and whose scans a request is about.
import type { Authenticate, Caller } from "@qrfactory/auth/caller";
import type { Db } from "@qrfactory/db/client";
import type { AnalyticsStore } from "@qrfactory/db/scans/reports/analytics-store";
import type { ScanScope } from "@qrfactory/db/scans/scope";
import type { Request } from "express";
import type { FindCaller } from "../http/caller.js";
import type { EnterStream } from "../http/server-events.js";

/** What the routes of analytics need. */
export type AnalyticsOptions = {
  db: Db;
  analytics: AnalyticsStore;
  /** Asked again while a live stream is open. */
  authenticate: Authenticate;
  enterStream: EnterStream;
  findCaller: FindCaller;
  now?: () => number;
};

/** Whose scans a request is about: of the code in its path, or of the caller's workspace. */
export type FindScope = (req: Request, caller: Caller) => Promise<Pick<ScanScope, "workspaceId" | "codeId">>;
