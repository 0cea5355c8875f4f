// The stack under a drill: PostgreSQL, the state Redis, redirect regions with a replica each, and the worker, every one
// a process of its own on loopback, as compiled, to be killed and frozen at will.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createAccount } from "@qrfactory/db/accounts/accounts";
import { type Actor, noOrigin } from "@qrfactory/db/audit/audit";
import { connectDatabase, type Db, withPatience } from "@qrfactory/db/client";
import { createCode } from "@qrfactory/db/codes/creation";
import { migrate } from "@qrfactory/db/migrate";
import { freePort } from "@qrfactory/processes/ports";
import { type Postgres, startPostgres } from "@qrfactory/processes/postgres";
import { type StartedProcess, startScript } from "@qrfactory/processes/process";
import { type Redis, startRedis } from "@qrfactory/processes/redis";
import { type Sentinels, startSentinels } from "@qrfactory/processes/sentinel";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { createTestDatabase, testPostgresVariable } from "@qrfactory/testing/database";
import type { TcpProxy } from "@qrfactory/testing/proxy";

/** Parts of the stack that a drill asks for. */
export type RigOptions = {
  /** Redirect regions; default 1. */
  regions?: number;
  /** How often a region writes a snapshot; default 1. */
  snapshotSeconds?: number;
  /** A PostgreSQL that may be frozen and killed. Else a database of the test runner's server, where there is one. */
  ownPostgres?: boolean;
  /** The state Redis has a replica that three Sentinels promote when it is gone; every client is told of them only. */
  sentinels?: boolean;
  /** Makes the line over which the regions reach the state Redis; default: directly. */
  line?: (target: { port: number }) => Promise<TcpProxy>;
};

/** A redirect region with a replica of its own. */
export type Region = {
  name: string;
  url: string;
  replica: Redis;
  /** The process that runs now. */
  process: StartedProcess;
  /** The same again, on the same port and directories, once the process has ended; returns when it listens. */
  start(): Promise<void>;
  /** Its own status document; rejects while it does not answer. */
  status(): Promise<Status>;
};

/** A status document. */
export type Status = { status: string; components: Record<string, Record<string, unknown> & { status: string }> };

/** Place and neighbours of a region. */
export type RegionOptions = {
  name: string;
  /** Of the Redis that the region's replica follows. */
  primaryUrl: string;
  stateUrl: string;
  /** Default: one in the rig's directory. */
  spoolDirectory?: string;
  snapshotSeconds?: number | undefined;
};

/** The running stack of a drill. */
export type Rig = {
  directory: string;
  postgres: Postgres | null;
  state: Redis;
  sentinels: Sentinels | undefined;
  line: TcpProxy | undefined;
  worker: StartedProcess;
  regions: Region[];
  db: Db;
  workspaceId: string;
  shortIds: string[];
  /** Adds a region and returns it once it serves. */
  addRegion(options: Partial<RegionOptions> & { name: string }): Promise<Region>;
  /** The management API; returns its address once it listens. */
  startManagement(): Promise<string>;
  /** After a kill: on the same port and directory. */
  restartPostgres(): Promise<void>;
  /** Undone before what was started earlier. */
  onClose(undo: () => Promise<unknown>): void;
  close(): Promise<void>;
};

const services = fileURLToPath(new URL("../../../services/", import.meta.url));
const codeCount = 50;

/** The editor of codes in a drill. */
export const drillActor: Actor = { kind: "operator", id: "drill", ...noOrigin };

/** A start on a busy machine; idle it takes half a second. */
const startTimeoutMs = 30_000;
const askTimeoutMs = 1_000;
/** Of a request that is put off. */
const triesMax = 10;

/** Starts everything and returns once every region serves every code. */
export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const temp = makeTempDirectory("qrfactory-drill-");
  const directory = temp.path;
  /** Undone last first. */
  const undos: (() => Promise<unknown>)[] = [async () => temp.remove()];
  const close = async () => {
    for (const undo of undos.splice(0).reverse()) await undo();
  };
  try {
    const database = await startDatabase(options.ownPostgres === true, directory);
    undos.push(database.close);
    const db = connectDatabase(database.url, { ...withPatience, name: "drill" });
    undos.push(() => db.$disconnect());
    const { workspaceId, shortIds } = await makeCodes(db);

    const state = await startRedis({ role: "state", durable: false, dataDirectory: join(directory, "state") });
    undos.push(() => state.stop());
    const sentinels = options.sentinels ? await startStandby(directory, state, undos) : undefined;
    const stateUrl = sentinels?.url ?? state.url;
    const line = await options.line?.(state);
    undos.push(async () => line?.close());
    const lineUrl = line && `redis://127.0.0.1:${line.port}`;
    const management = managementEnvironment(database.url, stateUrl);
    const worker = await startService("management/dist/processes/worker.js", { ...management, PORT: "0" });
    undos.push(() => worker.stop());

    const rig: Rig = {
      directory,
      postgres: database.postgres,
      state,
      sentinels,
      line,
      worker,
      regions: [],
      db,
      workspaceId,
      shortIds,
      async addRegion(region) {
        const started = await startRegion({
          directory,
          primaryUrl: lineUrl ?? state.url,
          stateUrl: lineUrl ?? stateUrl,
          snapshotSeconds: options.snapshotSeconds,
          ...region,
        });
        undos.push(
          () => started.replica.stop(),
          () => started.process.stop(),
        );
        const isUp = async () => {
          const { status, components } = await started.status();
          return status === "ok" && components.snapshots?.written_at;
        };
        await until(isUp, { timeoutMs: startTimeoutMs, what: "A region with a snapshot" });
        rig.regions.push(started);
        return started;
      },
      async startManagement() {
        const port = await freePort();
        const api = await startService("management/dist/processes/api.js", { ...management, PORT: String(port) });
        undos.push(() => api.stop());
        return `http://127.0.0.1:${port}`;
      },
      async restartPostgres() {
        rig.postgres = await database.restart();
      },
      onClose: (undo) => void undos.push(undo),
      close,
    };
    for (let n = 1; n <= (options.regions ?? 1); n++) await rig.addRegion({ name: `region-${n}` });
    return rig;
  } catch (error) {
    await close();
    throw error;
  }
}

