import { readdirSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { hashApiKey } from "@qrfactory/auth/api-key";
import { publishTogether } from "@qrfactory/codes/published/publication";
import { connectDatabase, type Db } from "@qrfactory/db/client";
import type { DynamicCode } from "@qrfactory/db/codes/codes";
import { until } from "@qrfactory/processes/until";
import { createLog } from "@qrfactory/runtime/log";
import { connectRedis, redisReady } from "@qrfactory/runtime/redis";
import { readTableMark } from "@qrfactory/state/codes/publishing/publish";
import type { Redis } from "ioredis";
import { type Api, startApi } from "../api.fixture.js";
import { makePublisher } from "../publication/publisher.js";
import { startPublishing } from "./publish.js";

let api: Api;
let db: Db;
let redis: Redis;
beforeAll(async () => {
  api = await startApi();
  db = connectDatabase(api.database.url, { poolMax: 2 });
  redis = connectRedis({ url: api.redis.url, name: "publish-test" });
  await redisReady(redis, 5_000);
});
afterAll(async () => {
  redis.disconnect();
  await db.$disconnect();
  await api.close();
});

const publisher = () => makePublisher({ db, redis });
const published = async (shortId: string) => {
  const row = await redis.hget("qrf:codes", shortId);
  return row && JSON.parse(row);
};
const create = async (as: Awaited<ReturnType<Api["signUp"]>>["as"]) =>
  (await as("POST", "/api/v1/dynamic", { body: { name: "x", destination_url: "https://example.com/1" } })).body;

test("an edit is in Redis when it is answered, a deletion as a tombstone", async () => {
  const { as } = await api.signUp();
  const { short_id } = await create(as);
  expect(await published(short_id)).toMatchObject({ version: 1, destination_url: "https://example.com/1" });
  await as("PATCH", `/api/v1/dynamic/${short_id}`, { body: { destination_url: "https://example.com/2" } });
  expect(await published(short_id)).toMatchObject({ version: 2, destination_url: "https://example.com/2" });
  await as("DELETE", `/api/v1/dynamic/${short_id}`);
  expect(await published(short_id)).toMatchObject({ version: 3, deleted: true });
});

test("what was committed but not published is published by the worker", async () => {
  const { as } = await api.signUp();
  const { short_id } = await create(as);
  // As after a crash between the commit and the publication.
  await db.$executeRaw`
    UPDATE dynamic_codes SET version = version + 1, destination_url = 'https://example.com/healed'
    WHERE short_id = ${short_id}`;
  await publisher().publishPending();
  expect(await published(short_id)).toMatchObject({ version: 2, destination_url: "https://example.com/healed" });
  expect(await db.dynamicCode.findUnique({ where: { shortId: short_id } })).toMatchObject({ publishedVersion: 2 });
});

test("a Redis that was set back behind a revocation does not bring the key back", async () => {
  const { as } = await api.signUp();
  const { id, raw_key } = (await as("POST", "/api/v1/keys", { body: { name: "till" } })).body;
  const byKey = () => api.send("GET", "/api/v1/dynamic", { headers: { "X-Api-Key": raw_key } });
  expect((await byKey()).status).toBe(200);
  const entry = `qrf:key:${hashApiKey(raw_key).toString("hex")}`;
  const before = (await redis.get(entry)) as string;
  await as("DELETE", `/api/v1/keys/${id}`);
  // The record on a replica that was promoted before the revocation reached it.
  await redis.set(entry, before);
  await redis.del("qrf:codes:mark");
  await publisher().publishPending();
  await until(async () => (await byKey()).status === 401);
});

/** Cuts the newest part of the append-only file at a place between two sizes, as a loss of power does. */
function cutFile(from: number): void {
  const file = newestFile();
  truncateSync(file, from + Math.floor(Math.random() * (statSync(file).size - from)));
}
const newestFile = () => {
  const folder = join(api.redisDirectory, "appendonlydir");
  const [name] = readdirSync(folder).filter((file) => file.endsWith(".incr.aof"));
  return join(folder, name as string);
};

test("a Redis that lost the end of its file revives no key, and has every edit again after one round", async () => {
  for (let round = 0; round < 3; round += 1) {
    const { as } = await api.signUp();
    const [edited, deleted] = [await create(as), await create(as)];
    const { id, raw_key } = (await as("POST", "/api/v1/keys", { body: { name: "till" } })).body;
    const byKey = async () => (await api.send("GET", "/api/v1/dynamic", { headers: { "X-Api-Key": raw_key } })).status;
    expect(await byKey()).toBe(200);
    await publisher().publishPending();
    const before = statSync(newestFile()).size;
    await as("DELETE", `/api/v1/keys/${id}`);
    await as("PATCH", `/api/v1/dynamic/${edited.short_id}`, { body: { destination_url: "https://example.com/2" } });
    await as("DELETE", `/api/v1/dynamic/${deleted.short_id}`);
    const created = await create(as);
    await until(async () => (await byKey()) === 401);
    await publisher().publishPending();
    await api.redis.kill();
    cutFile(before);
    await api.redis.restart();
    await redisReady(redis, 5_000);
    // Before the round nobody has said so, but Redis is not asked.
    const seen = new Set([await byKey(), await byKey()]);
    await publisher().publishPending();
    await until(async () => seen.add(await byKey()) && (await redis.get("qrf:epoch")) !== null);
    expect(seen.has(200)).toBe(false);
    expect(await published(edited.short_id)).toMatchObject({ version: 2, destination_url: "https://example.com/2" });
    expect(await published(deleted.short_id)).toMatchObject({ version: 2, deleted: true });
    expect(await published(created.short_id)).toMatchObject({ version: 1 });
  }
});

test("a Redis that forgot publications while it ran is filled again, and once only", async () => {
  const { as } = await api.signUp();
  const { short_id } = await create(as);
  await publisher().publishPending();
  // As after a moment as the replica of an older copy.
  await redis.set("qrf:publications", 1);
  await redis.hdel("qrf:codes", short_id);
  await redis.hset("qrf:codes", "ANOTHER", "{}");
  await publisher().publishPending();
  expect(await published(short_id)).toMatchObject({ version: 1 });
  const { generation } = (await readTableMark(redis)) as { generation: string };
  await publisher().publishPending();
  expect((await readTableMark(redis))?.generation).toBe(generation);
});

test("an emptied Redis is filled again from Postgres and marked complete", async () => {
  const { as } = await api.signUp();
  const { short_id } = await create(as);
  await redis.flushall();
  expect(await readTableMark(redis)).toBeNull();
  await publisher().publishPending();
  expect(await published(short_id)).toMatchObject({ version: 1 });
  expect((await readTableMark(redis))?.count).toBe(await db.dynamicCode.count());
});

test("with the state Redis gone, edits and revocations are answered and take effect when it is back", async () => {
  const { as } = await api.signUp();
  const { short_id } = await create(as);
  const key = (await as("POST", "/api/v1/keys", { body: { name: "Robot" } })).body;
  await api.redis.kill();
  const path = `/api/v1/dynamic/${short_id}`;
  for (const n of [2, 3]) {
    const edit = await as("PATCH", path, { body: { destination_url: `https://example.com/${n}` } });
    expect(edit.status).toBe(200);
  }
  expect((await as("DELETE", `/api/v1/keys/${key.id}`)).status).toBe(204);
  const worker = startPublishing({ db, publisher: publisher(), log: createLog({ service: "test", level: "silent" }) });
  await api.redis.restart();
  await until(async () => (await published(short_id))?.destination_url === "https://example.com/3", {
    timeoutMs: 5_000,
  });
  const headers = { "X-Api-Key": key.raw_key };
  await until(async () => (await api.send("GET", "/api/v1/usage", { headers })).status === 401, { timeoutMs: 5_000 });
  await worker.stop();
});

test("what is published while a batch is on its way goes together as the next, also after a failure", async () => {
  const batches: string[][] = [];
  let finish: (error?: Error) => void = () => {};
  const publish = publishTogether((rows) => {
    batches.push(rows.map((row) => row.id));
    return new Promise((resolve, reject) => {
      finish = (error) => (error ? reject(error) : resolve());
    });
  });
  const row = (id: string) => ({ id }) as DynamicCode;
  const first = publish([row("a")]);
  await until(() => batches.length === 1);
  const others = [publish([row("b")]), publish([row("c"), row("d")])];
  finish(new Error("Redis is away"));
  await expect(first).rejects.toThrow("Redis is away");
  await until(() => batches.length === 2);
  finish();
  await Promise.all(others);
  expect(batches).toEqual([["a"], ["b", "c", "d"]]);
});
