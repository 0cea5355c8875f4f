// Whether what was counted is what the rows say. Compares a UTC day that is settled: hours with rows, and summaries with
// what they would be if they were made now. What differs is made from the rows again, in the transaction that found it.
import type pg from "pg";
import { makeSummaries, placeSummaries } from "./scan-summaries.js";

/** Hours of codes and summaries that said something else than their rows. */
export type DayDifferences = { hours: number; summaries: number };

/** Those who take scans in are held up so long at most. */
const lockTimeoutMs = 2_000;

/**
 * A code whose rows of the day are all gone is left as it was: they were dropped at the end of their time, and totals stay.
 * Ingest is held up while hours are repaired, and only then: they are compared without a lock first.
 */
export async function reconcileDay(client: pg.ClientBase, day: Date): Promise<DayDifferences> {
  const found = await client.query({ text: differingHours, values: [day] });
  const hours = found.rows.length > 0 ? await repairHours(client, day) : 0;
  await placeSummaries(client, "day", day);
  const { rowCount } = await client.query({ text: outdateWrongSummaries, values: [day] });
  await makeSummaries(client, "day", day);
  return { hours, summaries: rowCount ?? 0 };
}

const hoursOfRows = `
  counted AS (
    SELECT code_id, date_trunc('hour', scanned_at, 'UTC') AS hour, workspace_id,
      count(*) FILTER (WHERE bot_class IS NULL) AS scans, count(bot_class) AS bots
    FROM scans WHERE scanned_at >= $1 AND scanned_at < $1::timestamptz + interval '1 day'
    GROUP BY 1, 2, 3
  ), rolled_up AS (
    SELECT h.* FROM scan_hourly AS h
    WHERE hour >= $1 AND hour < $1::timestamptz + interval '1 day' AND code_id IN (SELECT code_id FROM counted)
  ), differing AS (
    SELECT code_id, hour, workspace_id, coalesce(c.scans, 0) AS scans, coalesce(c.bots, 0) AS bots
    FROM counted AS c FULL JOIN rolled_up AS h USING (code_id, hour, workspace_id)
    WHERE (c.scans, c.bots) IS DISTINCT FROM (h.scans, h.bots)
  )`;

const differingHours = `WITH ${hoursOfRows} SELECT code_id FROM differing`;

const repairDifferingHours = `
  WITH ${hoursOfRows}, removed AS (
    DELETE FROM scan_hourly AS h USING differing AS d
    WHERE h.code_id = d.code_id AND h.hour = d.hour AND h.workspace_id = d.workspace_id AND d.scans + d.bots = 0
  )
  INSERT INTO scan_hourly (code_id, hour, workspace_id, scans, bots)
  SELECT code_id, hour, workspace_id, scans, bots FROM differing WHERE scans + bots > 0
  ON CONFLICT (code_id, hour, workspace_id) DO UPDATE SET scans = excluded.scans, bots = excluded.bots`;

/** Returns how many hours differed once nobody counted any more. */
async function repairHours(client: pg.ClientBase, day: Date): Promise<number> {
  await client.query("BEGIN");
  try {
    await client.query(`SET LOCAL lock_timeout = ${lockTimeoutMs}`);
    await client.query("LOCK TABLE scan_hourly IN SHARE ROW EXCLUSIVE MODE");
    const { rows } = await client.query({ text: differingHours, values: [day] });
    await client.query({ text: repairDifferingHours, values: [day] });
    await client.query("COMMIT");
    return rows.length;
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  }
}

/**
 * A summary is taken to be right when its totals are those of the rows and each of its tables adds up to them; what is
 * not is made anew, and with it the month.
 */
const outdateWrongSummaries = `
  WITH rows AS MATERIALIZED (
    SELECT code_id, workspace_id, visitor, bot_class FROM scans
    WHERE scanned_at >= $1 AND scanned_at < $1::timestamptz + interval '1 day'
  ), counted AS (
    SELECT subject_id, count(*) FILTER (WHERE bot_class IS NULL) AS scans, count(bot_class) AS bots,
      count(DISTINCT visitor) FILTER (WHERE bot_class IS NULL) AS people, count(DISTINCT visitor) AS anyone
    FROM (SELECT code_id AS subject_id, * FROM rows UNION ALL SELECT workspace_id, * FROM rows) AS seen
    WHERE subject_id IN (SELECT subject_id FROM scan_summaries WHERE span = 'day' AND start = $1 AND NOT stale)
    GROUP BY subject_id
  ), wrong AS (
    SELECT s.subject_id FROM scan_summaries AS s JOIN counted AS c USING (subject_id)
    WHERE s.span = 'day' AND s.start = $1 AND NOT s.stale AND (
      (s.scans, s.bots, s.people, s.anyone) IS DISTINCT FROM (c.scans, c.bots, c.people, c.anyone)
      OR (SELECT (sum(scans), sum(bots)) FROM unnest(s.slot_scans, s.slot_bots) AS u(scans, bots))
        IS DISTINCT FROM (c.scans, c.bots)
      OR EXISTS (
        SELECT 1 FROM unnest(s.dimensions, s.key_scans, s.key_bots) AS u(dimension, scans, bots)
        GROUP BY dimension HAVING (sum(u.scans), sum(u.bots)) IS DISTINCT FROM (c.scans, c.bots)))
  )
  UPDATE scan_summaries AS s SET stale = true, version = s.version + 1 FROM wrong
  WHERE s.subject_id = wrong.subject_id AND (s.span, s.start) IN (('day', $1), ('month', date_trunc('month', $1, 'UTC')))`;
