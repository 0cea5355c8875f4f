// Reconciles counts with rows: compares a settled UTC day, its hours with the rows and its summaries with new ones.
// Those that differ are made from the rows again, in the transaction that found it.
import { dayMs } from "@qrfactory/domain/duration";
import type pg from "pg";
import { inTransaction } from "../../connections.js";
import { isCounted } from "../dimensions.js";
import { lockTimeoutMs, makeSummaries, placeSummaries, spanEnd } from "./summaries.js";

/** Hours of codes and summaries that said something else than their rows. */
export type DayDifferences = { hours: number; summaries: number };

/**
 * A code whose rows of the day are all gone is left as it was: they were dropped at the end of their time, and totals
 * stay. Ingest is held up while hours are repaired, and only then: they are compared without a lock first. With the
 * first day of a month goes the month.
 */
export async function reconcileDay(client: pg.ClientBase, day: Date): Promise<DayDifferences> {
  const found = await client.query({ text: differingHours, values: [day] });
  const hours = found.rows.length > 0 ? await repairHours(client, day) : 0;
  await placeSummaries(client, "day", day);
  const { rowCount } = await client.query({ text: outdateWrongSummaries, values: [day] });
  await makeSummaries(client, "day", day);
  const months = day.getUTCDate() === 1 ? await reconcileMonth(client, day) : 0;
  return { hours, summaries: (rowCount ?? 0) + months };
}

