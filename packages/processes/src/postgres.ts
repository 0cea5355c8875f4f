// A private PostgreSQL server: made with initdb where the directory is empty, run in the foreground as our child, on
// TCP of 127.0.0.1 only. The local stack runs it durably; tests trade durability for speed.
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { freePort } from "./ports.js";
import { findPostgresProgram, prepareCluster } from "./postgres-cluster.js";
import { isRunning, killProcessesIn, processesWithParent } from "./proc.js";
import { type ProcessExit, type StartedProcess, startProcess } from "./process.js";
import { until } from "./until.js";

/** Place and limits of a private PostgreSQL. */
export type PostgresOptions = {
  /** Where the data lives; made when missing. As root it is owned by the user `postgres`. */
  dataDirectory: string;
  /** A free one below 32768 unless told. */
  port?: number;
  /** Of the superuser `qrfactory`; only set when the directory is empty. */
  password?: string;
  /** False gives up fsync: several times faster to fill, worthless after a power cut. Only for tests. */
  durable?: boolean;
  /** Dies with this process, even by SIGKILL. Only for tests; unless told, on exactly when not durable. */
  leashed?: boolean;
  /** Connections that clients may open at once. */
  connectionsMax?: number;
  /** Where the server's own messages go; `postgres.log` beside its data unless told. */
  logFile?: string;
  /** Told in a sentence what takes time or turned out otherwise than asked. */
  log?: (sentence: string) => void;
};

/** A running private PostgreSQL. */
export type Postgres = {
  /** `postgres://…` of a database, `qrfactory` unless told. */
  url(database?: string): string;
  port: number;
  /** Of the postmaster. */
  pid: number;
  /** Where the data really is; differs from what was asked when `postgres` could not enter that directory. */
  dataDirectory: string;
  exited: Promise<ProcessExit>;
  lastLines(count?: number): string[];
  /** Ends all sessions, writes a checkpoint and waits until every process of the server is gone. */
  stop(graceMs?: number): Promise<void>;
  /** SIGKILL to the postmaster and all its processes, as a crash would. */
  kill(): Promise<void>;
  /** SIGSTOP to every process of the server: connections stay open and nothing answers. */
  freeze(): void;
  thaw(): void;
};

/** The role that owns everything in a private server. */
export const postgresUser = "qrfactory";
/** Password of the superuser where none is given, as in tests. */
export const postgresPasswordDefault = "qrfactory";

/** Management, worker, render and tests with a pool each; PostgreSQL's own default is 100. */
const connectionsMaxDefault = 200;

/** A crash with a lot of WAL replays for a while; on a healthy machine a start takes 0.2 s. */
const startTimeoutMs = 60_000;
const connectTimeoutMs = 1_000;
const stopGraceMsDefault = 10_000;

/** Starts the server and returns once it answers a query. Throws with the server's last words when it does not. */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const { durable = true, leashed = !durable, log = () => {} } = options;
  const password = options.password ?? postgresPasswordDefault;
  const cluster = await prepareCluster({ ...options, password, durable, log });
  const { dataDirectory } = cluster;
  await clearLeftovers(dataDirectory, log);

  const port = options.port ?? (await freePort());
  const settings: Record<string, string> = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: "",
    max_connections: String(options.connectionsMax ?? connectionsMaxDefault),
    logging_collector: "off",
    timezone: "UTC",
    log_timezone: "UTC",
    lc_messages: "C",
    ...(durable ? {} : { fsync: "off", synchronous_commit: "off", full_page_writes: "off", autovacuum: "off" }),
  };
  const logFile = options.logFile ?? `${dataDirectory}.log`;
  const child = await startProcess({
    command: findPostgresProgram("postgres"),
    args: ["-D", dataDirectory, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
    cwd: dataDirectory,
    ...cluster.owner,
    logFile,
    leashed,
  });

  const url = (database: string = postgresUser) =>
    `postgres://${postgresUser}:${encodeURIComponent(password)}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
  try {
    await ready(child, url("postgres"), dataDirectory);
  } catch (error) {
    child.kill("SIGQUIT");
    throw error;
  }

  const everyProcess = () => [child.pid, ...processesWithParent(child.pid)];
  return {
    url,
    port,
    pid: child.pid,
    dataDirectory,
    exited: child.exited,
    lastLines: child.lastLines,
    async stop(graceMs = stopGraceMsDefault) {
      // SIGINT is the "fast" shutdown: sessions are ended, then a checkpoint is written.
      await child.stop("SIGINT", graceMs);
      killProcessesIn(dataDirectory, "postgres");
    },
    async kill() {
      for (const pid of everyProcess()) signal(pid, "SIGKILL");
      await child.exited;
    },
    freeze() {
      for (const pid of everyProcess()) signal(pid, "SIGSTOP");
    },
    thaw() {
      for (const pid of everyProcess()) signal(pid, "SIGCONT");
    },
  };
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone between the look and the signal.
  }
}

/** Where processes that were killed are not gone by then, they hang in the kernel. */
const endTimeoutMs = 5_000;

/**
 * After a SIGKILL of the postmaster its children hold the shared memory for a moment, or for ever when frozen. And its
 * pid file stops the next server as long as anything has that id, were it a zombie that nobody collects.
 */
async function clearLeftovers(dataDirectory: string, log: (sentence: string) => void): Promise<void> {
  const pidFile = join(dataDirectory, "postmaster.pid");
  if (!existsSync(pidFile)) return;
  const ended = killProcessesIn(dataDirectory, "postgres");
  if (ended.length > 0) log(`PostgreSQL was not stopped properly; ended ${ended.length} of its processes.`);
  await until(() => !ended.some(isRunning), { timeoutMs: endTimeoutMs, what: "The end of the old PostgreSQL" });
  // Only /proc can tell that nobody works here; elsewhere the server itself has to decide.
  if (process.platform === "linux") rmSync(pidFile, { force: true });
}

/** Pause between two attempts to connect: short at first, and longer in a recovery, whose log each attempt adds to. */
const connectPauseMsMin = 20;
const connectPauseMsMax = 160;

/** Returns once the server takes a connection and answers, and the database `qrfactory` exists. */
async function ready(child: StartedProcess, url: string, dataDirectory: string): Promise<void> {
  const endsAt = performance.now() + startTimeoutMs;
  for (let pauseMs = connectPauseMsMin; ; pauseMs = Math.min(pauseMs * 2, connectPauseMsMax)) {
    if (!child.isAlive()) {
      throw new Error(`PostgreSQL did not start. Its last words:\n${child.lastLines().join("\n")}`);
    }
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: connectTimeoutMs });
    // An error after the connection was made is told by the query, too.
    client.on("error", () => {});
    try {
      await client.connect();
      const [setting] = (await client.query("SHOW data_directory")).rows;
      if (setting.data_directory !== dataDirectory) throw new Error("The port is taken by another PostgreSQL.");
      const found = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [postgresUser]);
      if (found.rowCount === 0) await client.query(`CREATE DATABASE ${postgresUser}`);
      return;
    } catch (error) {
      const code = (error as { code?: string }).code;
      // Not listening yet, or still recovering (57P03 cannot_connect_now): ask again. A wrong password never heals.
      if (code === "28P01" || performance.now() > endsAt) throw error;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    } finally {
      await client.end().catch(() => {});
    }
  }
}
