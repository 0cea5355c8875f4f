import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { makeKeyDirectory } from "@qrfactory/auth/key-directory";
import { connectDatabase, withPatience } from "@qrfactory/db/client";
import { until } from "@qrfactory/processes/until";
import { connectRedis, redisReady } from "@qrfactory/runtime/redis";
import { type Api, expectProblem, startApi } from "../api.fixture.js";

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const useKey = (raw: string) => api.send("GET", "/api/v1/usage/", { headers: { "X-Api-Key": raw } });

test("a new key works at once and shows both secrets only then", async () => {
  const { as } = await api.signUp();
  const created = await as("POST", "/api/v1/keys/", { body: { name: "Shop" } });
  expect(created.status).toBe(201);
  const { raw_key, signing_secret, key_prefix, id } = created.body;
  expect(raw_key).toMatch(/^smk_[A-Za-z0-9_-]{36}$/);
  expect(key_prefix).toBe(raw_key.slice(0, 12));
  const used = await useKey(raw_key);
  expect(used.body).toMatchObject({ key_prefix, plan: "free", monthly_quota: 50, used_this_month: 0, remaining: 50 });
  const list = await as("GET", "/api/v1/keys");
  expect(list.body).toMatchObject({
    count: 1,
    next: null,
    previous: null,
    results: [{ id, name: "Shop", key_prefix }],
  });
  expect(list.text).not.toContain(raw_key);
  expect(list.text).not.toContain(signing_secret);
});

test("a revoked key is refused everywhere once services look again", async () => {
  const { as } = await api.signUp();
  const { body } = await as("POST", "/api/v1/keys", { body: { name: "Old" } });
  expect((await useKey(body.raw_key)).status).toBe(200);
  expect((await as("DELETE", `/api/v1/keys/${body.id}/`)).status).toBe(204);
  await until(async () => (await useKey(body.raw_key)).status === 401);
  expectProblem(await as("DELETE", `/api/v1/keys/${body.id}/`), 404, "not_found");
  expect((await as("GET", "/api/v1/keys")).body.count).toBe(0);
});

test("a rotated key has new secrets and the old ones are dead", async () => {
  const { as } = await api.signUp();
  const { body: first } = await as("POST", "/api/v1/keys", { body: { name: "Turning" } });
  expect((await useKey(first.raw_key)).status).toBe(200);
  const { status, body: second } = await as("POST", `/api/v1/keys/${first.id}/rotate/`);
  expect(status).toBe(201);
  expect(second.id).toBe(first.id);
  expect(second.raw_key).not.toBe(first.raw_key);
  expect(second.signing_secret).not.toBe(first.signing_secret);
  expect((await useKey(second.raw_key)).status).toBe(200);
  await until(async () => (await useKey(first.raw_key)).status === 401);
});

test("a creation sent twice makes one key and gives the same answer, secrets included", async () => {
  const { as, workspaceId } = await api.signUp();
  const headers = { "Idempotency-Key": "make-one" };
  const first = await as("POST", "/api/v1/keys/", { body: { name: "Once" }, headers });
  const again = await as("POST", "/api/v1/keys", { body: { name: "Once" }, headers });
  expect(again.text).toBe(first.text);
  expect(again.status).toBe(201);
  expect(again.headers.get("idempotent-replayed")).toBe("true");
  expect(first.headers.get("idempotent-replayed")).toBeNull();
  expectProblem(await as("POST", "/api/v1/keys", { body: { name: "Other" }, headers }), 409, "idempotency_key_reused");
  const db = connectDatabase(api.database.url, { ...withPatience, poolMax: 1 });
  const rows = await db.$queryRaw<{ dump: string }[]>`
    SELECT k::text AS dump FROM api_keys k WHERE workspace_id = ${workspaceId}::uuid
    UNION ALL SELECT i::text FROM idempotency_keys i WHERE workspace_id = ${workspaceId}::uuid`;
  await db.$disconnect();
  expect(rows).toHaveLength(2);
  const dump = JSON.stringify(rows);
  for (const secret of [first.body.raw_key, first.body.signing_secret]) {
    expect(dump).not.toContain(secret);
    expect(dump).not.toContain(Buffer.from(secret).toString("hex"));
  }
});

test("a mistyped key is refused without a look-up", async () => {
  const lookUps: string[] = [];
  const redis = connectRedis({ url: api.redis.url, name: "test" });
  await redisReady(redis, 2_000);
  const directory = makeKeyDirectory({
    redis,
    loadKey: async (hash) => {
      lookUps.push(hash);
      return null;
    },
  });
  const { as } = await api.signUp();
  const { body } = await as("POST", "/api/v1/keys", { body: { name: "Typo" } });
  const mistyped = body.raw_key.slice(0, 10) + (body.raw_key[10] === "x" ? "y" : "x") + body.raw_key.slice(11);
  expect(await directory.findByRawKey(mistyped)).toBeNull();
  expect(await directory.findByRawKey("smk_short")).toBeNull();
  expect(lookUps).toEqual([]);
  expect(await directory.findByRawKey(body.raw_key)).toMatchObject({ key_id: body.id, plan: "free" });
  redis.disconnect();
});

test("a key of another workspace looks exactly like a missing one", async () => {
  const [mine, theirs] = [await api.signUp(), await api.signUp()];
  const { body } = await theirs.as("POST", "/api/v1/keys", { body: { name: "Theirs" } });
  const told = (answer: { body: object }) => ({ ...answer.body, request_id: "" });
  for (const [method, suffix] of [
    ["DELETE", ""],
    ["POST", "/rotate"],
  ] as const) {
    const foreign = await mine.as(method, `/api/v1/keys/${body.id}${suffix}`);
    const missing = await mine.as(method, `/api/v1/keys/00000000-0000-4000-8000-000000000000${suffix}`);
    expectProblem(foreign, 404, "not_found");
    expect(told(foreign)).toEqual(told(missing));
  }
  expectProblem(await mine.as("DELETE", "/api/v1/keys/not-an-id"), 404, "not_found");
});

