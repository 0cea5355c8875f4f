// Thirteen months of scans in a database, the same for the same numbers: a tenth of them of one code, the others of
// codes of which some are far more popular than others. Made by PostgreSQL itself, from hashes of their number.
import type { Db } from "@qrfactory/db/client";
import { ensurePartitions } from "@qrfactory/db/scans/retention/partitions";
import { openSummaryStore } from "@qrfactory/db/scans/summaries/summary-store";

/** A made history: its workspace, its numbers, and the range of its scans. */
export type History = { workspaceId: string; scans: number; codes: number; from: Date; to: Date };

/** Rows that one statement inserts. */
const batchSize = 500_000;
const hourMs = 60 * 60_000;
const dayMs = 24 * hourMs;
/** Retention keeps no older summaries of hours. */
const hoursKeptMs = 62 * dayMs;

/** Number `n` of a code → its id. */
export const codeId = (n: number) => `${n.toString(16).padStart(8, "0")}-0000-4000-8000-000000000000`;

/** Inserts the rows and what ingest counts beside them, then makes the summaries as the worker does. */
export async function makeHistory(db: Db, databaseUrl: string, history: History): Promise<void> {
  const { scans, from, to } = history;
  for (let at = from; at < to; at = new Date(at.getTime() + 28 * dayMs)) await ensurePartitions(db, at);
  await db.$executeRawUnsafe(`
    CREATE OR REPLACE FUNCTION pg_temp.share(n bigint, salt bigint) RETURNS float8 LANGUAGE sql IMMUTABLE AS
    $$ SELECT (hashint8extended(n, salt) & 1073741823)::float8 / 1073741824 $$`);
  await db.$executeRawUnsafe("SET synchronous_commit = off");
  for (let first = 1; first <= scans; first += batchSize) {
    await insertScans(db, history, first, Math.min(first + batchSize - 1, scans));
  }
  await db.$executeRaw`
    INSERT INTO scan_hourly (code_id, hour, workspace_id, scans, bots)
    SELECT code_id, date_trunc('hour', scanned_at, 'UTC'), workspace_id,
      count(*) FILTER (WHERE bot_class IS NULL), count(bot_class)
    FROM scans GROUP BY 1, 2, 3`;
  await db.$executeRaw`VACUUM (ANALYZE) scans`;
  await db.$executeRaw`VACUUM (ANALYZE) scan_hourly`;
  await summarise(databaseUrl, history);
  await db.$executeRaw`VACUUM (ANALYZE) scan_summaries`;
}

async function insertScans(db: Db, history: History, first: number, last: number): Promise<void> {
  const { workspaceId, scans, codes, from, to } = history;
  const stepSeconds = (to.getTime() - from.getTime()) / scans / 1_000;
  await db.$executeRaw`
    INSERT INTO scans (id, scanned_at, code_id, workspace_id, code_version, region, network, visitor,
      device, os, browser,
      language, referrer_host, country, region_name, city, variant, bot_class)
    SELECT lpad(to_hex(n), 32, '0')::uuid, at,
      (lpad(to_hex(CASE WHEN pg_temp.share(n, 1) < 0.1 THEN 0
        ELSE floor(${codes}::int * pg_temp.share(n, 2) ^ 3)::int END),
        8, '0') || '-0000-4000-8000-000000000000')::uuid,
      ${workspaceId}::uuid, 1, (ARRAY['eu-1', 'eu-1', 'us-1'])[1 + floor(3 * pg_temp.share(n, 3))::int],
      '203.0.113.0/24',
      lpad(to_hex(hashint8extended(floor(pg_temp.share(n, 4) * 50000)::bigint, extract(epoch FROM at)::bigint / 86400)),
        16, '0'),
      (ARRAY['phone', 'phone', 'phone', 'tablet', 'desktop'])[1 + floor(5 * pg_temp.share(n, 5))::int],
      (ARRAY['iOS', 'Android', 'Android', 'Windows', 'macOS'])[1 + floor(5 * pg_temp.share(n, 6))::int],
      (ARRAY['Safari', 'Chrome', 'Samsung Internet', 'Firefox', 'Edge'])[1 + floor(5 * pg_temp.share(n, 7) ^ 2)::int],
      (ARRAY['en', 'de', 'fr', 'es', 'ja', 'pt', 'it', 'nl'])[1 + floor(8 * pg_temp.share(n, 8) ^ 2)::int],
      (ARRAY[NULL, NULL, NULL, 'www.instagram.com', 'l.facebook.com', 'example.com'])
        [1 + floor(6 * pg_temp.share(n, 9))::int],
      'C' || city / 60, 'Region ' || city / 8, 'City ' || city, floor(3 * pg_temp.share(n, 11))::int,
      CASE WHEN pg_temp.share(n, 10) < 0.06 THEN 'bot' WHEN pg_temp.share(n, 10) < 0.07 THEN 'prefetch' END
    FROM generate_series(${first}::int, ${last}::int) AS n, LATERAL (
      SELECT ${from}::timestamptz + n * ${stepSeconds}::float8 * interval '1 second' AS at,
        floor(3000 * pg_temp.share(n, 12) ^ 3)::int AS city) AS made`;
}

async function summarise(databaseUrl: string, { from, to }: History): Promise<void> {
  const store = openSummaryStore(databaseUrl);
  const midnight = (moment: Date) => Math.floor(moment.getTime() / dayMs) * dayMs;
  for (let hour = midnight(to) - hoursKeptMs; hour < to.getTime(); hour += hourMs) {
    await store.summarise("hour", new Date(hour));
  }
  for (let day = midnight(from); day < to.getTime(); day += dayMs) await store.summarise("day", new Date(day));
  for (let month = new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth(), 1)); month < to; ) {
    await store.summarise("month", month);
    month = new Date(Date.UTC(month.getUTCFullYear(), month.getUTCMonth() + 1, 1));
  }
  await store.close();
}
