// Scans and visitors over time: the buckets of a range in a time zone, and what is in each of them.
//
// A visitor is the same within a UTC day, because the salt of the hash changes then. So a bucket's visitors are those
// of its UTC days, added up; a person who comes on two days is two. Nothing here is an estimate.

import { dayMs, minuteMs } from "@qrfactory/domain/duration";
import type { Interval } from "@qrfactory/domain/reports";
import { scansKeptMonths } from "../retention/rules.js";
import { conditionsOn, Parameters, rowsIn, type ScanScope, type Stretch } from "../scope.js";
import type { Reader } from "./analytics-store.js";
import type { ReportPlan } from "./plan.js";
import { isSurelyKept } from "./rows-kept.js";

/**
 * Numbers of a bucket: scans by people, scans by machines, and visitors, machines among them where the report says so.
 */
export type Counts = { scans: number; bots: number; visitors: number };

/** Buckets in the order of time, empty ones included, and their sum. */
export type TimeCounts = {
  buckets: Counts[];
  total: Counts & { lastScanAt: Date | null; lastBotAt: Date | null };
};

/** All time zones begin their days and hours at a quarter of an hour UTC. */
const quarterMs = 15 * minuteMs;
/** A step that meets every bucket of an interval at least once, whatever the clocks do. */
const steps: Record<Interval, string> = { hour: "15 minutes", day: "6 hours", week: "1 day", month: "1 day" };

/**
 * The first moments of the buckets that a range touches, the first of them perhaps before it; at most `max + 1`.
 * `timezone` is a name from the IANA database; throws SQLSTATE 22023 for one that PostgreSQL does not know.
 */
export async function listBuckets(
  reader: Reader,
  range: Stretch,
  { interval, timezone, max }: { interval: Interval; timezone: string; max: number },
): Promise<Date[]> {
  const { rows } = await reader.query<{ start: Date }>({
    text: `
      SELECT DISTINCT date_trunc($3, moment, $4) AS start
      FROM (SELECT generate_series($1::timestamptz, $2, $5::interval) AS moment UNION ALL SELECT $2) AS moments
      ORDER BY start LIMIT $6`,
    values: [range.from, new Date(range.to.getTime() - 1), interval, timezone, steps[interval], max + 1],
  });
  return rows.map(({ start }) => start);
}

type CountRow = { bucket: number | null; scans: number; bots: number; visitors: number; last: Date; last_bot: Date };

/** Counts a range by buckets. With `includeBots` whoever scanned is a visitor, else people are. */
export async function countOverTime(
  reader: Reader,
  scope: ScanScope,
  plan: ReportPlan,
  { buckets: starts, includeBots }: { buckets: Date[]; includeBots: boolean },
): Promise<TimeCounts> {
  const buckets = starts.map((): Counts => ({ scans: 0, bots: 0, visitors: 0 }));
  const total: TimeCounts["total"] = { scans: 0, bots: 0, visitors: 0, lastScanAt: null, lastBotAt: null };
  const rows = plan.rows.length > 0 ? await countRows(reader, scope, plan.rows, starts, includeBots) : [];
  const summaries = plan.days.length > 0 ? await countSummaries(reader, plan, starts, includeBots) : [];
  const dropped = await countDropped(reader, scope, plan.rows, starts);
  for (const row of [...rows, ...summaries, ...dropped]) {
    const into = row.bucket === null ? total : buckets[row.bucket];
    if (!into) continue;
    into.scans += row.scans;
    into.bots += row.bots;
    into.visitors += row.visitors;
    if (row.bucket !== null) continue;
    total.lastScanAt = later(total.lastScanAt, row.last);
    total.lastBotAt = later(total.lastBotAt, row.last_bot);
  }
  return { buckets, total };
}

const later = (a: Date | null, b: Date | null) => (a && (!b || a > b) ? a : b);

async function countRows(
  reader: Reader,
  scope: ScanScope,
  stretches: Stretch[],
  starts: Date[],
  includeBots: boolean,
): Promise<CountRow[]> {
  const parameters = new Parameters();
  const bounds = parameters.add(starts);
  const isCut = starts.some(
    (start) => start.getTime() % dayMs !== 0 && stretches.some(({ from, to }) => start > from && start < to),
  );
  const isVisit = `visitor IS NOT NULL AND ${includeBots ? "true" : "scans > 0"}`;
  // Where every day lies in one bucket, all visitors are those of the buckets.
  const ofAnyBucket = `(SELECT count(*) FROM (SELECT DISTINCT day, visitor FROM visits WHERE ${isVisit}) AS people)`;
  const inBucket = `count(*) FILTER (WHERE ${isVisit})`;
  const sums = (visitors: string) => `coalesce(sum(scans), 0)::float8 AS scans, coalesce(sum(bots), 0)::float8 AS bots,
    ${visitors}::float8 AS visitors, max(last) AS last, max(last_bot) AS last_bot`;
  const { rows } = await reader.query<CountRow>({
    text: `
      WITH visits AS MATERIALIZED (
        SELECT width_bucket(scanned_at, ${bounds}::timestamptz[]) - 1 AS bucket,
          (scanned_at AT TIME ZONE 'UTC')::date AS day, visitor,
          count(*) FILTER (WHERE bot_class IS NULL) AS scans, count(bot_class) AS bots,
          max(scanned_at) FILTER (WHERE bot_class IS NULL) AS last,
          max(scanned_at) FILTER (WHERE bot_class IS NOT NULL) AS last_bot
        FROM ${rowsIn(scope, stretches, parameters)} AS found GROUP BY 1, 2, 3
      )
      SELECT bucket, ${sums(inBucket)} FROM visits GROUP BY bucket
      UNION ALL SELECT NULL, ${sums(isCut ? ofAnyBucket : inBucket)} FROM visits`,
    values: parameters.values,
  });
  return rows;
}