test("keys are managed by people, not by keys", async () => {
  const { as } = await api.signUp();
  const { body } = await as("POST", "/api/v1/keys", { body: { name: "Robot" } });
  const headers = { "X-Api-Key": body.raw_key };
  expectProblem(await api.send("GET", "/api/v1/keys", { headers }), 401, "unauthenticated");
  expectProblem(await api.send("POST", "/api/v1/keys", { headers, body: { name: "x" } }), 401, "unauthenticated");
});

test("a rotation with an overlap lets the old key work until then, and a revocation ends both", async () => {
  const { as } = await api.signUp();
  const { body: first } = await as("POST", "/api/v1/keys", { body: { name: "Turning" } });
  const rotate = (overlap_seconds: number) =>
    as("POST", `/api/v1/keys/${first.id}/rotate/`, { body: { overlap_seconds } });
  const { body: second } = await rotate(3600);
  for (const { raw_key, key_prefix } of [first, second]) {
    expect((await useKey(raw_key)).body).toMatchObject({ key_prefix });
  }
  const { body: third } = await rotate(1);
  await until(async () => (await useKey(first.raw_key)).status === 401);
  expect((await useKey(third.raw_key)).status).toBe(200);
  await until(async () => (await useKey(second.raw_key)).status === 401);
  const { body: fourth } = await rotate(3600);
  expect((await as("DELETE", `/api/v1/keys/${first.id}`)).status).toBe(204);
  for (const { raw_key } of [third, fourth]) {
    await until(async () => (await useKey(raw_key)).status === 401);
  }
});

test("what a revocation would end is told beforehand, and nothing ends", async () => {
  const { as, workspaceId } = await api.signUp();
  const { body: key } = await as("POST", "/api/v1/keys", { body: { name: "Pages" } });
  const db = connectDatabase(api.database.url, { ...withPatience, poolMax: 1 });
  await db.usageDaily.create({ data: { workspaceId, keyId: key.id, day: new Date(), renders: 7 } });
  await db.$disconnect();
  const { status, body } = await as("DELETE", `/api/v1/keys/${key.id}/?dry_run=true`);
  expect(status).toBe(200);
  expect(body).toMatchObject({ dry_run: true, key_prefix: key.key_prefix, renders_last_30_days: 7 });
  expect(body.effects.join(" ")).toMatch(/signed.*no longer delivered/);
  expect((await useKey(key.raw_key)).status).toBe(200);
  expectProblem(await as("DELETE", `/api/v1/keys/${key.id}/?dryrun=true`), 400, "validation_failed");
});

test("a key does what its scopes say, and is told which one it lacks", async () => {
  const { as } = await api.signUp();
  const { body } = await as("POST", "/api/v1/keys", { body: { name: "Reader", scopes: ["codes:read"] } });
  expect(body.scopes).toEqual(["codes:read"]);
  const headers = { "X-Api-Key": body.raw_key };
  expect((await api.send("GET", "/api/v1/dynamic", { headers })).status).toBe(200);
  const code = { name: "x", destination_url: "https://example.com" };
  const refused = await api.send("POST", "/api/v1/dynamic", { headers, body: code });
  expectProblem(refused, 403, "forbidden");
  expect(refused.body.detail).toContain("codes:write");
  const { body: writer } = await as("POST", "/api/v1/keys", { body: { name: "W", scopes: ["codes:write", "render"] } });
  const writing = { "X-Api-Key": writer.raw_key };
  expect((await api.send("POST", "/api/v1/dynamic", { headers: writing, body: code })).status).toBe(201);
  expectProblem(await api.send("GET", "/api/v1/dynamic", { headers: writing }), 403, "forbidden");
});

test("a key that expires says when, works until then and not after", async () => {
  const { as } = await api.signUp();
  const expires_at = new Date(Date.now() + 3_000).toISOString();
  const { body } = await as("POST", "/api/v1/keys", { body: { name: "Short", expires_at } });
  expect(body.expires_at).toBe(expires_at);
  expect((await useKey(body.raw_key)).status).toBe(200);
  await until(async () => (await useKey(body.raw_key)).status === 401, { timeoutMs: 10_000 });
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(expires_at));
});

test.each([
  ["a time that is past", { expires_at: "2020-01-01T00:00:00Z" }, "expires_at"],
  ["a time that is none", { expires_at: "tomorrow" }, "expires_at"],
  ["a name that cannot be stored", { name: "a\0b" }, "name"],
  ["no scope", { scopes: [] }, "scopes"],
  ["an unknown scope", { scopes: ["everything"] }, "scopes.0"],
])("a key with %s is refused", async (_name, change, field) => {
  const { as } = await api.signUp();
  const answer = await as("POST", "/api/v1/keys", { body: { name: "x", ...change } });
  expectProblem(answer, 400, "validation_failed");
  expect(Object.keys(answer.body.errors)).toEqual([field]);
});

test("the list says when a key was last used", async () => {
  const { as } = await api.signUp();
  const { body } = await as("POST", "/api/v1/keys", { body: { name: "Used" } });
  const lastUsed = async () => (await as("GET", "/api/v1/keys")).body.results[0].last_used_at;
  expect(await lastUsed()).toBeNull();
  await useKey(body.raw_key);
  await until(async () => (await lastUsed()) !== null);
  const first = await lastUsed();
  await useKey(body.raw_key);
  expect(await lastUsed()).toBe(first);
});
