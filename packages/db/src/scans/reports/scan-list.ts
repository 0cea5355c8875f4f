// Single scans: pages of them at a position in time, and how many came in lately.

import { fallbackKey } from "@qrfactory/domain/reports";
import { valueIn } from "../dimensions.js";
import { conditionsOnRows, Parameters, type ScanScope, type Stretch } from "../scope.js";
import type { Reader } from "./analytics-store.js";

/** A single scan as the API and exports list it; null where it is not known. */
export type ListedScan = {
  id: string;
  short_id: string;
  code_name: string;
  scanned_at: Date;
  country: string | null;
  region_name: string | null;
  city: string | null;
  district: string | null;
  device: string | null;
  os: string | null;
  browser: string | null;
  language: string | null;
  referrer_host: string | null;
  variant: number | null;
  rule_id: string | null;
  variant_id: string | null;
  bot_class: string | null;
  served: string;
  region: string;
  visitor: string | null;
};

/** A scan's place in time; the id settles ties. */
export type ScanPosition = { scannedAt: Date; id: string };

/** Extent of a page of scans. */
export type ScanList = {
  range: Stretch;
  /** Where the page before ended. */
  after: ScanPosition | null;
  direction: "ASC" | "DESC";
  limit: number;
};

/** Scans in order of time, at most `limit`; those that were led to a fallback, too, where the scope includes them. */
export async function listScans(
  reader: Reader,
  scope: ScanScope,
  { range, after, direction, limit }: ScanList,
): Promise<ListedScan[]> {
  const parameters = new Parameters();
  // The position narrows the range down itself, so that older months are not looked into.
  const since = direction === "ASC" && after ? after.scannedAt : range.from;
  const until = direction === "DESC" && after && after.scannedAt < range.to ? after.scannedAt : null;
  const conditions = [
    `s.scanned_at >= ${parameters.add(since)}`,
    until ? `s.scanned_at <= ${parameters.add(until)}` : `s.scanned_at < ${parameters.add(range.to)}`,
    conditionsOnRows(scope, parameters),
  ];
  if (after) {
    const position = `(${parameters.add(after.scannedAt)}::timestamptz, ${parameters.add(after.id)}::uuid)`;
    conditions.push(`(s.scanned_at, s.id) ${direction === "ASC" ? ">" : "<"} ${position}`);
  }
  const { rows } = await reader.query<ListedScan>({
    text: `
      SELECT s.id, d.short_id, d.name AS code_name, s.scanned_at, s.country, s.region_name,
        ${valueIn("city", "s.")} AS city, ${valueIn("district", "s.")} AS district, s.device, s.os,
        s.browser, s.language, s.referrer_host, s.variant, s.rule_id, s.variant_id,
        s.bot_class, s.served, s.region, s.visitor
      FROM (SELECT * FROM scans AS s WHERE ${conditions.join(" AND ")}
            ORDER BY s.scanned_at ${direction}, s.id ${direction} LIMIT ${parameters.add(limit)}) AS s
      JOIN dynamic_codes AS d ON d.id = s.code_id
      ORDER BY s.scanned_at ${direction}, s.id ${direction}`,
    values: parameters.values,
  });
  return rows;
}

/** Scans of the last `minutes` and the moment of the newest. */
export type RecentScans = { minutes: number; scans: number; bots: number; lastScanAt: Date | null };

/** Length of "lately". */
const recentMinutes = 30;

/** Scans of the last half hour. */
export async function countRecent(reader: Reader, scope: ScanScope): Promise<RecentScans> {
  const parameters = new Parameters();
  const conditions = conditionsOnRows(scope, parameters);
  const { rows } = await reader.query<{ scans: number; bots: number; last: Date | null }>({
    text: `
      SELECT count(*) FILTER (WHERE bot_class IS NULL)::float8 AS scans, count(bot_class)::float8 AS bots,
        max(scanned_at) FILTER (WHERE bot_class IS NULL) AS last
      FROM scans AS s WHERE scanned_at >= now() - interval '${recentMinutes} minutes' AND ${conditions}`,
    values: parameters.values,
  });
  const [row] = rows;
  return { minutes: recentMinutes, scans: row?.scans ?? 0, bots: row?.bots ?? 0, lastScanAt: row?.last ?? null };
}

/** People who were led to a fallback; those rows have an index of their own. */
export async function countFallbacks(reader: Reader, scope: ScanScope, range: Stretch): Promise<number> {
  const parameters = new Parameters();
  const conditions = [
    `s.scanned_at >= ${parameters.add(range.from)}`,
    `s.scanned_at < ${parameters.add(range.to)}`,
    `s.served = '${fallbackKey}' AND s.bot_class IS NULL`,
    conditionsOnRows({ ...scope, includesFallback: true }, parameters),
  ];
  const text = `SELECT count(*)::float8 AS scans FROM scans AS s WHERE ${conditions.join(" AND ")}`;
  const { rows } = await reader.query<{ scans: number }>({ text, values: parameters.values });
  return rows[0]?.scans ?? 0;
}
