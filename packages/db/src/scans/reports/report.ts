// A report on scans: totals, the course of time, what is counted by value, and the busiest codes of a workspace.

import type { Interval, ScanDimension } from "@qrfactory/domain/reports";
import type { ScanScope, Stretch } from "../scope.js";
import type { Reader } from "./analytics-store.js";
import { type CodeCount, rankCodes } from "./busiest-codes.js";
import { countByKey, type KeyCount } from "./count-by-key.js";
import { countOverTime, listBuckets, type TimeCounts } from "./count-over-time.js";
import { planReport } from "./plan.js";
import { previousRange } from "./range.js";
import { findRowsKeptSince } from "./rows-kept.js";
import { countFallbacks } from "./scan-list.js";

/** Question that a report answers. */
export type ReportQuery = {
  scope: ScanScope;
  range: Stretch;
  interval: Interval;
  /** A name of the IANA database. */
  timezone: string;
  includeBots: boolean;
  /** Longest list of values. */
  top: number;
  /** Longest list of codes; the first ten unless told. */
  topCodes?: number;
  /** The range just before is counted, too: see `previousRange`. */
  comparePrevious: boolean;
  bucketsMax: number;
};

/** Counts of each bucket of a range, and of all of it. */
export type Course = { starts: Date[]; times: TimeCounts };

/** Answer of a report. */
export type Report = Course & {
  keys: Record<ScanDimension, KeyCount[]>;
  /** People who were led to a fallback, counted above or not. */
  fallbacks: number;
  /** Of a workspace only. */
  codes: CodeCount[] | null;
  previous: (Course & { range: Stretch }) | null;
  /** Single scans before it may be gone, and with them what only they tell; null when nothing older is asked for. */
  completeFrom: Date | null;
};

/** Places in the list of the busiest codes unless told. */
const topCodesShown = 10;

/** Null when the range has more buckets than `bucketsMax`. */
export async function readReport(reader: Reader, query: ReportQuery): Promise<Report | null> {
  const { scope, range, includeBots, top, topCodes = topCodesShown, comparePrevious, bucketsMax } = query;
  const starts = await listBuckets(reader, range, { ...query, max: bucketsMax });
  if (starts.length > bucketsMax) return null;
  const plan = await planReport(reader, scope, range);
  const times = await countOverTime(reader, scope, plan, { buckets: starts, includeBots });
  const keys = await countByKey(reader, scope, plan, { includeBots, top });
  const fallbacks = await countFallbacks(reader, scope, range);
  const codes = scope.codeId ? null : await rankCodes(reader, scope, plan, { includeBots, top: topCodes });
  const previous = comparePrevious ? await readPrevious(reader, query) : null;
  const from = previous?.range.from ?? range.from;
  const completeFrom = await findRowsKeptSince(reader, scope.workspaceId, from);
  return { starts, times, keys, fallbacks, codes, previous, completeFrom };
}

async function readPrevious(reader: Reader, query: ReportQuery): Promise<Report["previous"]> {
  const { scope, timezone, includeBots, bucketsMax } = query;
  const range = await previousRange(reader, query.range, timezone);
  // As long a range may touch one bucket more.
  const starts = await listBuckets(reader, range, { ...query, max: bucketsMax + 1 });
  const plan = await planReport(reader, scope, range);
  return { range, starts, times: await countOverTime(reader, scope, plan, { buckets: starts, includeBots }) };
}
