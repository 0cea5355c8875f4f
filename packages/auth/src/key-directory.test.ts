import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { createApiKey } from "@qrfactory/auth/api-key";
import { makeKeyDirectory, publishKey } from "@qrfactory/auth/key-directory";
import type { KeyRecord } from "@qrfactory/domain/access/key-record";
import { type Redis as Server, startRedis } from "@qrfactory/processes/redis";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { Redis } from "ioredis";

const directory = makeTempDirectory();
let server: Server;
let redis: Redis;
beforeAll(async () => {
  server = await startRedis({ role: "state", durable: false, dataDirectory: directory.path });
});
afterAll(async () => {
  await server.stop();
  directory.remove();
});
beforeEach(async () => {
  redis = new Redis(server.url, { commandTimeout: 200, enableOfflineQueue: false, maxRetriesPerRequest: 0 });
  redis.on("error", () => {});
  await until(() => redis.status === "ready");
});
afterEach(() => redis.disconnect());

function makeKey(change: Partial<KeyRecord> = {}) {
  const { raw, hash, keyPrefix } = createApiKey();
  const ids = { key_id: randomUUID(), workspace_id: randomUUID() };
  return {
    raw,
    hash,
    record: {
      ...ids,
      key_prefix: keyPrefix,
      plan: "pro",
      version: 1,
      revoked: false,
      scopes: ["render"],
      expires_at: null,
      frozen: null,
      overage: null,
      ...change,
    } as KeyRecord,
  };
}

test("a key is read from Postgres once, then known to every service through Redis", async () => {
  const { raw, record } = makeKey();
  let loads = 0;
  const loadKey = async () => {
    loads += 1;
    return record;
  };
  const [first, second] = [makeKeyDirectory({ redis, loadKey }), makeKeyDirectory({ redis, loadKey })];
  expect(await Promise.all([first.findByRawKey(raw), first.findByRawKey(raw)])).toEqual([record, record]);
  expect(await second.findByRawKey(raw)).toEqual(record);
  expect(loads).toBe(1);
});

test("who is not worth a question to Postgres finds keys that Redis knows, and no other", async () => {
  const [known, unknown] = [makeKey(), makeKey()];
  await publishKey(redis, known.hash, known.record);
  const loadKey = () => Promise.reject(new Error("no question to Postgres"));
  const find = (raw: string, isSure = true) =>
    makeKeyDirectory({ redis, loadKey, isSure: () => isSure }).findByRawKey(raw, { onlyPublished: true });
  expect(await find(known.raw)).toEqual(known.record);
  expect(await find(unknown.raw)).toBeNull();
  expect(await find(known.raw, false)).toBeNull();
});

test("a revocation reaches a service that has the key in memory within a second", async () => {
  const { raw, hash, record } = makeKey();
  let now = 1_000_000;
  const keys = makeKeyDirectory({ redis, loadKey: async () => record, now: () => now });
  expect(await keys.findByRawKey(raw)).toEqual(record);
  await publishKey(redis, hash, { ...record, version: 2, revoked: true });
  now += 1_001;
  expect(await keys.findByRawKey(raw)).toBeNull();
});

test("a slow reader of an older version never undoes a revocation", async () => {
  const { raw, hash, record } = makeKey();
  await publishKey(redis, hash, { ...record, version: 2, revoked: true });
  await publishKey(redis, hash, record);
  const keys = makeKeyDirectory({ redis, loadKey: async () => record });
  expect(await keys.findByRawKey(raw)).toBeNull();
});

test("with Redis frozen keys are read from Postgres, and one that nobody can look up is unavailable, not unknown", async () => {
  const { raw, record } = makeKey();
  server.freeze();
  try {
    const keys = makeKeyDirectory({ redis, loadKey: async () => record });
    expect(await keys.findByRawKey(raw)).toEqual(record);
    const blind = makeKeyDirectory({ redis, loadKey: () => Promise.reject(new Error("no database")) });
    await expect(blind.findByRawKey(raw)).rejects.toMatchObject({ code: "unavailable" });
  } finally {
    server.thaw();
  }
});

test("what is damaged in Redis is read from Postgres", async () => {
  const { raw, hash, record } = makeKey();
  await redis.set(`qrf:key:${hash.toString("hex")}`, '{"version":1');
  expect(await makeKeyDirectory({ redis, loadKey: async () => record }).findByRawKey(raw)).toEqual(record);
});

test("a key works until the moment that it expires, and a record from before expiry was known for ever", async () => {
  const { raw, hash, record } = makeKey({ expires_at: new Date(2_000_000).toISOString() });
  let now = 1_999_999;
  const keys = makeKeyDirectory({ redis, loadKey: async () => record, now: () => now });
  expect(await keys.findByRawKey(raw)).toEqual(record);
  now = 2_000_000;
  expect(await keys.findByRawKey(raw)).toBeNull();
  const { scopes: _scopes, expires_at: _expiresAt, ...old } = record;
  await redis.set(`qrf:key:${hash.toString("hex")}`, JSON.stringify(old));
  const found = await makeKeyDirectory({ redis, loadKey: async () => null }).findByRawKey(raw);
  expect(found).toMatchObject({ expires_at: null, scopes: expect.arrayContaining(["render", "codes:write"]) });
});
