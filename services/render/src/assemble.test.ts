import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createApiKey } from "@qrfactory/auth/api-key";
import { createAccount } from "@qrfactory/db/accounts/accounts";
import { connectDatabase, type Db } from "@qrfactory/db/client";
import { createKey } from "@qrfactory/db/keys/api-keys";
import { callEvent } from "@qrfactory/domain/events";
import type { PlanName } from "@qrfactory/domain/plan/plans";
import { type Redis as Server, startRedis } from "@qrfactory/processes/redis";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { createHttpServer } from "@qrfactory/runtime/http/serve";
import { createLog } from "@qrfactory/runtime/log";
import { connectRedis, redisReady } from "@qrfactory/runtime/redis";
import { makeCredits } from "@qrfactory/state/credits/credits";
import { markWhole, readEpoch } from "@qrfactory/state/epoch";
import { makeEventConsumer } from "@qrfactory/state/streams/event-stream";
import { createTestDatabase, type TestDatabase } from "@qrfactory/testing/database";
import { decodeOne } from "@qrfactory/testing/decode";
import { type Listening, listen } from "@qrfactory/testing/http";
import { startTcpProxy } from "@qrfactory/testing/proxy";
import type { Redis } from "ioredis";
import { assembleRender, type Render } from "./assemble.js";
import { readRenderConfig } from "./config.js";

const temp = makeTempDirectory();
const url = "https://example.com/assembled";
let database: TestDatabase;
let db: Db;
let state: Server;
let client: Redis;
let render: Render;
let server: Listening;

function configOf(databaseUrl: string, spool: string) {
  return readRenderConfig({
    PORT: "0",
    METRICS_PORT: "0",
    DATABASE_URL: databaseUrl,
    STATE_REDIS_URL: state.url,
    RENDER_CACHE_URL: "memory:",
    SPOOL_DIR: join(temp.path, spool),
    JWT_SECRET: "a secret of at least thirty-two characters",
    SEAL_KEY: Buffer.alloc(32, 7).toString("base64"),
    PUBLIC_BASE_URL: "https://qr.example.org",
  });
}

beforeAll(async () => {
  [database, state] = await Promise.all([
    createTestDatabase(),
    startRedis({ role: "state", durable: false, dataDirectory: join(temp.path, "state") }),
  ]);
  db = connectDatabase(database.url);
  client = connectRedis({ url: state.url, name: "test" });
  await redisReady(client, 5_000);
  // As the worker says when it has published everything: from then on keys are read from Redis.
  const { runId } = await readEpoch(client);
  await markWhole(client, { runId, publications: 0 });
  render = await assembleRender(configOf(database.url, "spool"), createLog({ service: "render", level: "silent" }));
  server = await listen(createHttpServer(render.app));
});

afterAll(async () => {
  await server.close();
  await render.close();
  await db.$disconnect();
  client.disconnect();
  await state.stop();
  await database.drop();
  temp.remove();
});

let accounts = 0;

/** A workspace of this plan with a key that only the database knows. */
async function addKey(plan: PlanName) {
  accounts += 1;
  const email = `owner-${accounts}@example.com`;
  const { user, workspace } = await createAccount(db, { email, passwordHash: "x", workspaceName: "Test", plan });
  const { raw, hash, keyPrefix } = createApiKey();
  const secrets = { hash, keyPrefix, signingSecretSealed: Buffer.alloc(1) };
  const { workspaceId } = workspace;
  const { id } = await createKey(db, { workspaceId, name: "test", createdBy: user.userId, secrets });
  return { raw, keyId: id, workspaceId };
}

function generate(rawKey: string, to = server.url): Promise<Response> {
  return fetch(`${to}/api/v1/generate/`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Api-Key": rawKey },
    body: JSON.stringify({ data: url, size: 200 }),
  });
}

test("a key of the database gets its image, and the call arrives in the stream", async () => {
  const key = await addKey("enterprise");
  const response = await generate(key.raw);
  expect(await decodeOne(Buffer.from(await response.arrayBuffer()))).toBe(url);
  const consumer = makeEventConsumer({ kind: "calls", redis: client, blocking: client, consumer: "test" });
  const [entry] = await until(async () => {
    const entries = await consumer.readNew(10);
    return entries.length > 0 ? entries : null;
  });
  const call = callEvent.parse(JSON.parse(entry?.batch?.records[0] ?? ""));
  expect(call).toMatchObject({
    workspace_id: key.workspaceId,
    key_id: key.keyId,
    request_id: response.headers.get("x-request-id"),
    cache: "MISS",
    credits: 1,
  });
});