/** A replica of the state Redis, ready to be promoted, and the Sentinels that do it. */
async function startStandby(directory: string, state: Redis, undos: (() => Promise<unknown>)[]): Promise<Sentinels> {
  const standby = await startRedis({
    role: "state",
    durable: false,
    dataDirectory: join(directory, "standby"),
    replicaOf: state.url,
  });
  undos.push(() => standby.stop());
  const sentinels = await startSentinels({ directory, primaryPort: state.port });
  undos.push(() => sentinels.stop());
  return sentinels;
}

/** An empty database with our tables, and what ends it; see `ownPostgres`. */
export async function startDatabase(own: boolean, directory: string) {
  if (!own && process.env[testPostgresVariable]) {
    const { url, drop } = await createTestDatabase();
    const restart = () => Promise.reject(new Error("This PostgreSQL belongs to others."));
    return { url, postgres: null, restart, close: () => drop() };
  }
  // Durable: what is acknowledged has to survive a kill, or the ledger is no ledger.
  const options = { dataDirectory: join(directory, "postgres"), leashed: true };
  let postgres = await startPostgres(options);
  await migrate(postgres.url());
  return {
    url: postgres.url(),
    postgres,
    async restart() {
      postgres = await startPostgres({ ...options, port: postgres.port });
      return postgres;
    },
    close: () => postgres.stop(),
  };
}

/** A workspace with codes that wait for the worker to publish them. */
async function makeCodes(db: Db): Promise<{ workspaceId: string; shortIds: string[] }> {
  const owner = { email: "drill@example.com", passwordHash: "none", workspaceName: "Drill" };
  const { workspace } = await createAccount(db, { ...owner, plan: "enterprise" });
  const shortIds = Array.from({ length: codeCount }, (_, n) => `DRILL-${n}`);
  for (const shortId of shortIds) {
    const code = { name: shortId, shortId, destinationUrl: `https://example.com/${shortId}` };
    await db.$transaction((tx) => createCode(tx, workspace.workspaceId, code, drillActor));
  }
  return { workspaceId: workspace.workspaceId, shortIds };
}

async function startRegion(options: RegionOptions & { directory: string }): Promise<Region> {
  const { name, directory, primaryUrl, stateUrl, spoolDirectory = join(directory, name, "spool") } = options;
  mkdirSync(join(directory, name));
  const replica = await startRedis({
    role: "replica",
    dataDirectory: join(directory, name, "replica"),
    replicaOf: primaryUrl,
  });
  const port = await freePort();
  const env = {
    PORT: String(port),
    REPLICA_REDIS_URL: replica.url,
    STATE_REDIS_URL: stateUrl,
    REGION: name,
    SPOOL_DIR: spoolDirectory,
    SNAPSHOT_DIR: join(directory, name, "snapshots"),
    SNAPSHOT_SECONDS: String(options.snapshotSeconds ?? 1),
    VISITOR_SECRET: "a secret for drills",
  };
  const run = () => startService("redirect/dist/main.js", env);
  const url = `http://127.0.0.1:${port}`;
  const region: Region = {
    name,
    url,
    replica,
    process: await run(),
    async start() {
      region.process = await run();
    },
    async status() {
      const response = await fetch(`${url}/api/status/`, { signal: AbortSignal.timeout(askTimeoutMs) });
      return (await response.json()) as Status;
    },
  };
  return region;
}

/** Starts a service as compiled and returns once it listens. */
export async function startService(
  script: string,
  env: Record<string, string>,
  onLine: (line: string) => void = () => {},
): Promise<StartedProcess> {
  const child = await startScript(join(services, script), {
    env: { PATH: process.env.PATH, NODE_ENV: "production", METRICS_PORT: "0", LOG_LEVEL: "info", ...env },
    onLine,
  });
  await child.waitForLine(/"listening"/, startTimeoutMs);
  return child;
}

/** Sends until it is not put off: a 503 says when to try again, and a busy machine may earn one. */
export async function answered(send: () => Promise<Response>): Promise<Response> {
  for (let tries = 1; ; tries++) {
    const response = await send();
    if (response.status !== 503 || tries === triesMax) return response;
    await response.arrayBuffer();
    await pause(1_000 * Number(response.headers.get("Retry-After") ?? 1));
  }
}

/** Environment of management, its worker and render; render needs a spool as well. */
export function managementEnvironment(databaseUrl: string, stateUrl: string): Record<string, string> {
  const nobody = "http://127.0.0.1:9";
  return {
    DATABASE_URL: databaseUrl,
    STATE_REDIS_URL: stateUrl,
    RENDER_CACHE_URL: "memory:",
    JWT_SECRET: "a secret of at least thirty-two characters",
    SEAL_KEY: Buffer.alloc(32, 7).toString("base64"),
    PUBLIC_BASE_URL: "https://qr.example.org",
    OBJECT_STORE: "/nowhere",
    MANAGEMENT_URL: nobody,
    WORKER_URL: nobody,
    RENDER_URL: nobody,
    REDIRECT_URLS: `none=${nobody}`,
    SIGNUPS_PER_HOUR: "1000",
  };
}
