// The scope of a request for analytics, shared by its routes.
import type { Authenticate, Caller } from "@qrfactory/auth/caller";
import type { Db } from "@qrfactory/db/client";
import type { AnalyticsStore } from "@qrfactory/db/scans/reports/analytics-store";
import type { ScanScope } from "@qrfactory/db/scans/scope";
import type { Request } from "express";
import type { FindCaller } from "../http/caller.js";
import type { EnterStream } from "../http/server-events.js";

/** Dependencies of the routes of analytics. */
export type AnalyticsOptions = {
  db: Db;
  analytics: AnalyticsStore;
  /** Asked again while a live stream is open. */
  authenticate: Authenticate;
  enterStream: EnterStream;
  findCaller: FindCaller;
  now?: () => number;
};

/** Finds the scope of a request: the code in its path, or the caller's workspace. */
export type FindScope = (req: Request, caller: Caller) => Promise<Pick<ScanScope, "workspaceId" | "codeId">>;
