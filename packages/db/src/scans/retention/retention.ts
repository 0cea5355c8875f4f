// Retention: rows and months whose window is over go. One run at a time, in batches, and nothing but the tables
// themselves says where it was, so a run that was cut short is simply run again. Speaks to `pg` itself: the lock that
// keeps runs apart belongs to a connection.
//
// A clock that has jumped ahead would make everything look old. So a run refuses when its machine and the database
// disagree about the time, and when far more time has passed since the last run than runs are ever apart.
import { dayMs, minuteMs } from "@qrfactory/domain/duration";
import pg from "pg";
import { isLockTimeout } from "../../client.js";
import { type RetentionRule, retentionRules } from "./rules.js";

/** Rows that go in one statement: short locks, however much has piled up. */
const batchRowsMax = 5_000;
/** A month that cannot be locked in this time, because somebody reads it, goes in the next run. */
const lockWaitMs = 2_000;
/** A batch that takes longer fails, and the run with it: the server is frozen. */
const queryTimeoutMs = minuteMs;
/** Machines that keep time differ by milliseconds. */
const clockSkewMsMax = 5 * 60 * 1000;
/** Runs are an hour apart; this long without any is a stack that was off, or a clock that jumped: a person decides. */
const pauseDaysMax = 45;
/** The lock that keeps two runs apart, for everybody of this product. */
const lockKey = 7_211_190_041;

/** Rows that went, or in a dry run would go. */
export type Removal = {
  table: string;
  /** The partition that goes as a whole; null where single rows do. */
  partition: string | null;
  /** Null for a partition that was dropped without counting. */
  rows: number | null;
  /** On disk for a partition, of the rows' content else; null where rows were deleted and not measured. */
  bytes: number | null;
};

/** Outcome of a run. */
export type RetentionReport =
  | { outcome: "done"; removed: Removal[] }
  /** Another run is under way; it does all that this one would have. */
  | { outcome: "busy" }
  /** The clocks cannot be trusted; nothing was removed. */
  | { outcome: "refused"; reason: string };

/** Conditions of a run. */
export type RetentionOptions = {
  /** Look and report, remove nothing. */
  isDryRun?: boolean;
  /** A person has looked at the clocks: the time since the last run may be any. */
  acceptsPause?: boolean;
  /** Fires when the run is to end between two batches. */
  signal?: AbortSignal;
  /** The machine's clock. */
  now?: () => number;
};

/** Runs retention once on a database; rejects when it is away or frozen. May be called anywhere at any time. */
export async function runRetention(databaseUrl: string, options: RetentionOptions = {}): Promise<RetentionReport> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: "qrfactory-retention",
    query_timeout: queryTimeoutMs,
    options: `-c lock_timeout=${lockWaitMs}`,
  });
  await client.connect();
  try {
    const { rows } = await client.query<{ held: boolean }>("SELECT pg_try_advisory_lock($1) AS held", [lockKey]);
    if (!rows[0]?.held) return { outcome: "busy" };
    const reason = await findClockProblem(client, options);
    if (reason) return { outcome: "refused", reason };
    const removed: Removal[] = [];
    for (const rule of retentionRules) removed.push(...(await applyRule(client, rule, options)));
    if (!options.isDryRun && !options.signal?.aborted) {
      await client.query("INSERT INTO retention_runs (removed) VALUES ($1)", [JSON.stringify(removed)]);
    }
    return { outcome: "done", removed };
  } finally {
    await client.end();
  }
}

/** Why the time cannot be trusted, as a sentence; null when it can. */
async function findClockProblem(client: pg.Client, options: RetentionOptions): Promise<string | null> {
  const { acceptsPause = false, now = Date.now } = options;
  const { rows } = await client.query<{ now: Date; last: Date | null; newest: Date | null }>(`
    SELECT clock_timestamp() AS now, (SELECT max(ran_at) FROM retention_runs) AS last,
      greatest((SELECT max(scanned_at) FROM scans), (SELECT max(called_at) FROM calls),
               (SELECT max(at) FROM audit_events)) AS newest`);
  const [row] = rows;
  if (!row) return "The database did not tell the time.";
  const skewMs = Math.abs(now() - row.now.getTime());
  if (skewMs > clockSkewMsMax) {
    return `This machine's clock and the database's differ by ${Math.round(skewMs / 1000)} s; set them right.`;
  }
  // New rows carry the time of a clock that has jumped, the last run does not: rows speak only where there was no run.
  const known = row.last ?? row.newest;
  const days = known ? (row.now.getTime() - known.getTime()) / dayMs : 0;
  if (acceptsPause || days <= pauseDaysMax) return null;
  const since = row.last ? "last run" : "newest row";
  return (
    `The database's clock says ${row.now.toISOString()}, ${Math.floor(days)} days after the ${since}; ` +
    "if that is right, " +
    "run `qrfactory-admin retention --accept-clock` once."
  );
}

