// What a report is read from: summaries of the UTC days and months that lie in its range as a whole, and rows of `scans`
// for the rest. A day is read from one of both, so that nothing is counted twice; its visitors, who are different people
// only within a day, can be added up.
import type { Reader } from "./analytics-store.js";
import { type ScanScope, type Stretch, summarySubject } from "./scan-scope.js";
import { type SummarySpan, spanEnd } from "./scan-summaries.js";

export type ReportPlan = {
  subjectId: string | null;
  /** Starts of the summarised days, for times and visitors. */
  days: Date[];
  /** What is left to be read from rows. */
  rows: Stretch[];
  /** The same for what is counted by value, where a month saves thirty days. */
  byKey: { months: Date[]; days: Date[]; rows: Stretch[] };
};

/** Decides for a range what is read from where. */
export async function planReport(reader: Reader, scope: ScanScope, range: Stretch): Promise<ReportPlan> {
  const subjectId = summarySubject(scope);
  if (!subjectId) return { subjectId, days: [], rows: [range], byKey: { months: [], days: [], rows: [range] } };
  const { rows: found } = await reader.query<{ span: SummarySpan; start: Date }>({
    text: `
      SELECT span, start FROM scan_summaries
      WHERE subject_id = $1 AND start >= $2 AND start < $3 AND NOT stale ORDER BY start`,
    values: [subjectId, range.from, range.to],
  });
  const whole = found.filter(({ span, start }) => spanEnd(span, start) <= range.to);
  const days = whole.filter(({ span }) => span === "day").map(({ start }) => start);
  const months = whole.filter(({ span }) => span === "month").map(({ start }) => start);
  const monthKeys = new Set(months.map(monthOf));
  const daysOutside = days.filter((day) => !monthKeys.has(monthOf(day)));
  const dayStretches = days.map((start) => ({ from: start, to: spanEnd("day", start) }));
  const keyStretches = [
    ...months.map((start) => ({ from: start, to: spanEnd("month", start) })),
    ...daysOutside.map((start) => ({ from: start, to: spanEnd("day", start) })),
  ];
  return {
    subjectId,
    days,
    rows: without(range, dayStretches),
    byKey: { months, days: daysOutside, rows: without(range, keyStretches) },
  };
}

const monthOf = (moment: Date) => moment.toISOString().slice(0, 7);

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
