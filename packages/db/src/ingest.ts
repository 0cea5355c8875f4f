// Taking events in: one transaction for some batches inserts their rows, counts only what was really inserted, and notes
// which numbers of their spools are covered. A batch may come twice, late, in any order and to two workers at once.
// Speaks to `pg` itself: a transaction holds thousands of rows, a column each in one array.
import pg from "pg";

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
  device: string | null;
  os: string | null;
  browser: string | null;
  language: string | null;
  referrer_host: string | null;
  country: string | null;
  region_name: string | null;
  city: string | null;
  bot_class: string | null;
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

export type EventStore = {
  /**
   * Commits batches together and returns, for each spool among them, the number up to which its records are all
   * committed (0: not even the first). Rejects as a whole; see `isRefusedData`.
   */
  store(stored: StoredBatches): Promise<Map<string, number>>;
  close(): Promise<void>;
};

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
  const pool = new pg.Pool({
    connectionString: url,
    application_name: options.name ?? "qrfactory-ingest",
    max: options.poolMax ?? poolMaxDefault,
    query_timeout: options.queryTimeoutMs ?? queryTimeoutMsDefault,
    connectionTimeoutMillis: connectTimeoutMs,
  });
  // A connection that breaks while idle is replaced at the next use; one in use tells its query.
  pool.on("error", () => {});
  return {
    async store(stored) {
      const client = await pool.connect();
      // Between two statements a break has nobody else to tell; the next statement fails by it.
      const ignore = () => {};
      client.on("error", ignore);
      let failure: Error | undefined;
      try {
        await client.query("BEGIN");
        const watermarks = await storeIn(client, stored);
        await client.query("COMMIT");
        return watermarks;
      } catch (error) {
        failure = error as Error;
        throw error;
      } finally {
        if (!failure) client.off("error", ignore);
        // After a failure nothing is known of the transaction; closing the connection ends it in any case.
        client.release(failure);
      }
    },
    close: () => pool.end(),
  };
}

/** Whether a rejection speaks of the rows themselves: a value out of range, or a month that has no partition. */
export function isRefusedData(error: unknown): boolean {
  return error instanceof pg.DatabaseError && /^(22|23)/.test(error.code ?? "");
}

/**
 * Two workers cannot block each other for good, because every transaction locks in the same order: rows by time and id,
 * codes, hours, spools. Spools come last, so that their locks are short and batches of one spool go in side by side.
 */
async function storeIn(client: pg.PoolClient, stored: StoredBatches): Promise<Map<string, number>> {
  if (stored.kind === "scans") await insertRows(client, insertScans, scanColumns, stored.batches);
  else await insertRows(client, insertCalls, callColumns, stored.batches);
  await insertDeadLetters(client, stored);
  return cover(client, stored);
}

/** Column → type, in the order in which the statement below names its arrays. */
type Columns<Row> = { [Name in Exclude<keyof Row, "sequence">]: string };

const scanColumns: Columns<ScanRow> = {
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
  bot_class: "text",
};

const callColumns: Columns<CallRow> = {
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

/** People are counted, by code and by hour; machines (`bot_class`) only by hour, apart. */
const insertScans = `
  WITH inserted AS (
    INSERT INTO scans (${namesOf(scanColumns)})
    SELECT * FROM unnest(${arraysOf(scanColumns)}) AS r(${namesOf(scanColumns)})
    ORDER BY scanned_at, id
    ON CONFLICT DO NOTHING
    RETURNING code_id, workspace_id, scanned_at, bot_class
  ), hours AS (
    SELECT code_id, workspace_id, date_bin('1 hour', scanned_at, 'epoch') AS hour,
      count(*) FILTER (WHERE bot_class IS NULL) AS scans, count(bot_class) AS bots,
      max(scanned_at) FILTER (WHERE bot_class IS NULL) AS last
    FROM inserted GROUP BY code_id, workspace_id, hour
  ), rolled_up AS (
    INSERT INTO scan_hourly AS h (code_id, hour, workspace_id, scans, bots)
    SELECT code_id, hour, workspace_id, scans, bots FROM hours ORDER BY code_id, hour, workspace_id
    ON CONFLICT (code_id, hour, workspace_id) DO UPDATE SET scans = h.scans + excluded.scans, bots = h.bots + excluded.bots
  ), counts AS (
    SELECT code_id, sum(scans) AS scans, max(last) AS last FROM hours GROUP BY code_id HAVING sum(scans) > 0
  ), locked AS (
    SELECT id FROM dynamic_codes WHERE id IN (SELECT code_id FROM counts) ORDER BY id FOR NO KEY UPDATE
  )
  UPDATE dynamic_codes d
  SET scan_count = d.scan_count + c.scans, last_scanned_at = greatest(d.last_scanned_at, c.last)
  FROM locked JOIN counts c ON c.code_id = locked.id
  WHERE d.id = locked.id`;

const insertCalls = `
  WITH inserted AS (
    INSERT INTO calls (${namesOf(callColumns)})
    SELECT * FROM unnest(${arraysOf(callColumns)}) AS r(${namesOf(callColumns)})
    ORDER BY called_at, id
    ON CONFLICT DO NOTHING
    RETURNING workspace_id, key_id, called_at, credits
  )
  INSERT INTO usage_daily AS u (workspace_id, key_id, day, renders)
  SELECT workspace_id, key_id, (called_at AT TIME ZONE 'UTC')::date AS day, sum(credits)
  FROM inserted GROUP BY workspace_id, key_id, day ORDER BY workspace_id, key_id, day
  ON CONFLICT (workspace_id, key_id, day) DO UPDATE SET renders = u.renders + excluded.renders`;

async function insertRows<Row>(
  client: pg.PoolClient,
  text: string,
  columns: Columns<Row>,
  batches: StoredBatch<Row>[],
): Promise<void> {
  const rows = batches.length === 1 ? (batches[0] as StoredBatch<Row>).rows : batches.flatMap((batch) => batch.rows);
  if (rows.length === 0) return;
  const names = Object.keys(columns) as (keyof Row)[];
  await client.query({ text, values: names.map((name) => arrayLiteral(rows.map((row) => row[name]))) });
}

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

/** Values as PostgreSQL reads an array (PostgreSQL 15, 8.15.2), which takes it two thirds of what JSON does. */
function arrayLiteral(values: unknown[]): string {
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

/** PostgreSQL keeps any text but the NUL character and half a surrogate pair. */
function storable(text: string, lengthMax: number): string {
  return text.slice(0, lengthMax).replace(/[\0\p{Surrogate}]/gu, "\uFFFD");
}
