// The owner on the pages at the end of codes, from a PATCH to the state Redis.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { connectDatabase, type Db, withPatience } from "@qrfactory/db/client";
import { connectRedis, redisReady } from "@qrfactory/runtime/redis";
import type { Redis } from "ioredis";
import { type Api, expectProblem, startApi } from "../api.fixture.js";
import { makePublisher } from "../publication/publisher.js";

let api: Api;
let db: Db;
let redis: Redis;
beforeAll(async () => {
  api = await startApi();
  db = connectDatabase(api.database.url, { ...withPatience, poolMax: 1 });
  redis = connectRedis({ url: api.redis.url, name: "test" });
  await redisReady(redis, 2_000);
});
afterAll(async () => {
  redis.disconnect();
  await db.$disconnect();
  await api.close();
});

const path = "/api/v1/workspace";
const published = async (id: string) => JSON.parse((await redis.hget("qrf:code-owners", id)) ?? "null");

test("an owner says who can be asked, changes it and takes it back, and each is published", async () => {
  const { as, workspaceId } = await api.signUp();
  expect((await as("GET", path)).body.scan_pages).toBeNull();
  const scan_pages = { name: "Café Blau", contact: "mailto:hallo@example.com" };
  const set = await as("PATCH", path, { body: { scan_pages } });
  expect([set.status, set.body.scan_pages]).toEqual([200, scan_pages]);
  expect(await published(workspaceId)).toEqual({ workspace_id: workspaceId, version: 1, ...scan_pages });
  const other = await as("PATCH", path, { body: { scan_pages: { contact: "TEL:+43 1 23456" } } });
  expect(other.body.scan_pages).toEqual({ name: null, contact: "tel:+43123456" });
  expect((await as("GET", path)).body.scan_pages).toEqual(other.body.scan_pages);
  expect((await as("PATCH", path, { body: { scan_pages: null } })).body.scan_pages).toBeNull();
  expect(await published(workspaceId)).toMatchObject({ version: 3, name: null, contact: null });
  const trail = (await as("GET", "/api/v1/audit?action=workspace.scan_pages_changed")).body.results;
  expect(trail.map(({ details }: { details: object }) => details)).toContainEqual({ scan_pages });
});

test.each([
  [{ contact: "hallo@example.com" }, "url_refused", "scan_pages.contact"],
  [{ contact: "javascript:alert(1)" }, "url_refused", "scan_pages.contact"],
  [{ contact: "mailto:a@example.com?bcc=b@example.com" }, "url_refused", "scan_pages.contact"],
  [{ contact: "mailto:a@example.com,b@example.com" }, "url_refused", "scan_pages.contact"],
  [{ contact: "http://example.com" }, "url_refused", "scan_pages.contact"],
  [{ contact: "https://127.0.0.1/" }, "url_refused", "scan_pages.contact"],
  [{ contact: 'tel:+43"onclick=' }, "url_refused", "scan_pages.contact"],
  [{ contact: `https://example.com/${"x".repeat(300)}` }, "validation_failed", "scan_pages.contact"],
  [{ name: " " }, "validation_failed", "scan_pages.name"],
  [{ name: "x".repeat(81) }, "validation_failed", "scan_pages.name"],
  [{ name: "a\u202eb" }, "validation_failed", "scan_pages.name"],
  [{}, "validation_failed", "scan_pages"],
  [{ name: "A", phone: "1" }, "validation_failed", "scan_pages.phone"],
])("%j is refused as %s", async (scan_pages, code, field) => {
  const { as } = await api.signUp();
  const answer = await as("PATCH", path, { body: { scan_pages } });
  expectProblem(answer, 400, code as "validation_failed");
  expect(Object.keys(answer.body.errors)).toEqual([field]);
  expect((await as("GET", path)).body.scan_pages).toBeNull();
});

test("what Redis did not hear of, lost, or was filled without is published by the worker", async () => {
  const { as, workspaceId } = await api.signUp();
  await as("PATCH", path, { body: { scan_pages: { name: "Kept" } } });
  const publisher = makePublisher({ db, redis });
  await db.scanPage.update({ where: { workspaceId }, data: { name: "Later", version: 2 } });
  await publisher.publishPending();
  expect(await published(workspaceId)).toMatchObject({ version: 2, name: "Later" });
  // As after a refill by a worker of the release before.
  await redis.del("qrf:code-owners");
  await publisher.publishPending();
  expect(await published(workspaceId)).toMatchObject({ version: 2, name: "Later" });
  await redis.flushall();
  await publisher.publishPending();
  expect(await published(workspaceId)).toMatchObject({ version: 2, name: "Later" });
});

test("a workspace that is deleted says nothing any more", async () => {
  const { as, workspaceId, password } = await api.signUp();
  await as("PATCH", path, { body: { scan_pages: { name: "Gone" } } });
  expect((await as("DELETE", path, { body: { password } })).status).toBe(204);
  await makePublisher({ db, redis }).publishPending();
  expect(await published(workspaceId)).toMatchObject({ version: 2, name: null });
  expect(await db.scanPage.findUnique({ where: { workspaceId } })).toMatchObject({ name: null, contact: null });
});