test("the ledger's credits count before the counter knows of them", async () => {
  const key = await addKey("free");
  const month = new Date(`${new Date().toISOString().slice(0, 7)}-01`);
  await db.usageMonthly.create({ data: { workspaceId: key.workspaceId, month, renders: 49 } });
  const responses = await Promise.all([generate(key.raw), generate(key.raw), generate(key.raw)]);
  expect(responses.map((response) => response.status).sort()).toEqual([200, 429, 429]);
});

test("requests are counted against the plan's limit a minute, and a wrong key is not", async () => {
  const response = await generate((await addKey("free")).raw);
  expect(response.headers.get("ratelimit-policy")).toBe('"caller";q=120;w=60');
  expect(response.headers.get("ratelimit")).toMatch(/^"caller";r=119;t=\d+$/);
  const unknown = await generate(createApiKey().raw);
  expect([unknown.status, unknown.headers.get("ratelimit")]).toEqual([401, null]);
});

test("without a database a known key goes on, and an unknown one is a 503", async () => {
  const key = await addKey("pro");
  expect((await generate(key.raw)).status).toBe(200);
  const nowhere = configOf("postgresql://nobody@127.0.0.1:9/none", "spool-2");
  const cut = await assembleRender(nowhere, createLog({ service: "render", level: "silent" }));
  const other = await listen(cut.app);
  // Redis learns of a key from whoever reads it from the database, and a busy machine may keep either from it for a
  // moment.
  await until(async () => {
    await generate(key.raw);
    return (await generate(key.raw, other.url)).status === 200;
  });
  const unknown = await generate((await addKey("pro")).raw, other.url);
  expect([unknown.status, await unknown.json()]).toMatchObject([503, { code: "unavailable" }]);
  const status = (await (await fetch(`${other.url}/api/status/`)).json()) as { status: string; components: object };
  expect(status.status).toBe("degraded");
  expect(status.components).toMatchObject({ database: { status: "down" }, state_redis: { status: "ok" } });
  await other.close();
  await cut.close();
});

test("with both stores frozen a key in use goes on and a stranger is a 503; afterwards images = credits = calls", async () => {
  const target = new URL(database.url);
  const proxy = await startTcpProxy({ host: target.hostname, port: Number(target.port) });
  const throughProxy = Object.assign(new URL(database.url), { hostname: "127.0.0.1", port: String(proxy.port) });
  const silent = createLog({ service: "render", level: "silent" });
  const apart = await assembleRender(configOf(throughProxy.href, "spool-3"), silent);
  const other = await listen(createHttpServer(apart.app));
  const [key, stranger] = [await addKey("pro"), await addKey("pro")];
  const month = new Date().toISOString().slice(0, 7);
  const counter = makeCredits({ redis: client, loadUsed: async () => -1 });
  const consumer = makeEventConsumer({ kind: "calls", redis: client, blocking: client, consumer: "test" });
  const calls = new Set<string>();
  const delivered = 10;

  expect((await generate(key.raw, other.url)).status).toBe(200);
  proxy.freeze();
  state.freeze();
  for (let i = 1; i < delivered; i++) {
    const response = await generate(key.raw, other.url);
    expect([response.status, response.headers.get("x-qr-quota-remaining")]).toEqual([200, String(5_000 - 1 - i)]);
  }
  expect((await generate(stranger.raw, other.url)).status).toBe(503);
  state.thaw();
  proxy.thaw();
  await until(
    async () => (await counter.readCredits({ workspaceId: key.workspaceId, month }).catch(() => 0)) >= delivered,
  );
  await until(async () => {
    for (const { batch } of await consumer.readNew(50).catch(() => [])) {
      for (const record of batch?.records ?? []) {
        const call = callEvent.parse(JSON.parse(record));
        if (call.workspace_id === key.workspaceId) calls.add(call.id);
      }
    }
    return calls.size >= delivered;
  });
  expect(await counter.readCredits({ workspaceId: key.workspaceId, month })).toBe(delivered);
  expect(calls.size).toBe(delivered);
  await other.close();
  await apart.close();
  await proxy.close();
});
