// The two statements that take events in: each inserts the rows that are new, given as an array for each column, and
// counts these and no others, all at once.
import { plans, quotaThresholds } from "@qrfactory/domain/plan/plans";
import { isCounted } from "../dimensions.js";
import type { CallRow, ScanRow } from "./rows.js";

/** Column → type, in the order in which the statements below take its arrays. */
export type Columns<Row> = { [Name in Exclude<keyof Row, "sequence" | "rule">]: string };

/** Of a scan. */
export const scanColumns: Columns<ScanRow> = {
  id: "uuid",
  scanned_at: "timestamptz",
  code_id: "uuid",
  workspace_id: "uuid",
  code_version: "int",
  region: "text",
  network: "text",
  visitor: "text",
  device: "text",
  os: "text",
  browser: "text",
  language: "text",
  referrer_host: "text",
  country: "text",
  region_name: "text",
  city: "text",
  district: "text",
  bot_class: "text",
  variant: "int",
  rule_id: "text",
  variant_id: "text",
  served: "text",
};

/** Of a call. */
export const callColumns: Columns<CallRow> = {
  id: "uuid",
  called_at: "timestamptz",
  workspace_id: "uuid",
  key_id: "uuid",
  request_id: "text",
  endpoint: "text",
  status: "int",
  cache: "text",
  cache_key: "text",
  format: "text",
  duration_ms: "real",
  credits: "int",
};

const namesOf = (columns: object) => Object.keys(columns).join(", ");

/** `$1::uuid[], $2::text[], …` */
const arraysOf = (columns: object) =>
  Object.values(columns)
    .map((type, index) => `$${index + 1}::${type}[]`)
    .join(", ");

/**
 * People are counted, by code and by hour; machines (`bot_class`) only by hour, apart; people who were led to a
 * fallback are not. A code that is made for a number of scans is to be published again, so that regions hear of each
 * other's, until it is used up. Summaries of hours that are over, their days and months are out of date when a scan of
 * theirs comes in; the hour itself has none, and those of rows that may be gone stand as they are.
 */
export const insertScans = `
  WITH inserted AS (
    INSERT INTO scans (${namesOf(scanColumns)})
    SELECT * FROM unnest(${arraysOf(scanColumns)}) AS r(${namesOf(scanColumns)})
    ORDER BY scanned_at, id
    ON CONFLICT DO NOTHING
    RETURNING code_id, workspace_id, scanned_at, bot_class, served
  ), hours AS (
    SELECT code_id, workspace_id, date_bin('1 hour', scanned_at, 'epoch') AS hour,
      count(*) FILTER (WHERE bot_class IS NULL) AS scans, count(bot_class) AS bots,
      max(scanned_at) FILTER (WHERE bot_class IS NULL) AS last
    FROM inserted WHERE ${isCounted} GROUP BY code_id, workspace_id, hour
  ), rolled_up AS (
    INSERT INTO scan_hourly AS h (code_id, hour, workspace_id, scans, bots)
    SELECT code_id, hour, workspace_id, scans, bots FROM hours ORDER BY code_id, hour, workspace_id
    ON CONFLICT (code_id, hour, workspace_id) DO UPDATE
      SET scans = h.scans + excluded.scans, bots = h.bots + excluded.bots
  ), late AS (
    SELECT code_id, workspace_id, hour FROM hours
    WHERE hour < date_trunc('hour', statement_timestamp(), 'UTC') AND hour >= now() - interval '12 months'
  ), summarised AS (
    SELECT s.subject_id, s.span, s.start FROM scan_summaries s
    WHERE (s.subject_id, s.span, s.start) IN (
      SELECT subject_id, span, date_trunc(span, hour, 'UTC')
      FROM late, unnest(ARRAY[code_id, workspace_id]) AS subject_id, unnest(ARRAY['hour', 'day', 'month']) AS span)
    ORDER BY s.subject_id, s.span, s.start FOR NO KEY UPDATE
  ), outdated AS (
    UPDATE scan_summaries s SET stale = true, version = s.version + 1 FROM summarised
    WHERE s.subject_id = summarised.subject_id AND s.span = summarised.span AND s.start = summarised.start
  ), counts AS (
    SELECT code_id, sum(scans) AS scans, max(last) AS last FROM hours GROUP BY code_id HAVING sum(scans) > 0
  ), locked AS (
    SELECT id FROM dynamic_codes WHERE id IN (SELECT code_id FROM counts) ORDER BY id FOR NO KEY UPDATE
  )
  UPDATE dynamic_codes d
  SET scan_count = d.scan_count + c.scans, last_scanned_at = greatest(d.last_scanned_at, c.last),
    published_version = CASE WHEN d.scan_count < d.max_scans THEN least(d.published_version, d.version - 1)
      ELSE d.published_version END
  FROM locked JOIN counts c ON c.code_id = locked.id
  WHERE d.id = locked.id`;

