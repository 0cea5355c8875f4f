// A process that is killed with its transactions on the way to be committed, or committed and not yet answered:
// whatever it was creating, the client's retry finds or makes exactly one.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { connectDatabase, type Db, withPatience } from "@qrfactory/db/client";
import { freePort } from "@qrfactory/processes/ports";
import type { StartedProcess } from "@qrfactory/processes/process";
import { type Redis, startRedis } from "@qrfactory/processes/redis";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { createTestDatabase, type TestDatabase } from "@qrfactory/testing/database";
import { startTcpProxy, type TcpProxy } from "@qrfactory/testing/proxy";
import { answered, managementEnvironment, startService } from "../service.js";

type Service = "management" | "render";
type Phase = "before its COMMIT" | "after its COMMIT";
type Running = { url: string; process: StartedProcess };

const startTimeoutMs = 30_000;
const temp = makeTempDirectory("qrfactory-crash-");

let database: TestDatabase;
let redis: Redis;
let db: Db;
/** Between the processes that are killed and PostgreSQL. */
let line: TcpProxy;
/** Losses of the line: none, or of each connection all bytes with or after its COMMIT. */
let losing: Phase | null = null;
/** Connections whose COMMIT was on the line since. */
const committing = new Set<number>();
/** Processes that nobody kills, for sign-ups and for retries. */
let healthy: Record<Service, Running>;

beforeAll(async () => {
  database = await createTestDatabase();
  redis = await startRedis({ role: "state", durable: false, dataDirectory: temp.path });
  db = connectDatabase(database.url, { ...withPatience, poolMax: 2 });
  line = await startTcpProxy({
    port: Number(new URL(database.url).port),
    passes(chunk, towards, connection) {
      if (losing === null) return true;
      if (towards === "server" && chunk.includes("COMMIT")) {
        committing.add(connection);
        return losing === "after its COMMIT";
      }
      return !(committing.has(connection) && towards === "client");
    },
  });
  const [management, render] = await Promise.all([start("management", database.url), start("render", database.url)]);
  healthy = { management, render };
}, startTimeoutMs);

afterAll(async () => {
  for (const running of Object.values(healthy)) await running.process.stop();
  await line.close();
  await db.$disconnect();
  await redis.stop();
  await database.drop();
  temp.remove();
});

const programs = { management: "management/dist/processes/api.js", render: "render/dist/main.js" } as const;

let started = 0;
async function start(service: Service, databaseUrl: string): Promise<Running> {
  const port = await freePort();
  const spool = join(temp.path, `spool-${started++}`);
  mkdirSync(spool);
  const child = await startService(programs[service], {
    ...managementEnvironment(databaseUrl, redis.url),
    PORT: String(port),
    SPOOL_DIR: spool,
    DRAWING_THREADS: "1",
    OBJECT_STORE: join(temp.path, "archives"),
  });
  return { url: `http://127.0.0.1:${port}`, process: child };
}

type Post = (to: Running, path: string, body: object, headers?: Record<string, string>) => Promise<Response>;

const post: Post = (to, path, body, headers = {}) =>
  fetch(to.url + path, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });

type Creation = {
  name: string;
  service: Service;
  path: string | ((key: { id: string }) => string);
  body: object;
  /** Counts its resources in the workspace. */
  count: (workspaceId: string) => Promise<number>;
};

const code = { name: "Menu", destination_url: "https://example.com/" };
const countCodes = (workspaceId: string) => db.dynamicCode.count({ where: { workspaceId } });
const order = { items: [code, code, code].map(({ destination_url: data }) => ({ data })) };
const creations: Creation[] = [
  {
    name: "a bulk order",
    service: "management",
    path: "/api/v1/generate/bulk",
    body: order,
    count: (workspaceId) => countOrders(workspaceId),
  },
  { name: "a code", service: "management", path: "/api/v1/dynamic", body: code, count: countCodes },
  {
    name: "a key",
    service: "management",
    path: "/api/v1/keys",
    body: { name: "Second" },
    count: (workspaceId) => db.apiKey.count({ where: { workspaceId, name: "Second" } }),
  },
  {
    name: "a rotated key",
    service: "management",
    path: ({ id }) => `/api/v1/keys/${id}/rotate`,
    body: {},
    count: (workspaceId) => db.apiKey.count({ where: { workspaceId, version: 2 } }),
  },
  {
    name: "an invitation",
    service: "management",
    path: "/api/v1/members",
    body: { email: "guest@example.com", role: "viewer" },
    count: (workspaceId) => db.invitation.count({ where: { workspaceId } }),
  },
  {
    name: "a code with its image",
    service: "render",
    path: "/api/v1/generate",
    body: { data_type: "dynamic", payload: code, size: 200 },
    count: countCodes,
  },
];
/** Counts the charge of an order with it, so that neither comes alone. */
const countOrders = async (workspaceId: string) => {
  const [charged] = await db.$queryRaw<{ credits: number }[]>`
    SELECT coalesce(sum(credits), 0)::int AS credits FROM calls WHERE workspace_id = ${workspaceId}::uuid`;
  const [orders, rows] = [await db.bulkJob.count({ where: { workspaceId } }), await db.bulkInput.count()];
  expect(charged?.credits).toBe(orders * order.items.length);
  expect(rows).toBeGreaterThanOrEqual(orders);
  return orders;
};
const phases: Phase[] = ["before its COMMIT", "after its COMMIT"];