/** That the workspace `w` of a row `t` keeps it longer than everybody's window. */
const keepsLonger = ({ column }: RetentionRule) => `t.${column} >= now() - make_interval(months => w.retention_months)`;

/** That a row `t` is kept no longer; $1 is the window. */
function isOver(rule: RetentionRule): string {
  const longer = `EXISTS (SELECT FROM workspaces w WHERE w.id = t.workspace_id AND ${keepsLonger(rule)})`;
  const conditions = [`t.${rule.column} <= now() - $1::interval`];
  if (rule.mayBeLonger) conditions.push(`NOT ${longer}`);
  if (rule.only) conditions.push(rule.only);
  return conditions.join(" AND ");
}

async function applyRule(client: pg.Client, rule: RetentionRule, options: RetentionOptions): Promise<Removal[]> {
  if (!rule.isPartitioned) return removeRows(client, rule, rule.table, options);
  const removed: Removal[] = [];
  for (const partition of await findOldPartitions(client, rule)) {
    if (options.signal?.aborted) break;
    const { rows } = await client.query<{ kept: boolean }>(
      `SELECT EXISTS (SELECT FROM ${partition} t JOIN workspaces w ON w.id = t.workspace_id
                      WHERE ${keepsLonger(rule)}) AS kept`,
    );
    if (rows[0]?.kept) removed.push(...(await removeRows(client, rule, partition, options)));
    else removed.push(...(await dropPartition(client, rule, partition, options)));
  }
  return removed;
}

/** Partitions whose last moment is over, oldest first; names are the database's own, as it quotes them. */
async function findOldPartitions(client: pg.Client, { table, window }: RetentionRule): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT c.oid::regclass::text AS name
     FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = $1::regclass
       AND substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \\(''([^'']+)''\\)')::timestamptz
         <= now() - $2::interval
     ORDER BY c.relname`,
    [table, window],
  );
  return rows.map(({ name }) => name);
}

async function dropPartition(
  client: pg.Client,
  { table }: RetentionRule,
  partition: string,
  { isDryRun }: RetentionOptions,
): Promise<Removal[]> {
  const size = "SELECT pg_total_relation_size($1::regclass) AS bytes";
  const { rows } = await client.query<{ bytes: string }>(size, [partition]);
  const bytes = Number(rows[0]?.bytes);
  if (isDryRun) {
    const counted = await client.query<{ rows: string }>(`SELECT count(*) AS rows FROM ${partition}`);
    return [{ table, partition, rows: Number(counted.rows[0]?.rows), bytes }];
  }
  try {
    await client.query(`DROP TABLE ${partition}`);
    return [{ table, partition, rows: null, bytes }];
  } catch (error) {
    // Somebody reads it: it goes in the next run, and everything else in this one.
    if (isLockTimeout(error)) return [];
    throw error;
  }
}

async function removeRows(
  client: pg.Client,
  rule: RetentionRule,
  from: string,
  { isDryRun, signal }: RetentionOptions,
): Promise<Removal[]> {
  const condition = isOver(rule);
  if (isDryRun) {
    const { rows } = await client.query<{ rows: string; bytes: string }>(
      `SELECT count(*) AS rows, coalesce(sum(pg_column_size(t.*)), 0) AS bytes FROM ${from} t WHERE ${condition}`,
      [rule.window],
    );
    return asRemovals(rule.table, Number(rows[0]?.rows), Number(rows[0]?.bytes));
  }
  let count = 0;
  while (!signal?.aborted) {
    const { rowCount } = await client.query(
      `DELETE FROM ${from} WHERE ctid = ANY(ARRAY(` +
        `SELECT t.ctid FROM ${from} t WHERE ${condition} LIMIT ${batchRowsMax}))`,
      [rule.window],
    );
    count += rowCount ?? 0;
    if ((rowCount ?? 0) < batchRowsMax) break;
  }
  return asRemovals(rule.table, count, null);
}

const asRemovals = (table: string, rows: number, bytes: number | null): Removal[] =>
  rows > 0 ? [{ table, partition: null, rows, bytes }] : [];