/** `('free', 50), ('starter', 500), …`: the plans whose renders have a limit. */
const quotas = Object.values(plans)
  .filter(({ rendersPerMonth }) => Number.isFinite(rendersPerMonth))
  .map(({ name, rendersPerMonth }) => `('${name}', ${rendersPerMonth})`)
  .join(", ");

const thresholds = Object.entries(quotaThresholds)
  .map(([type, percent]) => `('${type}', ${percent})`)
  .join(", ");

/**
 * Credits are added to the day and the month (UTC) in which they were taken. The row of the month is what transactions
 * at once wait for, so each sees the sum that it makes, and a threshold is crossed by exactly one of them.
 */
export const insertCalls = `
  WITH inserted AS (
    INSERT INTO calls (${namesOf(callColumns)})
    SELECT * FROM unnest(${arraysOf(callColumns)}) AS r(${namesOf(callColumns)})
    ORDER BY called_at, id
    ON CONFLICT DO NOTHING
    RETURNING workspace_id, key_id, (called_at AT TIME ZONE 'UTC')::date AS day, credits
  ), monthly AS (
    INSERT INTO usage_monthly AS u (workspace_id, month, renders)
    SELECT workspace_id, date_trunc('month', day)::date AS month, sum(credits)
    FROM inserted GROUP BY workspace_id, month ORDER BY workspace_id, month
    ON CONFLICT (workspace_id, month) DO UPDATE SET renders = u.renders + excluded.renders, updated_at = now()
    RETURNING workspace_id, month, renders
  ), reached AS (
    INSERT INTO quota_thresholds (workspace_id, month, type, renders, quota)
    SELECT m.workspace_id, m.month, t.type, m.renders, q.quota
    FROM monthly m JOIN workspaces w ON w.id = m.workspace_id
      JOIN (VALUES ${quotas}) AS q(plan, quota) ON q.plan = w.plan,
         (VALUES ${thresholds}) AS t(type, percent)
    WHERE m.renders::bigint * 100 >= q.quota::bigint * t.percent
    ON CONFLICT DO NOTHING
  )
  INSERT INTO usage_daily AS u (workspace_id, key_id, day, renders)
  SELECT workspace_id, key_id, day, sum(credits)
  FROM inserted GROUP BY workspace_id, key_id, day ORDER BY workspace_id, key_id, day
  ON CONFLICT (workspace_id, key_id, day) DO UPDATE SET renders = u.renders + excluded.renders`;

/** Values as PostgreSQL reads an array (PostgreSQL 15, 8.15.2), which takes it two thirds of what JSON does. */
export function arrayLiteral(values: unknown[]): string {
  let literal = "";
  for (const value of values) literal += `,${element(value)}`;
  return `{${literal.slice(1)}}`;
}

function element(value: unknown): string {
  if (value === null) return "NULL";
  if (typeof value === "number") return String(value);
  const text = value instanceof Date ? value.toISOString() : String(value);
  return `"${/["\\]/.test(text) ? text.replace(/["\\]/g, "\\$&") : text}"`;
}
