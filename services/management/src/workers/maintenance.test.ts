import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { connectDatabase, type Db, withPatience } from "@qrfactory/db/client";
import { type Redis as Server, startRedis } from "@qrfactory/processes/redis";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { createLog } from "@qrfactory/runtime/log";
import { createMetrics } from "@qrfactory/runtime/metrics";
import { connectQueueRedis, connectRedis, redisReady } from "@qrfactory/runtime/redis";
import { findFamily } from "@qrfactory/runtime/redis-keys";
import { counterKey } from "@qrfactory/state/credits/credits";
import { createTestDatabase, type TestDatabase } from "@qrfactory/testing/database";
import { listStrayKeys } from "@qrfactory/testing/redis-keys";
import type { Redis } from "ioredis";
import { maintenanceJobs, startMaintenance } from "./maintenance.js";

const temp = makeTempDirectory("maintenance-");
const log = createLog({ service: "test", level: "silent" });
let database: TestDatabase;
let server: Server;
let db: Db;
let redis: Redis;
beforeAll(async () => {
  database = await createTestDatabase();
  server = await startRedis({ role: "state", durable: false, dataDirectory: join(temp.path, "redis") });
  db = connectDatabase(database.url, { ...withPatience, poolMax: 2 });
  redis = connectRedis({ url: server.url, name: "test" });
  await redisReady(redis, 5_000);
});
afterAll(async () => {
  redis.disconnect();
  await db.$disconnect();
  await server.stop();
  await database.drop();
  temp.remove();
});

const month = new Date().toISOString().slice(0, 7);

test("a worker that starts removes what is over and raises counters that lack calls", async () => {
  const { id: workspaceId } = await db.workspace.create({ data: { id: crypto.randomUUID(), name: "Test" } });
  await db.deadLetter.create({
    data: { kind: "scans", spoolId: workspaceId, sequence: 1n, record: "", reason: "", createdAt: new Date(0) },
  });
  await db.usageMonthly.create({ data: { workspaceId, month: new Date(`${month}-01`), renders: 5 } });
  const counter = counterKey({ workspaceId, month });
  await redis.set(counter, "3");
  const { registry } = createMetrics("test");
  const connection = connectQueueRedis({ url: server.url, name: "queue" });
  const maintenance = startMaintenance({ db, databaseUrl: database.url, redis, connection, log, registry });
  await until(async () => (await db.retentionRun.count()) > 0 && (await redis.get(counter)) === "5");
  expect(await db.deadLetter.count()).toBe(0);

  // A Redis that lost everything has the jobs again, and they run.
  const scheduled = () => redis.zcard("qrf:maintenance:repeat");
  const before = await scheduled();
  expect(before).toBeGreaterThan(0);
  await redis.flushall();
  expect(await scheduled()).toBe(0);
  await redis.set(counter, "3");
  await maintenance.schedule();
  await until(async () => (await redis.get(counter)) === "5");
  expect(await scheduled()).toBe(before);
  await maintenance.stop();
  connection.disconnect();
});

test("the nightly comparison raises counters and publishes by how much they were off", async () => {
  const { id: workspaceId } = await db.workspace.create({ data: { id: crypto.randomUUID(), name: "Test" } });
  await db.usageMonthly.create({ data: { workspaceId, month: new Date(`${month}-01`), renders: 7 } });
  const counter = counterKey({ workspaceId, month });
  await redis.set(counter, "4");
  const { registry } = createMetrics("test");
  const jobs = maintenanceJobs({ db, databaseUrl: database.url, redis, log, registry });
  await jobs["check-credits"]?.run();
  expect(await redis.get(counter)).toBe("7");
  expect(await registry.metrics()).toMatch(/worker_credit_difference\{direction="below",service="test"\} 3/);
});

test("no key in Redis is outside of the table of keys", async () => {
  expect(await redis.keys("qrf:maintenance:*")).not.toEqual([]);
  expect(await listStrayKeys(redis, findFamily)).toEqual([]);
});
