// Single scans as a list, the latest first. A page begins after a scan, not after a number of them, so it stays right
// while more come in.

import { resolveRange } from "@qrfactory/db/analytics-range";
import { listScans, type ScanPosition } from "@qrfactory/db/scan-lists";
import { ApiError } from "@qrfactory/domain/errors";
import { parseInput } from "@qrfactory/domain/validate";
import type { Handler } from "@qrfactory/runtime/http-app";
import { z } from "zod";
import type { AnalyticsOptions, FindScope } from "./analytics.js";
import { readFilters, scansQuery } from "./query.js";
import { scanDocument } from "./wire.js";

const listQuery = scansQuery.extend({
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(25),
});

const position = z.tuple([z.iso.datetime(), z.uuid()]);

/** The handler of `GET …/scans`. */
export function makeListScans(
  { analytics, findCaller, now = Date.now }: AnalyticsOptions,
  findScope: FindScope,
): Handler {
  return async function sendScans(req, res) {
    const caller = await findCaller(req, res);
    const subject = await findScope(req, caller);
    const query = parseInput(listQuery, req.query);
    const scope = { ...subject, filters: readFilters(query) };
    const before = query.cursor === undefined ? null : readCursor(query.cursor);
    const scans = await analytics.read(async (reader) => {
      const range = await resolveRange(reader, { ...query, wholeByDefault: true }, new Date(now()));
      return listScans(reader, scope, { range, after: before, direction: "DESC", limit: query.limit + 1 });
    });
    const page = scans.slice(0, query.limit);
    const last = page.at(-1);
    res.set("Cache-Control", "no-store").json({
      results: page.map(scanDocument),
      next_cursor: scans.length > query.limit && last ? writeCursor({ scannedAt: last.scanned_at, id: last.id }) : null,
    });
  };
}

const writeCursor = ({ scannedAt, id }: ScanPosition) =>
  Buffer.from(JSON.stringify([scannedAt.toISOString(), id])).toString("base64url");

function readCursor(cursor: string): ScanPosition {
  const read = position.safeParse(parseJson(Buffer.from(cursor, "base64url").toString()));
  if (!read.success) {
    const message = "Use a next_cursor of this list.";
    throw new ApiError("validation_failed", message, { errors: { cursor: [message] } });
  }
  const [scannedAt, id] = read.data;
  return { scannedAt: new Date(scannedAt), id };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