let owners = 0;
/** A workspace with room for all of it, and what its owner and its key send. */
async function signUp(management: Running) {
  const person = { password: "a password for crashes", workspace_name: "Crash" };
  const signedUp = await answered(() => {
    // A COMMIT whose reply came too late may have been made.
    const email = `owner-${owners++}@example.com`;
    return post(management, "/api/v1/auth/signup", { ...person, email });
  });
  expect(signedUp.status).toBe(201);
  const session = (await signedUp.json()) as { workspace: { id: string }; access_token: string };
  const workspaceId = session.workspace.id;
  await db.workspace.update({ where: { id: workspaceId }, data: { plan: "agency" } });
  const asOwner = { Authorization: `Bearer ${session.access_token}` };
  const created = await answered(() => post(management, "/api/v1/keys", { name: "First" }, asOwner));
  const key = (await created.json()) as { id: string; raw_key: string };
  return { workspaceId, key, headers: { management: asOwner, render: { "X-Api-Key": key.raw_key } } };
}

type Attempt = {
  creation: Creation;
  workspaceId: string;
  send: (to: Running) => Promise<Response>;
};

/** The request of a creation in a workspace of its own. */
async function prepare(creation: Creation): Promise<Attempt> {
  const { workspaceId, key, headers } = await signUp(healthy.management);
  const { service, path, body } = creation;
  const address = typeof path === "string" ? path : path(key);
  const send = (to: Running) => post(to, address, body, { ...headers[service], "Idempotency-Key": "once" });
  return { creation, workspaceId, send };
}

const countOf = ({ creation, workspaceId }: Attempt) => creation.count(workspaceId);

/**
 * Sends all requests to a process of their own and kills it when each has come as far as `phase` says. False when a
 * request did not wait for that: it is answered 503 after a second, which a busy machine may take for the others.
 */
async function strike(attempts: Attempt[], service: Service, phase: Phase): Promise<boolean> {
  losing = null;
  const doomed = await start(service, database.url.replace(/:\d+\//, `:${line.port}/`));
  let refusals = 0;
  try {
    [losing] = [phase, committing.clear()];
    const fates = attempts.map(({ send }) =>
      send(doomed).then(
        ({ status }) => {
          expect(status).toBe(503);
          refusals += 1;
        },
        () => "lost",
      ),
    );
    const isThere = async () => {
      if (refusals > 0) return true;
      if (committing.size < attempts.length) return false;
      return phase === "before its COMMIT" || (await Promise.all(attempts.map(countOf))).every((count) => count === 1);
    };
    await until(isThere, { timeoutMs: startTimeoutMs, what: "The COMMIT of every request" });
    doomed.process.kill("SIGKILL");
    await Promise.all(fates);
    return refusals === 0;
  } finally {
    await doomed.process.stop();
  }
}

const strikesMax = 5;

test.each([
  ["management", phases[0]],
  ["management", phases[1]],
  ["render", phases[0]],
  ["render", phases[1]],
] as [Service, Phase][])(
  "of everything that %s creates there is one when the process is killed %s and the client asks again",
  async (service, phase) => {
    const own = creations.filter((creation) => creation.service === service);
    let attempts: Attempt[] = [];
    let isStruck = false;
    for (let n = 0; n < strikesMax && !isStruck; n++) {
      attempts = await Promise.all(own.map(prepare));
      isStruck = await strike(attempts, service, phase);
    }
    expect(isStruck).toBe(true);

    for (const attempt of attempts) {
      const { name } = attempt.creation;
      expect([name, await countOf(attempt)]).toEqual([name, phase === "after its COMMIT" ? 1 : 0]);
      const ask = () => answered(() => attempt.send(healthy[service]));
      const again = await ask();
      const replayed = again.headers.get("Idempotent-Replayed");
      expect([name, again.ok, replayed]).toEqual([name, true, phase === "after its COMMIT" ? "true" : null]);
      const third = await ask();
      expect(Buffer.from(await third.arrayBuffer())).toEqual(Buffer.from(await again.arrayBuffer()));
      expect([name, await countOf(attempt)]).toEqual([name, 1]);
    }
  },
  120_000,
);
