// Taking events in: one transaction for some batches inserts their rows, counts only what was really inserted, and
// notes which numbers of their spools are covered. A batch may come twice, late, in any order and to two workers at
// once. Speaks to `pg` itself: a transaction holds thousands of rows, a column each in one array.
import type pg from "pg";
import { sqlState } from "../../client.js";
import { openPool, withClient } from "../../connections.js";
import { makeNamePlaces } from "./routing-names.js";
import type { CallRow, ScanRow } from "./rows.js";
import { arrayLiteral, type Columns, callColumns, insertCalls, insertScans, scanColumns } from "./statements.js";

/** A record that can never become a row; kept with its reason, so that somebody can look. */
export type DeadLetter = { sequence: number; record: string; reason: string };

/** Consecutive records of one spool: everything numbered in `[from, until)` that still exists. */
export type StoredBatch<Row = ScanRow | CallRow> = {
  spoolId: string;
  from: number;
  until: number;
  rows: Row[];
  deadLetters: DeadLetter[];
};

/** Batches of one kind, of one spool or several; a transaction. */
export type StoredBatches =
  | { kind: "scans"; batches: StoredBatch<ScanRow>[] }
  | { kind: "calls"; batches: StoredBatch<CallRow>[] };

/** Storage of events over connections of its own. */
export type EventStore = {
  /**
   * Commits batches together and returns, for each spool among them, the number up to which its records are all
   * committed (0: not even the first). Rejects as a whole; see `isRefusedData`.
   */
  store(stored: StoredBatches): Promise<Map<string, number>>;
  close(): Promise<void>;
};

/** Limits of the connections that events are stored over. */
export type EventStoreOptions = {
  /** Shown in pg_stat_activity. */
  name?: string;
  /** Transactions at once; default 3. */
  poolMax?: number;
  /** A statement that takes longer fails: the server is frozen. Far above any of ours; default 5 s. */
  queryTimeoutMs?: number;
};

const poolMaxDefault = 3;
const queryTimeoutMsDefault = 5_000;
const connectTimeoutMs = 900;

/** Longest record and reason kept of a dead letter, in characters. */
const recordLengthMax = 16_384;
const reasonLengthMax = 500;

/** A pool of connections for taking events in; opens none before the first batch. */
export function openEventStore(url: string, options: EventStoreOptions = {}): EventStore {
  const pool = openPool({
    connectionString: url,
    application_name: options.name ?? "qrfactory-ingest",
    max: options.poolMax ?? poolMaxDefault,
    query_timeout: options.queryTimeoutMs ?? queryTimeoutMsDefault,
    connectionTimeoutMillis: connectTimeoutMs,
  });
  const namePlaces = makeNamePlaces();
  return {
    store: (stored) =>
      withClient(pool, async (client) => {
        await client.query("BEGIN");
        if (stored.kind === "scans") await namePlaces(client, rowsOf(stored.batches));
        const watermarks = await storeIn(client, stored);
        await client.query("COMMIT");
        return watermarks;
      }),
    close: () => pool.end(),
  };
}

/** Whether a rejection speaks of the rows themselves: a value out of range, or a month that has no partition. */
export function isRefusedData(error: unknown): boolean {
  return /^(22|23)/.test(sqlState(error) ?? "");
}

/**
 * Two workers cannot block each other for good, because every transaction locks in the same order: rows by time and id,
 * codes, hours, months, summaries, spools. Spools come last, so that their locks are short and batches of one spool go
 * in side by side.
 */
async function storeIn(client: pg.PoolClient, stored: StoredBatches): Promise<Map<string, number>> {
  if (stored.kind === "scans") await insertRows(client, insertScans, scanColumns, stored.batches);
  else await insertRows(client, insertCalls, callColumns, stored.batches);
  await insertDeadLetters(client, stored);
  return cover(client, stored);
}

async function insertRows<Row>(
  client: pg.PoolClient,
  text: string,
  columns: Columns<Row>,
  batches: StoredBatch<Row>[],
): Promise<void> {
  const rows = rowsOf(batches);
  if (rows.length === 0) return;
  const names = Object.keys(columns) as (keyof Row)[];
  await client.query({ text, values: names.map((name) => arrayLiteral(rows.map((row) => row[name]))) });
}

const rowsOf = <Row>(batches: StoredBatch<Row>[]): Row[] =>
  batches.length === 1 ? (batches[0] as StoredBatch<Row>).rows : batches.flatMap((batch) => batch.rows);

async function cover(client: pg.PoolClient, { kind, batches }: StoredBatches): Promise<Map<string, number>> {
  const { rows } = await client.query<{ spool_id: string; watermark: string }>({
    text: `
      INSERT INTO spools AS s (spool_id, kind, covered)
      SELECT spool_id, $1, range_agg(int8range("from", until))
      FROM unnest($2::uuid[], $3::bigint[], $4::bigint[]) AS b(spool_id, "from", until)
      GROUP BY spool_id ORDER BY spool_id
      ON CONFLICT (spool_id) DO UPDATE SET covered = s.covered + excluded.covered, updated_at = now()
      RETURNING spool_id,
        CASE WHEN lower(covered) = 1 THEN (SELECT min(upper(r)) FROM unnest(covered) AS r) - 1 ELSE 0 END AS watermark`,
    values: [
      kind,
      batches.map((batch) => batch.spoolId),
      batches.map((batch) => batch.from),
      batches.map((batch) => batch.until),
    ],
  });
  return new Map(rows.map((row) => [row.spool_id, Number(row.watermark)]));
}

async function insertDeadLetters(client: pg.PoolClient, { kind, batches }: StoredBatches): Promise<void> {
  const letters = batches
    .flatMap(({ spoolId, deadLetters }) => deadLetters.map((letter) => ({ spoolId, ...letter })))
    .sort((a, b) => (a.spoolId < b.spoolId ? -1 : a.spoolId > b.spoolId ? 1 : a.sequence - b.sequence));
  if (letters.length === 0) return;
  await client.query({
    text: `
      INSERT INTO dead_letters (kind, spool_id, sequence, record, reason)
      SELECT $1, * FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::text[])
      ON CONFLICT DO NOTHING`,
    values: [
      kind,
      letters.map((letter) => letter.spoolId),
      letters.map((letter) => letter.sequence),
      letters.map((letter) => storable(letter.record, recordLengthMax)),
      letters.map((letter) => storable(letter.reason, reasonLengthMax)),
    ],
  });
}

/** PostgreSQL keeps any text but the NUL character and half a surrogate pair. */
function storable(text: string, lengthMax: number): string {
  return text.slice(0, lengthMax).replace(/[\0\p{Surrogate}]/gu, "\uFFFD");
}
