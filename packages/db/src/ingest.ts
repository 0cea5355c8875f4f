// Taking events in: each batch is one transaction that inserts rows, counts only what was really inserted, and notes
// which numbers of the spool are covered. A batch may come twice, late, in any order and to two workers at once.
import { type Db, sqlState, type Tx } from "./client.js";

/** A row of `scans`; what is null is not known. `sequence` is its number in the spool, which no column holds. */
export type ScanRow = {
  sequence: number;
  id: string;
  scanned_at: Date;
  code_id: string;
  workspace_id: string;
  code_version: number;
  region: string;
  network: string | null;
  visitor: string | null;
  language: string | null;
  referrer_host: string | null;
};

/** A row of `calls`. */
export type CallRow = {
  sequence: number;
  id: string;
  called_at: Date;
  workspace_id: string;
  key_id: string;
  request_id: string;
  endpoint: string;
  status: number;
  cache: string;
  cache_key: string;
  format: string;
  duration_ms: number;
  credits: number;
};

/** A record that can never become a row; kept with its reason, so that somebody can look. */
export type DeadLetter = { sequence: number; record: string; reason: string };

/** Consecutive records of one spool: everything numbered in `[from, until)` that still exists. */
export type StoredBatch = { spoolId: string; from: number; until: number; deadLetters: DeadLetter[] } & (
  | { kind: "scans"; rows: ScanRow[] }
  | { kind: "calls"; rows: CallRow[] }
);

/** Longest record and reason kept of a dead letter, in characters. */
const recordLengthMax = 16_384;
const reasonLengthMax = 500;

/**
 * Commits a batch and returns the number up to which the spool's records are all committed (0: not even the first).
 * Rejects as a whole; see `isRefusedData`.
 */
export async function storeBatch(db: Db, batch: StoredBatch): Promise<number> {
  return db.$transaction(async (tx) => {
    // First, because its row lock puts batches of one spool in a queue instead of into a deadlock.
    const watermark = await cover(tx, batch);
    if (batch.kind === "scans") await insertScans(tx, batch.rows);
    else await insertCalls(tx, batch.rows);
    await insertDeadLetters(tx, batch);
    return watermark;
  });
}

/** Whether a rejection speaks of the rows themselves: a value out of range, or a month that has no partition. */
export function isRefusedData(error: unknown): boolean {
  return /^(22|23)/.test(sqlState(error) ?? "");
}

async function cover(tx: Tx, { spoolId, kind, from, until }: StoredBatch): Promise<number> {
  const [row] = await tx.$queryRaw<{ watermark: bigint }[]>`
    INSERT INTO spools AS s (spool_id, kind, covered)
    VALUES (${spoolId}::uuid, ${kind}, int8multirange(int8range(${from}::bigint, ${until}::bigint)))
    ON CONFLICT (spool_id) DO UPDATE SET covered = s.covered + excluded.covered, updated_at = now()
    RETURNING CASE WHEN lower(covered) = 1 THEN (SELECT min(upper(r)) FROM unnest(covered) AS r) - 1 ELSE 0 END
      AS watermark`;
  return Number(row?.watermark ?? 0);
}

/** Rows go in and codes are locked in the order of their ids, so that two workers cannot block each other for good. */
async function insertScans(tx: Tx, rows: ScanRow[]): Promise<void> {
  if (rows.length === 0) return;
  const counts = await tx.$queryRaw<{ code_id: string; scans: number; last: Date }[]>`
    WITH inserted AS (
      INSERT INTO scans
      SELECT * FROM json_populate_recordset(NULL::scans, ${JSON.stringify(rows)}::json)
      ORDER BY scanned_at, id
      ON CONFLICT DO NOTHING
      RETURNING code_id, scanned_at
    )
    SELECT code_id, count(*)::int AS scans, max(scanned_at) AS last FROM inserted GROUP BY code_id`;
  if (counts.length === 0) return;
  const ids = counts.map((count) => count.code_id);
  await tx.$queryRaw`SELECT 1 FROM dynamic_codes WHERE id = ANY(${ids}::uuid[]) ORDER BY id FOR NO KEY UPDATE`;
  await tx.$executeRaw`
    UPDATE dynamic_codes d
    SET scan_count = d.scan_count + c.scans, last_scanned_at = greatest(d.last_scanned_at, c.last)
    FROM json_to_recordset(${JSON.stringify(counts)}::json) AS c(code_id uuid, scans int, last timestamptz)
    WHERE d.id = c.code_id`;
}

async function insertCalls(tx: Tx, rows: CallRow[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.$executeRaw`
    WITH inserted AS (
      INSERT INTO calls
      SELECT * FROM json_populate_recordset(NULL::calls, ${JSON.stringify(rows)}::json)
      ORDER BY called_at, id
      ON CONFLICT DO NOTHING
      RETURNING workspace_id, key_id, called_at, credits
    )
    INSERT INTO usage_daily AS u (workspace_id, key_id, day, renders)
    SELECT workspace_id, key_id, (called_at AT TIME ZONE 'UTC')::date AS day, sum(credits)
    FROM inserted GROUP BY workspace_id, key_id, day ORDER BY workspace_id, key_id, day
    ON CONFLICT (workspace_id, key_id, day) DO UPDATE SET renders = u.renders + excluded.renders`;
}

async function insertDeadLetters(tx: Tx, { kind, spoolId, deadLetters }: StoredBatch): Promise<void> {
  if (deadLetters.length === 0) return;
  const rows = deadLetters.map(({ sequence, record, reason }) => ({
    kind,
    spool_id: spoolId,
    sequence,
    record: storable(record, recordLengthMax),
    reason: storable(reason, reasonLengthMax),
  }));
  await tx.$executeRaw`
    INSERT INTO dead_letters (kind, spool_id, sequence, record, reason)
    SELECT kind, spool_id, sequence, record, reason
    FROM json_to_recordset(${JSON.stringify(rows)}::json)
      AS r(kind text, spool_id uuid, sequence bigint, record text, reason text)
    ON CONFLICT DO NOTHING`;
}

/** PostgreSQL keeps any text but the NUL character and half a surrogate pair. */
function storable(text: string, lengthMax: number): string {
  return text.slice(0, lengthMax).replace(/[\0\p{Surrogate}]/gu, "\uFFFD");
}
