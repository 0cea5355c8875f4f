// A process that is killed with its transaction on the way to be committed, or committed and not yet answered: whatever it
// was creating, the client's retry finds or makes exactly one.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { connectDatabase, type Db } from "@qrfactory/db/client";
import { createTestDatabase, type TestDatabase } from "@qrfactory/testing/database";
import { freePort } from "@qrfactory/testing/ports";
import { type StartedProcess, startScript } from "@qrfactory/testing/process";
import { startTcpProxy, type TcpProxy } from "@qrfactory/testing/proxy";
import { type Redis, startRedis } from "@qrfactory/testing/redis";
import { makeTempDirectory } from "@qrfactory/testing/temp";
import { until } from "@qrfactory/testing/until";

type Service = "management" | "render";
type Phase = "before its COMMIT" | "after its COMMIT";
type Running = { url: string; process: StartedProcess };

const services = fileURLToPath(new URL("../../../services/", import.meta.url));
const startTimeoutMs = 30_000;
const temp = makeTempDirectory("qrfactory-crash-");

let database: TestDatabase;
let redis: Redis;
let db: Db;
/** Between the processes that are killed and PostgreSQL. */
let line: TcpProxy;
/** What the line loses: nothing, or what comes with or after a COMMIT. */
let losing: Phase | null = null;
let committing = false;
/** Processes that nobody kills, for sign-ups and for retries. */
let healthy: Record<Service, Running>;

beforeAll(async () => {
  database = await createTestDatabase();
  redis = await startRedis({ role: "state", dataDirectory: temp.path });
  db = connectDatabase(database.url, { poolMax: 2 });
  line = await startTcpProxy({
    port: Number(new URL(database.url).port),
    passes(chunk, towards) {
      if (losing === null) return true;
      if (towards === "server" && chunk.includes("COMMIT")) {
        committing = true;
        return losing === "after its COMMIT";
      }
      return !(committing && towards === "client");
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

let started = 0;
async function start(service: Service, databaseUrl: string): Promise<Running> {
  const port = await freePort();
  const spool = join(temp.path, `spool-${started++}`);
  mkdirSync(spool);
  const nobody = "http://127.0.0.1:9";
  const child = await startScript(join(services, service, "dist/main.js"), {
    env: {
      PATH: process.env.PATH,
      NODE_ENV: "production",
      PORT: String(port),
      METRICS_PORT: "0",
      DATABASE_URL: databaseUrl,
      STATE_REDIS_URL: redis.url,
      RENDER_CACHE_URL: "memory:",
      JWT_SECRET: "a secret of at least thirty-two characters",
      SEAL_KEY: Buffer.alloc(32, 7).toString("base64"),
      PUBLIC_BASE_URL: "https://qr.example.org",
      SIGNUPS_PER_HOUR: "1000",
      SPOOL_DIR: spool,
      DRAWING_THREADS: "1",
      OBJECT_STORE: join(temp.path, "archives"),
      MANAGEMENT_URL: nobody,
      WORKER_URL: nobody,
      RENDER_URL: nobody,
      REDIRECT_URLS: `none=${nobody}`,
    },
  });
  await child.waitForLine(/"listening"/, startTimeoutMs);
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
  /** What there is of it in the workspace. */
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
/** What the ledger charged for an order is counted with it, so that neither comes alone. */
const countOrders = async (workspaceId: string) => {
  const [charged] = await db.$queryRaw<{ credits: number }[]>`
    SELECT coalesce(sum(credits), 0)::int AS credits FROM calls WHERE workspace_id = ${workspaceId}::uuid`;
  const [orders, rows] = [await db.bulkJob.count({ where: { workspaceId } }), await db.bulkInput.count()];
  expect(charged?.credits).toBe(orders * order.items.length);
  expect(rows).toBeGreaterThanOrEqual(orders);
  return orders;
};
const phases: Phase[] = ["before its COMMIT", "after its COMMIT"];

/** A workspace with room for all of it, and what its owner and its key send. */
async function signUp(management: Running) {
  const email = `owner-${started}@example.com`;
  const body = { email, password: "a password for crashes", workspace_name: "Crash" };
  const signedUp = await post(management, "/api/v1/auth/signup", body);
  const session = (await signedUp.json()) as { workspace: { id: string }; access_token: string };
  const workspaceId = session.workspace.id;
  await db.workspace.update({ where: { id: workspaceId }, data: { plan: "agency" } });
  const asOwner = { Authorization: `Bearer ${session.access_token}` };
  const created = await post(management, "/api/v1/keys", { name: "First" }, asOwner);
  const key = (await created.json()) as { id: string; raw_key: string };
  return { workspaceId, key, headers: { management: asOwner, render: { "X-Api-Key": key.raw_key } } };
}

test.each(creations.flatMap((creation) => phases.map((phase) => [creation.name, phase, creation] as const)))(
  "of %s there is one when the process is killed %s and the client asks again",
  async (_name, phase, { service, path, body, count }) => {
    losing = null;
    const throughLine = database.url.replace(/:\d+\//, `:${line.port}/`);
    const doomed = await start(service, throughLine);
    try {
      const owner = await signUp(healthy.management);
      const address = typeof path === "string" ? path : path(owner.key);
      const headers = { ...owner.headers[service], "Idempotency-Key": "once" };
      [losing, committing] = [phase, false];
      const lost = post(doomed, address, body, headers).then(
        () => "answered",
        () => "lost",
      );
      await until(() => committing);
      if (phase === "after its COMMIT") await until(async () => (await count(owner.workspaceId)) === 1);
      doomed.process.kill("SIGKILL");
      expect(await lost).toBe("lost");
      await doomed.process.exited;
      expect(await count(owner.workspaceId)).toBe(phase === "after its COMMIT" ? 1 : 0);

      const again = await post(healthy[service], address, body, headers);
      expect(again.ok).toBe(true);
      expect(again.headers.get("Idempotent-Replayed")).toBe(phase === "after its COMMIT" ? "true" : null);
      const third = await post(healthy[service], address, body, headers);
      expect(Buffer.from(await third.arrayBuffer())).toEqual(Buffer.from(await again.arrayBuffer()));
      expect(await count(owner.workspaceId)).toBe(1);
    } finally {
      await doomed.process.stop();
    }
  },
  60_000,
);
