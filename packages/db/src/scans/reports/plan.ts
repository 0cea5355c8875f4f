// The sources of a report: summaries of the UTC hours, days and months that lie in its range as a whole, and rows of
// `scans` for the rest. A day is read from one of both, so that nothing is counted twice; its visitors, who are
// different people only within a day, can be added up.

import { type ScanScope, type Stretch, summarySubject } from "../scope.js";
import { type SummarySpan, type SummaryStart, spanEnd } from "../summaries/summaries.js";
import type { Reader } from "./analytics-store.js";

/** Summaries and rows that together are all scans of a range, each once. */
export type ReportPlan = {
  subjectId: string | null;
  /** Starts of the summarised days, for times and visitors. */
  days: Date[];
  /** Ranges left to be read from rows. */
  rows: Stretch[];
  /**
   * The same for what is counted by value, where a month saves thirty days, and hours the rows of a day that is cut.
   */
  byKey: { summaries: SummaryStart[]; rows: Stretch[] };
};

/** Decides for a range what is read from where. */
export async function planReport(reader: Reader, scope: ScanScope, range: Stretch): Promise<ReportPlan> {
  const subjectId = summarySubject(scope);
  if (!subjectId) return { subjectId, days: [], rows: [range], byKey: { summaries: [], rows: [range] } };
  const found = await findSummaries(reader, subjectId, ["day", "month"], [range]);
  const days = found.filter(({ span }) => span === "day");
  const months = found.filter(({ span }) => span === "month");
  const monthKeys = new Set(months.map(monthOf));
  const largest = [...months, ...days.filter((day) => !monthKeys.has(monthOf(day)))];
  const hours = await findSummaries(reader, subjectId, ["hour"], without(range, largest.map(stretchOf)));
  const summaries = [...largest, ...hours];
  return {
    subjectId,
    days: days.map(({ start }) => start),
    rows: without(range, days.map(stretchOf)),
    byKey: { summaries, rows: without(range, summaries.map(stretchOf)) },
  };
}

/** The summaries of some spans that lie in any of some stretches as a whole, by time. */
async function findSummaries(
  reader: Reader,
  subjectId: string,
  spans: SummarySpan[],
  stretches: Stretch[],
): Promise<SummaryStart[]> {
  if (stretches.length === 0) return [];
  const { rows } = await reader.query<SummaryStart & { until: Date }>({
    text: `
      SELECT s.span, s.start, until FROM unnest($3::timestamptz[], $4::timestamptz[]) AS stretch(since, until)
      JOIN scan_summaries AS s ON s.subject_id = $1 AND s.span = ANY($2) AND s.start >= since AND s.start < until
      WHERE NOT s.stale ORDER BY s.start`,
    values: [subjectId, spans, stretches.map(({ from }) => from), stretches.map(({ to }) => to)],
  });
  const isWhole = ({ span, start, until }: (typeof rows)[number]) => spanEnd(span, start) <= until;
  return rows.filter(isWhole).map(({ span, start }) => ({ span, start }));
}

const stretchOf = ({ span, start }: SummaryStart): Stretch => ({ from: start, to: spanEnd(span, start) });

const monthOf = ({ start }: SummaryStart) => start.toISOString().slice(0, 7);

/** A range without some stretches in it that do not overlap. */
function without(range: Stretch, taken: Stretch[]): Stretch[] {
  const left: Stretch[] = [];
  let from = range.from;
  for (const stretch of [...taken].sort((a, b) => a.from.getTime() - b.from.getTime())) {
    if (stretch.from > from) left.push({ from, to: stretch.from });
    from = stretch.to;
  }
  if (from < range.to) left.push({ from, to: range.to });
  return left;
}
