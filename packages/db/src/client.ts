// Opens the database. Everything that speaks SQL lives in this package, one file a noun, as functions that take `Db`
// or, where they must share a transaction, `Tx`.

import { PrismaPg } from "@prisma/adapter-pg";
import { minuteMs } from "@qrfactory/domain/duration";
import { ApiError } from "@qrfactory/domain/http/errors";
import pg from "pg";
import { Prisma, PrismaClient } from "./generated/client.js";

/** The pool of connections; each call may use another one. */
export type Db = PrismaClient;
/** One transaction on one connection. */
export type Tx = Prisma.TransactionClient;

/**
 * The server's own `statement_timeout` cannot fire while the server is frozen, so the client ends the wait. A request
 * that waits for a connection first and for its answer then is still refused within 2 s: 900 + 1,000 ms.
 */
const queryTimeoutMsDefault = 1_000;
/** Opening a connection takes 5 ms on loopback, 30 ms in a cloud; waiting for one of a busy pool counts, too. */
const connectTimeoutMs = 900;
/** Connections are kept through quiet minutes, so that a burst does not begin with ten handshakes. */
const idleTimeoutMs = 5 * minuteMs;
/** How long a transaction may take to begin before its request is answered with 503. */
const transactionWaitMsMax = 1_900;
/** How long a transaction may be open: longer than any of ours, shorter than a client's patience. */
const transactionMsMax = 10_000;
const poolMaxDefault = 10;

/** Limits of a pool. */
export type DatabaseOptions = {
  /** Shown in pg_stat_activity. */
  name?: string;
  poolMax?: number;
  /** A caller with more patience than a request has it for a connection and for the begin of a transaction, too. */
  queryTimeoutMs?: number;
};

/** For programs that rather wait for a busy machine than be refused: drills and tests. */
export const withPatience = { queryTimeoutMs: 30_000 } satisfies DatabaseOptions;

/**
 * Stands first in a statement that requests run by the hundred: its connection keeps it parsed and planned. Only for
 * texts that never change and reach rows by a whole key, whatever the values: one plan serves all.
 */
export const prepared = Prisma.raw("/* prepared */");

const preparedNames = new Map<string, string>();

/** A name for a statement marked `prepared`; empty for all others, which are parsed each time. */
function nameOf({ sql }: { sql: string }): string {
  if (!sql.startsWith(prepared.sql)) return "";
  const name = preparedNames.get(sql) ?? `qrf_${preparedNames.size}`;
  preparedNames.set(sql, name);
  return name;
}

/** A pool of connections; opens none before the first query. End it with `$disconnect()`. */
export function connectDatabase(url: string, options: DatabaseOptions = {}): Db {
  const { queryTimeoutMs = queryTimeoutMsDefault } = options;
  const patienceMs = queryTimeoutMs > queryTimeoutMsDefault ? queryTimeoutMs : 0;
  const adapter = new PrismaPg(
    {
      connectionString: url,
      application_name: options.name ?? "qrfactory",
      max: options.poolMax ?? poolMaxDefault,
      query_timeout: queryTimeoutMs,
      connectionTimeoutMillis: Math.max(connectTimeoutMs, patienceMs),
      idleTimeoutMillis: idleTimeoutMs,
    },
    { statementNameGenerator: nameOf },
  );
  return new PrismaClient({
    adapter,
    transactionOptions: { maxWait: Math.max(transactionWaitMsMax, patienceMs), timeout: transactionMsMax },
  });
}

/** Asks the database for one row; rejects when it does not answer. */
export async function probeDatabase(db: Db): Promise<void> {
  await db.$queryRaw`SELECT 1`;
}

/** Bytes as Prisma takes them. */
export const bytes = (buffer: Buffer) => Uint8Array.from(buffer);

type DriverCause = { originalCode?: string; kind?: string };

/** The five-character SQLSTATE of a failed query, or null when the failure was not the server's word. */
export function sqlState(error: unknown): string | null {
  if (error instanceof pg.DatabaseError) return error.code ?? null;
  if (!(error instanceof Prisma.PrismaClientKnownRequestError)) return null;
  const { driverAdapterError } = (error.meta ?? {}) as { driverAdapterError?: { cause?: DriverCause } };
  return driverAdapterError?.cause?.originalCode ?? null;
}

/** Whether a write was refused because a unique value is taken (SQLSTATE 23505). */
export function isTaken(error: unknown): boolean {
  if (sqlState(error) === "23505") return true;
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === "P2002";
}

/** Whether a statement gave up waiting for a lock (SQLSTATE 55P03). */
export function isLockTimeout(error: unknown): boolean {
  return sqlState(error) === "55P03";
}

/** Prisma's own codes for "could not reach or wait for the database". */
const unreachableCodes = new Set(["P1001", "P1002", "P1008", "P1017", "P2024", "P2028"]);

/** SQLSTATE classes of a server that is going, coming, full or out of resources. */
const unavailableClasses = /^(08|53|57P|58)/;

const unreachableMessages =
  /read timeout|timeout exceeded when trying to connect|Connection terminated|ECONNREFUSED|ECONNRESET|EPIPE|not queryable|connection timeout/i;

/** An `unavailable` problem when the error says that the database is away, frozen or full; undefined for any other. */
export function databaseProblem(error: unknown): ApiError | undefined {
  if (!(error instanceof Error) || error instanceof ApiError) return undefined;
  const state = sqlState(error);
  const code = error instanceof Prisma.PrismaClientKnownRequestError ? error.code : "";
  const away =
    (state !== null && unavailableClasses.test(state)) ||
    unreachableCodes.has(code) ||
    unreachableMessages.test(error.message);
  if (!away) return undefined;
  return new ApiError("unavailable", "The database does not answer right now; nothing was changed.", { cause: error });
}
