// Summaries of settled hours, days and months: of a workspace each day and month, else those with so many scans that
// reading the rows takes long. A summary is a function of the rows, so it cannot count twice; one whose rows became
// more is not read until it was made again.
//
// Rows that are taken in while a summary is being made: the place of the summary is committed first, then every
// transaction that did not see it is waited for. Those after it raise the version of the place, and what was made from
// an older version is dropped.
import { hourMs } from "@qrfactory/domain/duration";
import type pg from "pg";
import { inTransaction } from "../../connections.js";
import { countByDimension, isCounted } from "../dimensions.js";

/** Length of a summarised period in UTC. */
export type SummarySpan = "hour" | "day" | "month";

/** One of them, by its first moment. */
export type SummaryStart = { span: SummarySpan; start: Date };

/** So many scans are summarised. Fewer are read from the rows in about a millisecond. */
const scansMin: Record<SummarySpan, number> = { hour: 50, day: 50, month: 1_500 };

/** Codes kept for each summary of a workspace: what is sought are ten to a hundred. */
export const topCodesKept: Record<SummarySpan, number> = { hour: 100, day: 500, month: 500 };

/** A span is summarised so long after its end: until then most scans of it have come in. */
const settlesAfter: Record<SummarySpan, string> = { hour: "5 minutes", day: "1 hour", month: "1 hour" };

/** How long those who take scans in may be held up. */
export const lockTimeoutMs = 2_000;

/** The end of a span that begins at `start`, both UTC. */
export function spanEnd(span: SummarySpan, start: Date): Date {
  if (span === "hour") return new Date(start.getTime() + hourMs);
  const [year, month, day] = [start.getUTCFullYear(), start.getUTCMonth(), start.getUTCDate()];
  return new Date(span === "day" ? Date.UTC(year, month, day + 1) : Date.UTC(year, month + 1, 1));
}

/**
 * Makes a place for every summary that a span is to have, and makes sure that whatever is taken in afterwards sees it.
 * Returns how many places are new; none while the span is not settled: ingest does not look for places of the hour.
 */
export async function placeSummaries(client: pg.ClientBase, span: SummarySpan, start: Date): Promise<number> {
  return inTransaction(client, async () => {
    await client.query(`SET LOCAL lock_timeout = ${lockTimeoutMs}`);
    const placed = await client.query({
      text: `
        WITH counted AS MATERIALIZED (
          SELECT workspace_id, code_id, count(*) AS scans FROM scans WHERE scanned_at >= $2 AND scanned_at < $3
            AND $3::timestamptz + $5::interval <= now() AND ${isCounted}
          GROUP BY workspace_id, code_id)
        INSERT INTO scan_summaries (subject_id, span, start, workspace_id)
        SELECT code_id, $1, $2, workspace_id FROM counted WHERE scans >= $4
        UNION ALL SELECT workspace_id, $1, $2, workspace_id FROM counted
        GROUP BY workspace_id HAVING $1 <> 'hour' OR sum(scans) >= $4
        ON CONFLICT DO NOTHING`,
      values: [span, start, spanEnd(span, start), scansMin[span], settlesAfter[span]],
    });
    // Waits for every transaction that is counting scans, and is over at the commit.
    if (placed.rowCount) await client.query("LOCK TABLE scan_hourly IN SHARE MODE");
    return placed.rowCount ?? 0;
  });
}

/** Makes the stale summaries of a span; returns how many. Those that more scans came in for meanwhile stay stale. */
export async function makeSummaries(client: pg.ClientBase, span: SummarySpan, start: Date): Promise<number> {
  const { rows } = await client.query<{ workspace_id: string }>({
    text: "SELECT DISTINCT workspace_id FROM scan_summaries WHERE span = $1 AND start = $2 AND stale ORDER BY 1",
    values: [span, start],
  });
  let made = 0;
  for (const { workspace_id } of rows) {
    const values = [span, start, spanEnd(span, start), workspace_id];
    made += (await client.query({ text: makeOfWorkspace(topCodesKept[span]), values })).rowCount ?? 0;
  }
  return made;
}

/** Spans with summaries that are to be made, the oldest first. */
export async function listStaleSpans(client: pg.ClientBase): Promise<SummaryStart[]> {
  const { rows } = await client.query<SummaryStart>(
    "SELECT DISTINCT span, start FROM scan_summaries WHERE stale ORDER BY start, span",
  );
  return rows;
}

/** The quarters of an hour in which visitors were seen, each with the one before it on that day. */
const visitsOf = (condition: string) => `
  SELECT subject_id, slot, visitor,
    coalesce(lag(slot) OVER (PARTITION BY subject_id, visitor ORDER BY slot), -1) AS previous
  FROM (SELECT DISTINCT subject_id, slot, visitor FROM seen
        WHERE visitor IS NOT NULL AND $1 = 'day' AND ${condition}) AS visited`;

