// The stack under a drill: PostgreSQL, the state Redis, redirect regions with a replica each, and the worker, every one
// a process of its own on loopback, as compiled, to be killed and frozen at will.
import { join } from "node:path";
import { createAccount } from "@qrfactory/db/accounts/accounts";
import { type Actor, noOrigin } from "@qrfactory/db/audit/audit";
import { connectDatabase, type Db, withPatience } from "@qrfactory/db/client";
import { createCode } from "@qrfactory/db/codes/creation";
import { freePort } from "@qrfactory/processes/ports";
import type { Postgres } from "@qrfactory/processes/postgres";
import type { StartedProcess } from "@qrfactory/processes/process";
import { type Redis, startRedis } from "@qrfactory/processes/redis";
import { type Sentinels, startSentinels } from "@qrfactory/processes/sentinel";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import type { TcpProxy } from "@qrfactory/testing/proxy";
import { startDatabase } from "./database.js";
import { type Region, type RegionOptions, startRegion } from "./region.js";
import { managementEnvironment, startService, startTimeoutMs } from "./service.js";

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

const codeCount = 50;

/** The editor of codes in a drill. */
export const drillActor: Actor = { kind: "operator", id: "drill", ...noOrigin };

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
