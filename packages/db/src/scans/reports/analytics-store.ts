// The connections that reports and lists of scans are read over: a pool of their own, so that a long report never takes
// a connection from an edit. A read replica is asked first where there is one; it answers as long as it keeps up.
import { ApiError } from "@qrfactory/domain/http/errors";
import type pg from "pg";
import { sqlState } from "../../client.js";
import { openPool } from "../../connections.js";

/** A connection in a transaction that only reads. */
export type Reader = pg.ClientBase;

/** Pools for reports, of the primary and of a replica where there is one. */
export type AnalyticsStore = {
  /**
   * Runs reads in one transaction over one state of the data. Throws `overloaded` when they take too long. From a
   * replica that breaks in between, the primary is asked anew, unless `once` forbids it.
   */
  read<Result>(work: (reader: Reader) => Promise<Result>, options?: { once?: boolean }): Promise<Result>;
  /** Where the last read went. */
  lastSource(): "primary" | "replica" | null;
  close(): Promise<void>;
};

/** Addresses and limits of the pools for reports. */
export type AnalyticsStoreOptions = {
  url: string;
  /** A streaming replica of it. */
  replicaUrl?: string | undefined;
  /** Shown in pg_stat_activity. */
  name?: string;
  /** Reads at once; more wait for up to 0.9 s. Two cores are busy with as many. */
  poolMax?: number;
  /** A read that takes longer is ended. Ten times what the slowest report of ten million scans takes. */
  statementTimeoutMs?: number;
};

const poolMaxDefault = 6;
const statementTimeoutMsDefault = 8_000;
/** The server ends a statement first; this is for one that is frozen. */
const frozenAfterMs = 1_000;
const connectTimeoutMs = 900;
/** A replica that was away or behind is asked again after this time. */
const replicaPauseMs = 5_000;
/** How old a comparison of replica and primary may be. */
const lagCheckedMs = 1_000;
/** A server that does not say within this time where it is counts as away. */
const positionTimeoutMs = 500;
/** A replica that lacks more of the log than this is not asked: about a second of a busy ingest. */
const lagBytesMax = 16 * 1024 * 1024;
/**
 * Groups are counted in memory, where the default of 4 MB sends them to the disk, and by hashing: PostgreSQL expects
 * few elements in the arrays of a summary and would sort them all, which takes twice as long.
 */
const settings = "SET LOCAL work_mem = '64MB'; SET LOCAL enable_sort = off; SET LOCAL jit = off";

/** Opens no connection before the first read. */
export function openAnalyticsStore(options: AnalyticsStoreOptions): AnalyticsStore {
  const { statementTimeoutMs = statementTimeoutMsDefault } = options;
  const open = (url: string) =>
    openPool({
      connectionString: url,
      application_name: options.name ?? "qrfactory-analytics",
      max: options.poolMax ?? poolMaxDefault,
      query_timeout: statementTimeoutMs + frozenAfterMs,
      connectionTimeoutMillis: connectTimeoutMs,
    });
  const primary = open(options.url);
  const replica = options.replicaUrl ? open(options.replicaUrl) : null;
  let replicaUntil = 0;
  let replicaAgainAt = 0;
  let source: ReturnType<AnalyticsStore["lastSource"]> = null;

  /** Whether the replica keeps up. When the primary is away, it is all there is. */
  async function isReplicaCurrent(pool: pg.Pool): Promise<boolean> {
    const now = Date.now();
    if (now < replicaUntil) return true;
    if (now < replicaAgainAt) return false;
    try {
      const ask = (from: pg.Pool, text: string, values: unknown[] = []) =>
        from.query({ text, values, query_timeout: positionTimeoutMs } as pg.QueryConfig);
      const reached = await ask(pool, "SELECT pg_last_wal_replay_lsn()::text AS lsn");
      const lsn: string | null = reached.rows[0]?.lsn;
      if (!lsn) throw new Error("The database for reading is no replica.");
      const difference = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), $1)::float8 AS bytes";
      const behind = await ask(primary, difference, [lsn]).catch(() => null);
      if ((behind?.rows[0]?.bytes ?? 0) > lagBytesMax) throw new Error("The replica is behind.");
      replicaUntil = now + lagCheckedMs;
      return true;
    } catch {
      replicaAgainAt = now + replicaPauseMs;
      return false;
    }
  }

  async function readFrom<Result>(pool: pg.Pool, work: (reader: Reader) => Promise<Result>): Promise<Result> {
    const client = await pool.connect();
    const ignore = () => {};
    client.on("error", ignore);
    let failure: Error | undefined;
    try {
      await client.query(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
        SET LOCAL statement_timeout = ${statementTimeoutMs}; ${settings}`);
      const result = await work(client);
      await client.query("COMMIT");
      return result;
    } catch (error) {
      // A refusal of ours says nothing against the connection; after anything else nothing is known of it.
      const isWhole = error instanceof ApiError && (await client.query("ROLLBACK").then(isDone, hasFailed));
      if (!isWhole) failure = error as Error;
      throw isCancelled(error) ? tooLong(error) : error;
    } finally {
      client.off("error", ignore);
      client.release(failure);
    }
  }

  return {
    async read(work, { once = false } = {}) {
      if (replica && (await isReplicaCurrent(replica))) {
        source = "replica";
        try {
          return await readFrom(replica, work);
        } catch (error) {
          if (error instanceof ApiError || once) throw error;
          replicaUntil = 0;
          replicaAgainAt = Date.now() + replicaPauseMs;
        }
      }
      source = "primary";
      return readFrom(primary, work);
    },
    lastSource: () => source,
    close: async () => {
      await Promise.all([primary.end(), replica?.end()]);
    },
  };
}

const isDone = () => true;
const hasFailed = () => false;

/** SQLSTATE 57014: the server ended a statement at its timeout. A replica may say so for its own reasons, too. */
const isCancelled = (error: unknown) => sqlState(error) === "57014";

const tooLong = (cause: unknown) =>
  new ApiError("overloaded", "There are too many scans to read in time; ask for a shorter range.", { cause });
