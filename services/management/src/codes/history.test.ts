import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { connectDatabase, withPatience } from "@qrfactory/db/client";
import { type Api, expectProblem, type Send, startApi } from "../api.fixture.js";

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const code = { name: "Menu", destination_url: "https://example.com/1" };

async function createCode(as: Send): Promise<string> {
  const created = await as("POST", "/api/v1/dynamic", { body: code });
  return `/api/v1/dynamic/${created.body.short_id}`;
}

/** Runs one statement on the database of the API. */
async function execute(sql: string): Promise<void> {
  const db = connectDatabase(api.database.url, { ...withPatience, poolMax: 1 });
  await db.$executeRawUnsafe(sql);
  await db.$disconnect();
}

test("history tells every version, the newest first, with who made it", async () => {
  const { as, session } = await api.signUp();
  const path = await createCode(as);
  await as("PATCH", path, { body: { destination_url: "https://example.com/2", tags: ["a"] } });
  const key = await as("POST", "/api/v1/keys", { body: { name: "Robot" } });
  await api.send("PATCH", path, { headers: { "X-Api-Key": key.body.raw_key }, body: { folder: "Spring" } });
  const history = await as("GET", `${path}/history/`);
  expect(history.body.count).toBe(3);
  expect(history.body.results).toMatchObject([
    { version: 3, destination_url: "https://example.com/2", folder: "Spring", changed_by: `key:${key.body.id}` },
    { version: 2, destination_url: "https://example.com/2", folder: null, tags: ["a"] },
    { version: 1, destination_url: "https://example.com/1", tags: [], changed_by: `user:${session.user.id}` },
  ]);
  const page = await as("GET", `${path}/history?page=2&page_size=2`);
  expect(page.body.results.map((row: { version: number }) => row.version)).toEqual([1]);
});

test("an edit that names nothing is no version, and still asks for the version that was read", async () => {
  const { as } = await api.signUp();
  const path = await createCode(as);
  const before = (await as("GET", path)).body;
  expect((await as("PATCH", path, { body: {} })).body).toEqual(before);
  expect((await as("GET", `${path}/history`)).body.count).toBe(1);
  expectProblem(await as("PATCH", path, { body: {}, headers: { "If-Match": '"7"' } }), 412, "version_mismatch");
});

test("a code is read as it was at a moment", async () => {
  const { as } = await api.signUp();
  const path = await createCode(as);
  const first = (await as("GET", path)).body;
  await execute(
    `UPDATE dynamic_code_changes SET changed_at = changed_at - interval '1 hour' WHERE code_id = '${first.id}'`,
  );
  await as("PATCH", path, { body: { name: "New", destination_url: "https://example.com/2" } });
  const at = (minutesAgo: number) =>
    as("GET", `${path}?at=${encodeURIComponent(new Date(Date.now() - minutesAgo * 60_000).toISOString())}`);
  const was = await at(30);
  expect(was.body).toMatchObject({ name: "Menu", destination_url: "https://example.com/1", version: 1 });
  expect((await at(0)).body).toMatchObject({ name: "New", version: 2 });
  expectProblem(await at(90), 404, "not_found");
  expectProblem(await as("GET", `${path}?at=yesterday`), 400, "validation_failed");
  expectProblem(await as("GET", `${path}?on=2026`), 400, "validation_failed");
  const history = async (minutesAgo: number) => {
    const moment = new Date(Date.now() - minutesAgo * 60_000).toISOString();
    return (await as("GET", `${path}/history?at=${moment}`)).body;
  };
  const { results, ...rest } = await history(30);
  expect(results).toMatchObject([{ version: 1, destination_url: "https://example.com/1" }]);
  expect(rest).toEqual({ count: 1, next: null, previous: null });
  expect((await history(0)).results).toMatchObject([{ version: 2 }]);
  expect((await history(90)).results).toEqual([]);
  expectProblem(await as("GET", `${path}/history?at=yesterday`), 400, "validation_failed");
});

test("a rollback is an edit that brings an older version back", async () => {
  const { as } = await api.signUp();
  const path = await createCode(as);
  await as("PATCH", path, { body: { name: "New", destination_url: "https://example.com/2", tags: ["a"] } });
  const back = await as("POST", `${path}/rollback/`, { body: { version: 1 }, headers: { "If-Match": '"2"' } });
  expect(back.body).toMatchObject({ ...code, tags: [], version: 3, destination_changes_count: 2 });
  expect(back.headers.get("etag")).toBe('"3"');
  const stale = await as("POST", `${path}/rollback`, { body: { version: 1 }, headers: { "If-Match": '"2"' } });
  expectProblem(stale, 412, "version_mismatch");
  for (const body of [{ version: 9 }, { version: 0 }, { version: "1" }, {}]) {
    const refused = await as("POST", `${path}/rollback`, { body });
    expectProblem(refused, 400, "validation_failed");
    expect(Object.keys(refused.body.errors)).toEqual(["version"]);
  }
});

test("of history from before everything was kept, the destination is brought back", async () => {
  const { as } = await api.signUp();
  const path = await createCode(as);
  const edited = await as("PATCH", path, { body: { name: "New", destination_url: "https://example.com/2" } });
  await execute(`UPDATE dynamic_code_changes SET fields = '{}' WHERE code_id = '${edited.body.id}'`);
  const back = await as("POST", `${path}/rollback`, { body: { version: 1 } });
  expect(back.body).toMatchObject({ name: "New", destination_url: "https://example.com/1" });
});

test("a deleted code is listed apart and restored as it was", async () => {
  const { as } = await api.signUp();
  const path = await createCode(as);
  const before = (await as("GET", path)).body;
  expectProblem(await as("POST", `${path}/restore`), 409, "conflict");
  await as("DELETE", path);
  const deleted = await as("GET", "/api/v1/dynamic?deleted=true");
  expect(deleted.body.results).toMatchObject([{ id: before.id, deleted_at: expect.any(String) }]);
  expectProblem(await as("POST", `${path}/restore`, { headers: { "If-Match": '"1"' } }), 412, "version_mismatch");
  const restored = await as("POST", `${path}/restore/`);
  expect(restored.body).toEqual({ ...before, version: 3, updated_at: restored.body.updated_at });
  expect((await as("GET", path)).body).toEqual(restored.body);
  expect((await as("GET", "/api/v1/dynamic?deleted=true")).body.count).toBe(0);
  const states = (await as("GET", `${path}/history`)).body.results.map((row: { deleted: boolean }) => row.deleted);
  expect(states).toEqual([false, true, false]);
});

test("after thirty days a deleted code is neither listed nor restored", async () => {
  const { as } = await api.signUp();
  const path = await createCode(as);
  const { id } = (await as("GET", path)).body;
  await as("DELETE", path);
  await execute(`UPDATE dynamic_codes SET deleted_at = deleted_at - interval '30 days 1 second' WHERE id = '${id}'`);
  expect((await as("GET", "/api/v1/dynamic?deleted=true")).body.count).toBe(0);
  expectProblem(await as("POST", `${path}/restore`), 410, "gone");
});

test("restoring an active code needs room for it", async () => {
  const { as } = await api.signUp();
  const path = await createCode(as);
  await as("DELETE", path);
  for (let i = 0; i < 3; i++) await createCode(as);
  expectProblem(await as("POST", `${path}/restore`), 403, "plan_limit");
});