/**
 * Scans whose rows were dropped at the end of their time, by the hour in which they were: how many there were is known
 * for ever, who they were is not. With a filter nothing can be said of them.
 */
async function countDropped(
  reader: Reader,
  scope: ScanScope,
  stretches: Stretch[],
  starts: Date[],
): Promise<CountRow[]> {
  const oldest = stretches[0]?.from;
  if (!oldest || isSurelyKept(oldest) || scope.filters.length > 0) return [];
  const parameters = new Parameters();
  const bounds = parameters.add(starts);
  const since = parameters.add(stretches.map(({ from }) => from));
  const until = parameters.add(stretches.map(({ to }) => to));
  const { rows } = await reader.query<CountRow>({
    text: `
      SELECT width_bucket(h.hour, ${bounds}::timestamptz[]) - 1 AS bucket, sum(h.scans)::float8 AS scans,
        sum(h.bots)::float8 AS bots, 0 AS visitors, NULL AS last, NULL AS last_bot
      FROM unnest(${since}::timestamptz[], ${until}::timestamptz[]) AS stretch(since, until)
      JOIN scan_hourly AS h ON h.hour >= since AND h.hour < until
      WHERE ${conditionsOn("h", scope, parameters).join(" AND ")}
        AND h.hour < now() - interval '${scansKeptMonths} months'
        AND NOT EXISTS (
          SELECT FROM scans AS s
          WHERE s.code_id = h.code_id AND s.scanned_at >= h.hour AND s.scanned_at < h.hour + interval '1 hour')
      GROUP BY GROUPING SETS ((bucket), ())`,
    values: parameters.values,
  });
  return rows.filter(({ scans }) => scans !== null);
}

/** Days within one bucket tell their sums; of those that a bucket begins in, every quarter of an hour is looked at. */
async function countSummaries(
  reader: Reader,
  { subjectId, days }: ReportPlan,
  starts: Date[],
  includeBots: boolean,
): Promise<CountRow[]> {
  const cut = new Set(starts.filter((start) => start.getTime() % dayMs !== 0).map((start) => dayOf(start)));
  const whole = days.filter((day) => !cut.has(dayOf(day)));
  const divided = days.filter((day) => cut.has(dayOf(day)));
  const { rows } = await reader.query<CountRow>({
    text: `
      WITH found AS (
        SELECT * FROM scan_summaries
        WHERE subject_id = $1 AND span = 'day' AND (start = ANY($2::timestamptz[]) OR start = ANY($3::timestamptz[]))
      ), divided AS MATERIALIZED (
        SELECT found.*, buckets::int[] AS bucket_of
        FROM found JOIN unnest($3::timestamptz[], $5::text[]) AS d(start, buckets) USING (start)
      ), counted AS (
        SELECT width_bucket(start, $4::timestamptz[]) - 1 AS bucket, scans, bots,
          ${includeBots ? "anyone" : "people"} AS visitors
        FROM found WHERE start = ANY($2)
        UNION ALL SELECT bucket_of[slot + 1], slot.scans, slot.bots, 0
        FROM (SELECT bucket_of, unnest(slots) AS slot, unnest(slot_scans) AS scans, unnest(slot_bots) AS bots
              FROM divided) AS slot
        UNION ALL SELECT bucket_of[slot + 1], 0, 0, visit.visitors
        FROM (SELECT bucket_of, unnest(visit_slots) AS slot, unnest(visit_previous) AS previous,
                unnest(${includeBots ? "visit_anyone" : "visit_people"}) AS visitors FROM divided) AS visit
        WHERE previous = -1 OR bucket_of[slot + 1] <> bucket_of[previous + 1]
      )
      SELECT bucket, sum(scans)::float8 AS scans, sum(bots)::float8 AS bots, sum(visitors)::float8 AS visitors,
        NULL AS last, NULL AS last_bot
      FROM counted GROUP BY bucket
      UNION ALL SELECT NULL, sum(scans)::float8, sum(bots)::float8,
        sum(${includeBots ? "anyone" : "people"})::float8, max(last_scan_at), max(last_bot_at)
      FROM found`,
    values: [subjectId, whole, divided, starts, divided.map((day) => `{${bucketsOf(day, starts)}}`)],
  });
  return rows;
}

/** The bucket of each quarter of an hour of a day, by its place in `starts`. */
function bucketsOf(day: Date, starts: Date[]): number[] {
  let bucket = starts.findLastIndex((start) => start <= day);
  return Array.from({ length: dayMs / quarterMs }, (_, slot) => {
    const at = day.getTime() + slot * quarterMs;
    while (bucket + 1 < starts.length && (starts[bucket + 1] as Date).getTime() <= at) bucket += 1;
    return bucket;
  });
}

const dayOf = (moment: Date) => moment.toISOString().slice(0, 10);