const makeOfWorkspace = (codesKept: number) => `
  WITH places AS (
    SELECT subject_id, version FROM scan_summaries WHERE workspace_id = $4 AND span = $1 AND start = $2 AND stale
  ), rows AS MATERIALIZED (
    SELECT *, floor(extract(epoch FROM scanned_at - $2) / 900)::int AS slot FROM scans
    WHERE workspace_id = $4 AND scanned_at >= $2 AND scanned_at < $3 AND ${isCounted}
  ), seen AS MATERIALIZED (
    SELECT places.subject_id, rows.* FROM places JOIN rows ON rows.code_id = places.subject_id
    UNION ALL SELECT $4, rows.* FROM rows WHERE EXISTS (SELECT 1 FROM places WHERE subject_id = $4)
  ), totals AS (
    SELECT subject_id, count(*) FILTER (WHERE bot_class IS NULL) AS scans, count(bot_class) AS bots,
      max(scanned_at) FILTER (WHERE bot_class IS NULL) AS last_scan_at,
      max(scanned_at) FILTER (WHERE bot_class IS NOT NULL) AS last_bot_at
    FROM seen GROUP BY subject_id
  ), slots AS (
    SELECT subject_id, array_agg(slot ORDER BY slot) AS slots, array_agg(scans ORDER BY slot) AS scans,
      array_agg(bots ORDER BY slot) AS bots
    FROM (
      SELECT subject_id, slot, count(*) FILTER (WHERE bot_class IS NULL) AS scans, count(bot_class) AS bots
      FROM seen WHERE $1 = 'day' GROUP BY subject_id, slot) AS counted
    GROUP BY subject_id
  ), visits AS (
    SELECT subject_id, array_agg(slot) AS slots, array_agg(previous) AS previous, array_agg(people) AS people_at,
      array_agg(anyone) AS anyone_at, coalesce(sum(people) FILTER (WHERE previous = -1), 0) AS people,
      sum(anyone) FILTER (WHERE previous = -1) AS anyone
    FROM (
      SELECT subject_id, slot, previous, sum(is_person) AS people, sum(1 - is_person) AS anyone
      FROM (SELECT *, 1 AS is_person FROM (${visitsOf("bot_class IS NULL")}) AS people
            UNION ALL SELECT *, 0 FROM (${visitsOf("true")}) AS anyone) AS visited
      GROUP BY subject_id, slot, previous) AS counted
    GROUP BY subject_id
  ), codes AS (
    SELECT array_agg(code_id) AS ids, array_agg(scans) AS scans, array_agg(bots) AS bots FROM (
      SELECT code_id, count(*) FILTER (WHERE bot_class IS NULL) AS scans, count(bot_class) AS bots
      FROM rows GROUP BY code_id ORDER BY count(*) DESC, code_id LIMIT ${codesKept}) AS busiest
  ), dimensions AS (
    SELECT subject_id, array_agg(dimension) AS dimensions, array_agg(key) AS keys, array_agg(scans) AS scans,
      array_agg(bots) AS bots
    FROM (${countByDimension("seen", "subject_id")} ORDER BY dimension, scans DESC, key) AS counted
    GROUP BY subject_id
  )
  UPDATE scan_summaries AS s SET
    stale = false, scans = t.scans, bots = t.bots, last_scan_at = t.last_scan_at, last_bot_at = t.last_bot_at,
    slots = coalesce(slots.slots, '{}'), slot_scans = coalesce(slots.scans, '{}'),
    slot_bots = coalesce(slots.bots, '{}'),
    visit_slots = coalesce(visits.slots, '{}'), visit_previous = coalesce(visits.previous, '{}'),
    visit_people = coalesce(visits.people_at, '{}'), visit_anyone = coalesce(visits.anyone_at, '{}'),
    people = coalesce(visits.people, 0), anyone = coalesce(visits.anyone, 0),
    dimensions = d.dimensions, keys = d.keys, key_scans = d.scans, key_bots = d.bots,
    code_ids = CASE WHEN s.subject_id = $4 THEN codes.ids ELSE '{}' END,
    code_scans = CASE WHEN s.subject_id = $4 THEN codes.scans ELSE '{}' END,
    code_bots = CASE WHEN s.subject_id = $4 THEN codes.bots ELSE '{}' END
  FROM places JOIN totals AS t USING (subject_id) JOIN dimensions AS d USING (subject_id) CROSS JOIN codes
    LEFT JOIN slots USING (subject_id) LEFT JOIN visits USING (subject_id)
  WHERE s.subject_id = places.subject_id AND s.span = $1 AND s.start = $2 AND s.version = places.version`;