const hoursOfRows = `
  counted AS (
    SELECT code_id, date_trunc('hour', scanned_at, 'UTC') AS hour, workspace_id,
      count(*) FILTER (WHERE bot_class IS NULL) AS scans, count(bot_class) AS bots
    FROM scans WHERE scanned_at >= $1 AND scanned_at < $1::timestamptz + interval '1 day' AND ${isCounted}
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

/** Repairs something in a transaction in which nobody counts scans any more. */
function whileNobodyCounts<Result>(client: pg.ClientBase, repair: () => Promise<Result>): Promise<Result> {
  return inTransaction(client, async () => {
    await client.query(`SET LOCAL lock_timeout = ${lockTimeoutMs}`);
    await client.query("LOCK TABLE scan_hourly IN SHARE ROW EXCLUSIVE MODE");
    return repair();
  });
}

/** Returns how many hours differed then. */
function repairHours(client: pg.ClientBase, day: Date): Promise<number> {
  return whileNobodyCounts(client, async () => {
    const { rows } = await client.query({ text: differingHours, values: [day] });
    await client.query({ text: repairDifferingHours, values: [day] });
    return rows.length;
  });
}

/** A summary `s` whose totals are not those counted as `c`, or one of whose tables does not add up to them. */
const differsFromCounted = `
  (s.scans, s.bots) IS DISTINCT FROM (c.scans, c.bots)
  OR EXISTS (
    SELECT 1 FROM unnest(s.dimensions, s.key_scans, s.key_bots) AS u(dimension, scans, bots)
    GROUP BY dimension HAVING (sum(u.scans), sum(u.bots)) IS DISTINCT FROM (c.scans, c.bots))`;

/** Summaries of a month are compared with its hours, which take a hundredth of the rows' time and are proved by day. */
const outdateWrongMonths = `
  WITH of_codes AS (
    SELECT workspace_id, code_id, sum(scans) AS scans, sum(bots) AS bots FROM scan_hourly
    WHERE hour >= $1 AND hour < $2 GROUP BY workspace_id, code_id
  ), counted AS (
    SELECT subject_id, sum(scans) AS scans, sum(bots) AS bots
    FROM of_codes, unnest(ARRAY[code_id, workspace_id]) AS subject_id GROUP BY subject_id
  )
  UPDATE scan_summaries AS s SET stale = true, version = s.version + 1 FROM counted AS c
  WHERE s.subject_id = c.subject_id AND s.span = 'month' AND s.start = $1 AND NOT s.stale
    AND (${differsFromCounted})`;

async function reconcileMonth(client: pg.ClientBase, month: Date): Promise<number> {
  const { rowCount } = await client.query({ text: outdateWrongMonths, values: [month, spanEnd("month", month)] });
  await makeSummaries(client, "month", month);
  return rowCount ?? 0;
}

/** Codes are looked at in so many nights, and besides in the night after they were scanned. */
const codesEvery = 30;

/** Codes whose count of scans is not that of their hours, which stay when rows go; the night is a number of days. */
const differingCodes = `
  SELECT d.id, c.scans FROM dynamic_codes AS d CROSS JOIN LATERAL (
    SELECT coalesce(sum(scans), 0) AS scans FROM scan_hourly AS h WHERE h.code_id = d.id) AS c
  WHERE (d.last_scanned_at >= $1 OR abs(hashtext(d.id::text)::bigint) % ${codesEvery} = $2)
    AND d.scan_count <> c.scans`;

/** One that is made for a number of scans is to be published again. */
const repairDifferingCodes = `
  WITH differing AS (${differingCodes}), locked AS (
    SELECT id FROM dynamic_codes WHERE id IN (SELECT id FROM differing) ORDER BY id FOR NO KEY UPDATE
  )
  UPDATE dynamic_codes AS d SET scan_count = f.scans, published_version =
    CASE WHEN d.max_scans IS NULL THEN d.published_version ELSE least(d.published_version, d.version - 1) END
  FROM locked JOIN differing AS f USING (id) WHERE d.id = locked.id`;

/**
 * Compares what codes say of their scans with their hours, and repairs it; returns how many differed. Locks as hours
 * do.
 */
export async function reconcileCodes(client: pg.ClientBase, today: Date): Promise<number> {
  const values = [new Date(today.getTime() - dayMs), (today.getTime() / dayMs) % codesEvery];
  const { rows } = await client.query({ text: differingCodes, values });
  if (rows.length === 0) return 0;
  return whileNobodyCounts(
    client,
    async () => (await client.query({ text: repairDifferingCodes, values })).rowCount ?? 0,
  );
}

/**
 * A summary is taken to be right when its totals are those of the rows and each of its tables adds up to them; any
 * other is made anew, and with a day its month. Of a day and of each of its hours that has one.
 */
const outdateWrongSummaries = `
  WITH rows AS MATERIALIZED (
    SELECT code_id, workspace_id, visitor, bot_class, date_trunc('hour', scanned_at, 'UTC') AS hour FROM scans
    WHERE scanned_at >= $1 AND scanned_at < $1::timestamptz + interval '1 day' AND ${isCounted}
  ), seen AS (
    SELECT code_id AS subject_id, * FROM rows UNION ALL SELECT workspace_id, * FROM rows
  ), counted AS (
    SELECT subject_id, coalesce(hour, $1) AS start, CASE WHEN GROUPING(hour) = 1 THEN 'day' ELSE 'hour' END AS span,
      count(*) FILTER (WHERE bot_class IS NULL) AS scans, count(bot_class) AS bots,
      count(DISTINCT visitor) FILTER (WHERE bot_class IS NULL) AS people, count(DISTINCT visitor) AS anyone
    FROM seen WHERE subject_id IN (
      SELECT subject_id FROM scan_summaries
      WHERE span <> 'month' AND start >= $1 AND start < $1::timestamptz + interval '1 day' AND NOT stale)
    GROUP BY GROUPING SETS ((subject_id), (subject_id, hour))
  ), wrong AS (
    SELECT s.subject_id, s.span, s.start FROM scan_summaries AS s JOIN counted AS c USING (subject_id, span, start)
    WHERE NOT s.stale AND (${differsFromCounted}
      OR s.span = 'day' AND ((s.people, s.anyone) IS DISTINCT FROM (c.people, c.anyone)
        OR (SELECT (sum(scans), sum(bots)) FROM unnest(s.slot_scans, s.slot_bots) AS u(scans, bots))
          IS DISTINCT FROM (c.scans, c.bots)))
  ), outdated AS (
    SELECT * FROM wrong
    UNION ALL SELECT subject_id, 'month', date_trunc('month', start, 'UTC') FROM wrong WHERE span = 'day'
  )
  UPDATE scan_summaries AS s SET stale = true, version = s.version + 1 FROM outdated AS o
  WHERE s.subject_id = o.subject_id AND s.span = o.span AND s.start = o.start`;
