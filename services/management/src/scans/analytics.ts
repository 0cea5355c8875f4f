// Reports, lists, files and live streams of scans over HTTP.

import type { Handlers } from "@qrfactory/api/bind";
import type { reportQuery, workspaceReportQuery } from "@qrfactory/api/input/scan-query";
import { analyticsOperations } from "@qrfactory/api/operations/analytics";
import { getCode } from "@qrfactory/db/codes/codes";
import { resolveRange } from "@qrfactory/db/scans/reports/range";
import { type ReportQuery, readReport } from "@qrfactory/db/scans/reports/report";
import { type ApiError, invalidField } from "@qrfactory/domain/http/errors";
import { parseInput } from "@qrfactory/domain/http/validate";
import type { Handler } from "@qrfactory/runtime/http/app";
import type { Response } from "express";
import { readShortId } from "../codes/address.js";
import { makeScanExport } from "./export.js";
import { makeLive } from "./live.js";
import { asksFallback, bucketsMax, readFilters, topDefault } from "./query.js";
import { reportDocument } from "./report-document.js";
import { makeListScans } from "./scans.js";
import type { AnalyticsOptions, FindScope } from "./scope.js";

/** The handlers of analytics. */
export function analyticsHandlers(
  options: AnalyticsOptions,
): Handlers<Exclude<keyof typeof analyticsOperations, "listOrphans">> {
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

  const operations = analyticsOperations;
  return {
    getWorkspaceReport: report(ofWorkspace, operations.getWorkspaceReport.query),
    streamWorkspaceScans: makeLive(options, ofWorkspace),
    listWorkspaceScans: makeListScans(options, ofWorkspace, operations.listWorkspaceScans.query),
    exportWorkspaceScans: makeScanExport(options, ofWorkspace, operations.exportWorkspaceScans.query),
    getCodeReport: report(ofCode, operations.getCodeReport.query),
    streamCodeScans: makeLive(options, ofCode),
    listCodeScans: makeListScans(options, ofCode, operations.listCodeScans.query),
    exportCodeScans: makeScanExport(options, ofCode, operations.exportCodeScans.query),
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
