// Every service with stores of its own, whose logs are kept; and all that rests in those stores, as text. A test file
// that imports this has them from before its first test until after its last.
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll } from "@jest/globals";
import { connectDatabase, type Db, withPatience } from "@qrfactory/db/client";
import { freePort } from "@qrfactory/processes/ports";
import type { StartedProcess } from "@qrfactory/processes/process";
import { type Redis, startRedis } from "@qrfactory/processes/redis";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { createTestDatabase, type TestDatabase } from "@qrfactory/testing/database";
import { Redis as Client } from "ioredis";
import { managementEnvironment, startService } from "../service.js";

const temp = makeTempDirectory("qrfactory-personal-");
/** Lines of every service. */
export const logs: string[] = [];

/** A service that can be killed and started again. */
export type Service = { url: string; process: StartedProcess; restart(): Promise<void> };
const running: Service[] = [];

let database: TestDatabase;
/** The database of all. */
export let db: Db;
/** Every Redis. */
export let stores: Record<"state" | "replica" | "cache", Redis>;
/** By name. */
export let services: Record<"redirect" | "render" | "management" | "worker", Service>;

async function start(script: string, env: Record<string, string>): Promise<Service> {
  const port = await freePort();
  const told = { LOG_LEVEL: "trace", TRUSTED_PROXIES: "127.0.0.0/8", STATE_REDIS_URL: stores.state.url };
  const launch = () => startService(script, { PORT: String(port), ...told, ...env }, (line) => logs.push(line));
  const service: Service = {
    url: `http://127.0.0.1:${port}`,
    process: await launch(),
    /** On the same port and directories, once it has ended. */
    async restart() {
      await service.process.exited;
      service.process = await launch();
    },
  };
  running.push(service);
  return service;
}

beforeAll(async () => {
  database = await createTestDatabase();
  db = connectDatabase(database.url, { ...withPatience, poolMax: 2 });
  const startStore = (role: "state" | "cache" | "replica", replicaOf?: string) =>
    startRedis({ role, durable: false, dataDirectory: join(temp.path, role), ...(replicaOf && { replicaOf }) });
  const state = await startStore("state");
  stores = { state, replica: await startStore("replica", state.url), cache: await startStore("cache") };
  const central = {
    ...managementEnvironment(database.url, state.url),
    RENDER_CACHE_URL: stores.cache.url,
    OBJECT_STORE: join(temp.path, "archives"),
  };
  const spool = (name: string) => {
    mkdirSync(join(temp.path, name), { recursive: true });
    return { SPOOL_DIR: join(temp.path, name) };
  };
  const [redirect, render, management, worker] = await Promise.all([
    start("redirect/dist/main.js", {
      REPLICA_REDIS_URL: stores.replica.url,
      REGION: "region-1",
      SNAPSHOT_DIR: join(temp.path, "snapshots"),
      SNAPSHOT_SECONDS: "1",
      VISITOR_SECRET: "a secret for drills",
      ...spool("spool-redirect"),
    }),
    start("render/dist/main.js", { ...central, ...spool("spool-render"), DRAWING_THREADS: "1" }),
    start("management/dist/processes/api.js", central),
    start("management/dist/processes/worker.js", central),
  ]);
  services = { redirect, render, management, worker };
}, 60_000);

afterAll(async () => {
  for (const { process } of running) process.kill("SIGCONT");
  await Promise.all(running.map(({ process }) => process.stop()));
  await db.$disconnect();
  for (const store of Object.values(stores)) await store.stop();
  await database.drop();
  temp.remove();
});

/** Ends a service at once and starts it again, on the same port and directories. */
export async function killAndRestart(service: Service): Promise<void> {
  service.process.kill("SIGKILL");
  await service.restart();
}
/** All text of a Redis, whatever its type: compression of the dumped values would hide it. */
export async function textOf(store: Redis): Promise<string> {
  const client = new Client(store.url);
  try {
    await client.config("SET", "rdbcompression", "no");
    const texts: string[] = [];
    for await (const keys of client.scanStream({ count: 1_000 }) as AsyncIterable<string[]>) {
      for (const key of keys) texts.push(key, (await client.dumpBuffer(key))?.toString("latin1") ?? "");
    }
    return texts.join("\n");
  } finally {
    client.disconnect();
  }
}

/** Every row of every table, bytes in hex. */
export async function textOfDatabase(): Promise<string> {
  const tables = await db.$queryRaw<{ name: string }[]>`
    SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'`;
  const texts: string[] = [];
  for (const { name } of tables) {
    const rows = await db.$queryRawUnsafe<{ row: string }[]>(`SELECT t::text AS row FROM ${name} AS t`);
    for (const { row } of rows) texts.push(`${name} ${row}`);
  }
  return texts.join("\n");
}

/** Every file of the services and stores. */
export function textOfFiles(): string {
  const files = readdirSync(temp.path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => `${name} ${readFileSync(join(parentPath, name), "latin1")}`).join("\n");
}
