// Single scans as a list, the latest first. A page begins after a scan, not after a number of them, so it stays right
// while more come in.

import type { listScansQuery, listWorkspaceScansQuery } from "@qrfactory/api/input/scan-query";
import { resolveRange } from "@qrfactory/db/scans/reports/range";
import { type ListedScan, listScans } from "@qrfactory/db/scans/reports/scan-list";
import { momentField } from "@qrfactory/domain/moment";
import type { Handler } from "@qrfactory/runtime/http/app";
import { z } from "zod";
import { readStreamQuery, streamDocument } from "../http/cursor-pages.js";
import { readFilters } from "./query.js";
import { scanDocument } from "./report-document.js";
import type { AnalyticsOptions, FindScope } from "./scope.js";

/** A cursor is the moment and the id of a scan. */
const position = z.tuple([momentField, z.uuid()]).transform(([scannedAt, id]) => ({ scannedAt, id }));

/** The handler of `GET …/scans`. */
export function makeListScans(
  { analytics, findCaller, now = Date.now }: AnalyticsOptions,
  findScope: FindScope,
  schema: typeof listScansQuery | typeof listWorkspaceScansQuery,
): Handler {
  return async function sendScans(req, res) {
    const caller = await findCaller(req, res);
    const subject = await findScope(req, caller);
    const { query, limit, after } = readStreamQuery(req, schema as typeof listWorkspaceScansQuery, position);
    const { tag, folder } = query;
    const scope = { ...subject, tag, folder, filters: readFilters(query), includesFallback: true };
    const scans = await analytics.read(async (reader) => {
      const range = await resolveRange(reader, { ...query, wholeByDefault: true }, new Date(now()));
      return listScans(reader, scope, { range, after, direction: "DESC", limit: limit + 1 });
    });
    const page = { positionOf: writePosition, toResult: (scan: ListedScan) => scanDocument(scan) };
    res.set("Cache-Control", "no-store").json(streamDocument(scans, limit, page));
  };
}

const writePosition = ({ scanned_at, id }: { scanned_at: Date; id: string }) => [scanned_at, id];
