// The stack under a drill of bulk orders: PostgreSQL, both Redis servers, management, render and workers, every one a
// process of its own on loopback, as compiled, and a customer who orders and counts.
import { strict as assert } from "node:assert";
import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { connectDatabase, type Db, withPatience } from "@qrfactory/db/client";
import { freePort } from "@qrfactory/processes/ports";
import type { StartedProcess } from "@qrfactory/processes/process";
import { type Redis, startRedis } from "@qrfactory/processes/redis";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { Redis as RedisClient } from "ioredis";
import { startDatabase } from "../database.js";
import { answered, managementEnvironment, startService } from "../service.js";

/** An order as the API tells of it. */
export type Job = {
  id: string;
  status: "queued" | "running" | "completed" | "failed" | "cancelled";
  total: number;
  completed: number;
  failed: number;
  failure: string | null;
  errors: Record<string, Record<string, string[]>>;
  credits_refunded: number;
  status_url: string;
  download_url: string | null;
};

/** Credits as each of those who count them says. */
export type Spent = { counter: number; calls: number; months: number };

/** The running stack of a drill. */
export type BulkRig = {
  directory: string;
  /** Where archives are kept. */
  archives: string;
  /** Of management. */
  url: string;
  renderUrl: string;
  db: Db;
  state: Redis;
  cache: Redis;
  workspaceId: string;
  worker: StartedProcess;
  render: StartedProcess;
  /** A worker, in the place of one that has ended or beside it. */
  startWorker(): Promise<StartedProcess>;
  /** Render on the port it had. */
  startRender(): Promise<void>;
  /** Sends as the customer. */
  send(path: string, init?: RequestInit): Promise<Response>;
  order(body: object, headers?: Record<string, string>): Promise<Job>;
  job(id: string): Promise<Job>;
  /** The order once it is finished. */
  finished(id: string): Promise<Job>;
  download(job: Job): Promise<Buffer>;
  spent(): Promise<Spent>;
  /** Undone before what was started earlier. */
  onClose(undo: () => Promise<unknown> | unknown): void;
  close(): Promise<void>;
};

/** The slowest order of a drill on a busy machine. */
const finishTimeoutMs = 180_000;
const lookMs = 100;

/** Folder and variables that a drill changes. */
export type BulkRigOptions = {
  /** Where archives are kept, if on a disk of its own. */
  archives?: string;
  /** Variables of management and render beside the usual ones. */
  environment?: Record<string, string>;
};

