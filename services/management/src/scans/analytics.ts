import { getCode } from "@qrfactory/db/codes/codes";
import { resolveRange } from "@qrfactory/db/scans/reports/range";
import { type ReportQuery, readReport } from "@qrfactory/db/scans/reports/report";
import { type ApiError, invalidField } from "@qrfactory/domain/http/errors";
import { parseInput } from "@qrfactory/domain/http/validate";
import type { Handler } from "@qrfactory/runtime/http/app";
import type { Response } from "express";
import { readShortId } from "../codes/address.js";
import { type Access, type GuardedRoutes, may } from "../http/access.js";
import { makeScanExport } from "./export.js";
import { makeLive } from "./live.js";
import {
  asksFallback,
  bucketsMax,
  readFilters,
  reportQuery,
  scansQuery,
  topDefault,
  workspaceReportQuery,
  workspaceScansQuery,
} from "./query.js";
import { reportDocument } from "./report-document.js";
import { makeListScans } from "./scans.js";
import type { AnalyticsOptions, FindScope } from "./scope.js";

/** The routes of analytics. */
export function analyticsRoutes(options: AnalyticsOptions): GuardedRoutes {
  const { db, analytics, findCaller, now = Date.now } = options;

  const ofCode: FindScope = async (req, { workspaceId }) => {
    const { id } = await getCode(db, workspaceId, readShortId(req));
    return { workspaceId, codeId: id };
  };
  const ofWorkspace: FindScope = async (_req, { workspaceId }) => ({ workspaceId });

  function report(findScope: FindScope, schema: typeof reportQuery | typeof workspaceReportQuery): Handler {
    return async function sendReport(req, res) {
      const caller = await findCaller(req, res);
      const subject = await findScope(req, caller);
      const { tag, folder, ...query } = parseInput(schema as typeof workspaceReportQuery, req.query);
      const filters = readFilters(query);
      const includesFallback = asksFallback(filters, query.include_fallback);
      const scope = { ...subject, tag, folder, filters, includesFallback };
      const found = await analytics.read(async (reader) => {
        const range = await resolveRange(reader, query, new Date(now()));
        return readReport(reader, {
          ...{ scope, range, interval: query.interval, timezone: query.timezone, bucketsMax },
          top: query.top ?? topDefault,
          ...(query.top !== undefined && { topCodes: query.top }),
          includeBots: query.include_bots,
          comparePrevious: query.compare === "previous",
        } satisfies ReportQuery);
      });
      if (!found) throw tooManyBuckets();
      noStore(res).json(reportDocument(found, query.include_bots));
    };
  }

  const reading: Access = { scope: "analytics", query: true };
  return {
    "/api/v1/analytics": { GET: may(reading, report(ofWorkspace, workspaceReportQuery)) },
    "/api/v1/analytics/live": { GET: may(reading, makeLive(options, ofWorkspace)) },
    "/api/v1/scans": { GET: may(reading, makeListScans(options, ofWorkspace, workspaceScansQuery)) },
    "/api/v1/scans/export": { GET: may(reading, makeScanExport(options, ofWorkspace, workspaceScansQuery)) },
    "/api/v1/dynamic/:short_id/analytics": { GET: may(reading, report(ofCode, reportQuery)) },
    "/api/v1/dynamic/:short_id/analytics/live": { GET: may(reading, makeLive(options, ofCode)) },
    "/api/v1/dynamic/:short_id/scans": { GET: may(reading, makeListScans(options, ofCode, scansQuery)) },
    "/api/v1/dynamic/:short_id/scans/export": { GET: may(reading, makeScanExport(options, ofCode, scansQuery)) },
  };
}

/** Numbers that grow by the second are not to be kept by anybody. */
const noStore = (res: Response) => res.set("Cache-Control", "no-store");

function tooManyBuckets(): ApiError {
  return invalidField(
    "interval",
    `The range has more than ${bucketsMax} of these intervals; ask for longer ones or a shorter range.`,
  );
}