/** Starts everything. */
export async function startBulkRig({ archives, environment = {} }: BulkRigOptions = {}): Promise<BulkRig> {
  const temp = makeTempDirectory("qrfactory-bulk-");
  const directory = temp.path;
  const undos: (() => Promise<unknown> | unknown)[] = [() => temp.remove()];
  const close = async () => {
    for (const undo of undos.splice(0).reverse()) await undo();
  };
  try {
    const database = await startDatabase(false, directory);
    undos.push(database.close);
    const db = connectDatabase(database.url, { ...withPatience, name: "drill", poolMax: 2 });
    undos.push(() => db.$disconnect());
    const state = await startRedis({ role: "state", durable: false, dataDirectory: join(directory, "state") });
    undos.push(() => state.stop());
    const cache = await startRedis({ role: "cache", dataDirectory: join(directory, "cache") });
    undos.push(() => cache.stop());
    const [apiPort, renderPort] = [await freePort(), await freePort()];
    const folder = archives ?? join(directory, "archives");
    const management = {
      ...managementEnvironment(database.url, state.url),
      RENDER_CACHE_URL: cache.url,
      RENDER_URL: `http://127.0.0.1:${renderPort}`,
      OBJECT_STORE: folder,
    };
    const spool = join(directory, "spool");
    mkdirSync(spool);
    const startRender = () => {
      const own = { ...environment, PORT: String(renderPort), SPOOL_DIR: spool };
      return startService("render/dist/main.js", { ...management, ...own });
    };
    const startWorker = () => startService("management/dist/processes/worker.js", { ...management, PORT: "0" });
    const stopped = async <Started extends StartedProcess>(starting: Promise<Started>) => {
      const started = await starting;
      undos.push(() => started.stop());
      return started;
    };
    const starting = [
      stopped(
        startService("management/dist/processes/api.js", { ...management, ...environment, PORT: String(apiPort) }),
      ),
      stopped(startRender()),
      stopped(startWorker()),
    ] as const;
    // One that does not start must not leave the others behind.
    await Promise.allSettled(starting);
    const [, render, worker] = await Promise.all(starting);
    const url = `http://127.0.0.1:${apiPort}`;
    // The process started here, or the one that took its place.
    const running: Pick<BulkRig, "render" | "worker"> = { render, worker };
    undos.push(
      () => running.render.stop(),
      () => running.worker.stop(),
    );
    const customer = await makeCustomer(url, db);
    const ask = (path: string, init?: RequestInit) => answered(() => customer.send(path, init));
    const rig: BulkRig = Object.assign(running, {
      directory,
      archives: folder,
      url,
      renderUrl: management.RENDER_URL,
      db,
      state,
      cache,
      ...customer,
      startWorker,
      async startRender() {
        rig.render = await startRender();
      },
      async order(body: object, headers: Record<string, string> = {}) {
        const init = { method: "POST", headers: { "Content-Type": "application/json", ...headers } };
        const sent = JSON.stringify(body);
        const response = await ask("/api/v1/generate/bulk", { ...init, body: sent });
        const text = await response.text();
        assert.equal(response.status, 202, text);
        return JSON.parse(text) as Job;
      },
      job: async (id: string) => (await (await ask(`/api/v1/bulk/${id}`)).json()) as Job,
      async finished(id: string) {
        let job = await rig.job(id);
        const isFinished = async () => {
          job = await rig.job(id);
          return job.status !== "queued" && job.status !== "running";
        };
        await until(isFinished, { timeoutMs: finishTimeoutMs, intervalMs: lookMs, what: "The end of an order" });
        return job;
      },
      async download({ download_url: link }: Job) {
        assert.ok(link, "there is an archive");
        // By the link alone, as a browser follows it.
        const { pathname, search } = new URL(link);
        const response = await fetch(url + pathname + search);
        assert.equal(response.status, 200);
        return Buffer.from(await response.arrayBuffer());
      },
      async spent() {
        const [calls] = await db.$queryRaw<{ credits: number }[]>`
          SELECT coalesce(sum(credits), 0)::int AS credits FROM calls
            WHERE workspace_id = ${customer.workspaceId}::uuid`;
        const [months] = await db.$queryRaw<{ credits: number }[]>`
          SELECT coalesce(sum(renders), 0)::int AS credits FROM usage_monthly
          WHERE workspace_id = ${customer.workspaceId}::uuid`;
        const usage = (await (await ask("/api/v1/usage/me")).json()) as { used_this_month: number };
        return { counter: usage.used_this_month, calls: calls?.credits ?? -1, months: months?.credits ?? -1 };
      },
      onClose: (undo: () => Promise<unknown> | unknown) => void undos.push(undo),
      close,
    });
    return rig;
  } catch (error) {
    await close();
    throw error;
  }
}

/** Empties a Redis server. */
export async function empty({ url }: { url: string }): Promise<void> {
  const client = new RedisClient(url);
  await client.flushall();
  client.disconnect();
}

/** Whether there is a key in a Redis server. */
export async function holdsAnything({ url }: { url: string }): Promise<boolean> {
  const client = new RedisClient(url);
  const keys = await client.dbsize();
  client.disconnect();
  return keys > 0;
}

async function makeCustomer(url: string, db: Db): Promise<Pick<BulkRig, "workspaceId" | "send">> {
  const signedUp = await answered(() => {
    // A COMMIT whose reply came too late may have been made.
    const email = `bulk-${randomUUID()}@example.com`;
    const person = { email, password: "a password for drills", workspace_name: "Bulk" };
    const headers = { "Content-Type": "application/json" };
    return fetch(`${url}/api/v1/auth/signup`, { method: "POST", headers, body: JSON.stringify(person) });
  });
  assert.equal(signedUp.status, 201);
  const session = (await signedUp.json()) as { access_token: string; workspace: { id: string } };
  const workspaceId = session.workspace.id;
  await db.workspace.update({ where: { id: workspaceId }, data: { plan: "agency" } });
  const authorization = { Authorization: `Bearer ${session.access_token}` };
  return {
    workspaceId,
    send: (path, init = {}) => fetch(url + path, { ...init, headers: { ...authorization, ...init.headers } }),
  };
}
