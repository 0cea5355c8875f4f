import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { connectDatabase, withPatience } from "@qrfactory/db/client";
import { connectRedis, redisReady } from "@qrfactory/runtime/redis";
import { type Api, expectProblem, patient, startApi } from "../api.fixture.js";

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const code = { name: "Menu", destination_url: "https://example.com/menu" };

test("a code is created, read, repointed, paused, listed and deleted", async () => {
  const { as } = await api.signUp();
  const created = await as("POST", "/api/v1/dynamic/", { body: code });
  expect(created.status).toBe(201);
  expect(created.body).toMatchObject({
    ...code,
    is_active: true,
    scan_count: 0,
    last_scanned_at: null,
    destination_changes_count: 0,
    expires_at: null,
    max_scans: null,
    fallback_url: null,
    password_protected: false,
    rules: [],
    variants: [],
    tags: [],
    version: 1,
  });
  const { short_id, public_url } = created.body;
  expect(short_id).toMatch(/^[2-9A-HJKMNP-TV-Z]{8}$/);
  expect(public_url).toBe(`HTTPS://QR.EXAMPLE.ORG/Q/${short_id}`);

  const path = `/api/v1/dynamic/${short_id.toLowerCase()}/`;
  const read = await as("GET", path);
  expect(read.body).toEqual(created.body);
  expect(read.headers.get("etag")).toBe('"1"');

  const repointed = await as("PATCH", path, { body: { destination_url: "https://example.com/new" } });
  expect(repointed.body).toMatchObject({ version: 2, destination_changes_count: 1 });
  expect(repointed.body.destination_url).toBe("https://example.com/new");
  const paused = await as("PATCH", path, { body: { is_active: false, name: "Paused", tags: ["a", "a", "b"] } });
  expect(paused.body).toMatchObject({ version: 3, destination_changes_count: 1, is_active: false, tags: ["a", "b"] });

  const list = await as("GET", "/api/v1/dynamic");
  expect(list.body).toEqual({ count: 1, next: null, previous: null, results: [paused.body] });

  expect((await as("DELETE", path)).status).toBe(204);
  expectProblem(await as("GET", path), 404, "not_found");
  expectProblem(await as("PATCH", path, { body: { name: "x" } }), 404, "not_found");
  expect((await as("GET", "/api/v1/dynamic")).body.count).toBe(0);
});

test("a new code says pending while a region that can be reached has not heard of it", async () => {
  const { as } = await api.signUp();
  const create = async () => {
    const { status, headers } = await as("POST", "/api/v1/dynamic", { body: code });
    return [status, headers.get("X-QR-Published")];
  };
  expect(await create()).toEqual([201, null]);
  const redis = connectRedis({ url: api.redis.url, name: "region" });
  await redisReady(redis, 5_000);
  const region = (ordinal: number) => redis.hset("qrf:regions", "slow", `${ordinal} ${Date.now()}`);
  await region(0);
  expect(await create()).toEqual([201, "pending"]);
  await region(1_000_000);
  expect(await create()).toEqual([201, null]);
  await redis.del("qrf:regions");
  redis.disconnect();
});

test("an edit that was made from a stale reading is refused", async () => {
  const { as } = await api.signUp();
  const { body } = await as("POST", "/api/v1/dynamic", { body: code });
  const path = `/api/v1/dynamic/${body.short_id}`;
  let edits = 0;
  const edit = (ifMatch: string) =>
    as("PATCH", path, { body: { name: `New ${edits++}` }, headers: { "If-Match": ifMatch } });
  expect((await edit('"1"')).status).toBe(200);
  expectProblem(await edit('"1"'), 412, "version_mismatch");
  expectProblem(await edit("abc"), 412, "version_mismatch");
  expect((await edit("2")).body.version).toBe(3);
  expectProblem(await as("DELETE", path, { headers: { "If-Match": '"1"' } }), 412, "version_mismatch");
});

test("edits of one code at once each get a version of their own", async () => {
  const { as } = await api.signUp();
  const { body } = await as("POST", "/api/v1/dynamic", { body: code });
  const edits = await Promise.all(
    Array.from({ length: 12 }, (_, i) =>
      as("PATCH", `/api/v1/dynamic/${body.short_id}`, { body: { destination_url: `https://example.com/${i}` } }),
    ),
  );
  expect(edits.map((edit) => edit.body.version).sort((a, b) => a - b)).toEqual([
    2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
  ]);
  const db = connectDatabase(api.database.url, { ...withPatience, poolMax: 1 });
  const history = await db.dynamicCodeChange.count({ where: { codeId: body.id } });
  await db.$disconnect();
  expect(history).toBe(13);
});

test("a chosen short id is upper case, unique for ever and across workspaces", async () => {
  const [mine, theirs] = [await api.signUp(), await api.signUp()];
  const create = (who: typeof mine) => who.as("POST", "/api/v1/dynamic", { body: { ...code, short_id: "Summer-26" } });
  const first = await create(mine);
  expect(first.body.short_id).toBe("SUMMER-26");
  expectProblem(await create(theirs), 409, "conflict");
  await mine.as("DELETE", "/api/v1/dynamic/summer-26");
  expectProblem(await create(mine), 409, "conflict");
});

test("eighty identical creations at once make one code and give one answer", async () => {
  const { as } = await api.signUp();
  const headers = { "Idempotency-Key": "eighty" };
  const answers = await Promise.all(
    Array.from({ length: 80 }, () => as("POST", "/api/v1/dynamic", { body: code, headers })),
  );
  expect(new Set(answers.map((answer) => `${answer.status} ${answer.text}`)).size).toBe(1);
  expect(answers[0]?.status).toBe(201);
  expect(answers.filter((answer) => answer.headers.get("idempotent-replayed") === "true")).toHaveLength(79);
  expect((await as("GET", "/api/v1/dynamic")).body.count).toBe(1);
});

test("what makes a retry the same request is its meaning, not its spelling", async () => {
  const { as } = await api.signUp();
  const send = (raw: string, key = "meaning") =>
    as("POST", "/api/v1/dynamic", { raw, headers: { "Content-Type": "application/json", "Idempotency-Key": key } });
  const first = await send('{"name":"A","destination_url":"https://example.com"}');
  const reordered = await send('{ "destination_url" : "https://example.com", "name":"\\u0041" }');
  expect(reordered.text).toBe(first.text);
  const explicit = '{"name":"A","destination_url":"https://example.com","expires_at":null}';
  expectProblem(await send(explicit), 409, "idempotency_key_reused");
  expect((await send(explicit, "another")).status).toBe(201);
});

test("a refusal is not kept: the same key works once the request is right", async () => {
  const { as } = await api.signUp();
  const headers = { "Idempotency-Key": "retry" };
  const create = (body: object) => as("POST", "/api/v1/dynamic", { body, headers });
  expectProblem(await create({ ...code, destination_url: "javascript:alert(1)" }), 400, "url_refused");
  expect((await create(code)).status).toBe(201);
});

test("the same Idempotency-Key of another workspace is another key", async () => {
  const [mine, theirs] = [await api.signUp(), await api.signUp()];
  const headers = { "Idempotency-Key": "shared" };
  const [first, second] = await Promise.all(
    [mine, theirs].map((who) => who.as("POST", "/api/v1/dynamic", { body: code, headers })),
  );
  expect(first?.status).toBe(201);
  expect(second?.status).toBe(201);
  expect(second?.body.id).not.toBe(first?.body.id);
});

test("a plan's number of active codes is exact, also for creations at once", async () => {
  const { as } = await api.signUp();
  const create = () => patient(as)("POST", "/api/v1/dynamic", { body: code });
  const answers = await Promise.all(Array.from({ length: 50 }, create));
  expect(answers.filter((answer) => answer.status === 201)).toHaveLength(3);
  const refused = answers.filter((answer) => answer.status === 403);
  expect(refused).toHaveLength(47);
  for (const answer of refused) expectProblem(answer, 403, "plan_limit");
  expect(refused[0]?.body.detail).toContain("starter");

  const paused = await as("POST", "/api/v1/dynamic", { body: { ...code, is_active: false } });
  expect(paused.status).toBe(201);
  const wake = () => as("PATCH", `/api/v1/dynamic/${paused.body.short_id}`, { body: { is_active: true } });
  expectProblem(await wake(), 403, "plan_limit");
  const active = answers.find((answer) => answer.status === 201);
  await as("PATCH", `/api/v1/dynamic/${active?.body.short_id}`, { body: { is_active: false } });
  expect((await wake()).status).toBe(200);
});

test("another workspace's code looks exactly like a missing one", async () => {
  const [mine, theirs] = [await api.signUp(), await api.signUp()];
  const { body } = await theirs.as("POST", "/api/v1/dynamic", { body: code });
  const told = (answer: { body: object }) => ({ ...answer.body, request_id: "" });
  for (const method of ["GET", "PATCH", "DELETE"]) {
    const options = method === "PATCH" ? { body: { name: "mine now" } } : {};
    const foreign = await mine.as(method, `/api/v1/dynamic/${body.short_id}`, options);
    expectProblem(foreign, 404, "not_found");
    expect(told(foreign)).toEqual(told(await mine.as(method, "/api/v1/dynamic/NOSUCHID", options)));
    expectProblem(await mine.as(method, "/api/v1/dynamic/..%2f..%2fetc", options), 404, "not_found");
  }
});

test("an API key may write codes", async () => {
  const { as } = await api.signUp();
  const key = await as("POST", "/api/v1/keys", { body: { name: "Robot" } });
  const headers = { "X-Api-Key": key.body.raw_key };
  const created = await api.send("POST", "/api/v1/dynamic", { headers, body: code });
  expect(created.status).toBe(201);
  expect((await as("GET", `/api/v1/dynamic/${created.body.short_id}`)).body).toEqual(created.body);
});

test("lists are paged, searched, filtered and ordered", async () => {
  const { as } = await api.signUp();
  for (const name of ["Blue", "Red", "Green"]) {
    // A search looks at short ids, too, and a drawn one may hold any two letters.
    const short_id = `${name}-listed`;
    await as("POST", "/api/v1/dynamic", {
      body: { ...code, name, short_id, tags: [name === "Red" ? "warm" : "cold"] },
    });
  }
  const names = async (query: string) =>
    (await as("GET", `/api/v1/dynamic/?${query}`)).body.results.map((row: { name: string }) => row.name);
  expect(await names("")).toEqual(["Green", "Red", "Blue"]);
  expect(await names("ordering=name")).toEqual(["Blue", "Green", "Red"]);
  expect(await names("tag=cold&ordering=name")).toEqual(["Blue", "Green"]);
  expect(await names("search=rE")).toEqual(["Green", "Red"]);
  expect(await names("is_active=false")).toEqual([]);
  const page = await as("GET", "/api/v1/dynamic/?ordering=name&page=2&page_size=1");
  expect(page.body).toMatchObject({ count: 3, results: [{ name: "Green" }] });
  expect(page.body.next).toMatch("https://qr.example.org/api/v1/dynamic/?ordering=name&page_size=1&cursor=");
  expect(await names(page.body.next.split("?")[1])).toEqual(["Red"]);
  expect(await names(page.body.previous.split("?")[1])).toEqual(["Blue"]);
});

test("fallback, expiry, tags and folder are set at creation and changed or cleared by an edit", async () => {
  const { as } = await api.signUp();
  const extras = {
    fallback_url: "https://example.com/closed",
    expires_at: "2030-01-01T00:00:00.000Z",
    tags: ["menu"],
    folder: "Spring",
  };
  const created = await as("POST", "/api/v1/dynamic", { body: { ...code, ...extras } });
  expect(created.body).toMatchObject(extras);
  const path = `/api/v1/dynamic/${created.body.short_id}`;
  const moved = await as("PATCH", path, { body: { folder: " Summer " } });
  expect(moved.body).toMatchObject({ ...extras, folder: "Summer" });
  const cleared = { fallback_url: null, expires_at: null, tags: [], folder: null };
  expect((await as("PATCH", path, { body: cleared })).body).toMatchObject(cleared);
  await as("PATCH", path, { body: { folder: "Autumn" } });
  expect((await as("GET", "/api/v1/dynamic?folder=Autumn")).body.count).toBe(1);
  expect((await as("GET", "/api/v1/dynamic?folder=Spring")).body.count).toBe(0);
});

test.each([
  ["a name that holds NUL", { ...code, name: "a\u0000b" }, "validation_failed", "name"],
  ["an empty folder", { ...code, folder: " " }, "validation_failed", "folder"],
  ["a folder of 101 characters", { ...code, folder: "x".repeat(101) }, "validation_failed", "folder"],
  ["21 tags", { ...code, tags: Array.from({ length: 21 }, String) }, "validation_failed", "tags"],
  ["an unknown field", { ...code, destination: "x" }, "validation_failed", "destination"],
  ["no name", { destination_url: code.destination_url }, "validation_failed", "name"],
  ["a name of 121 characters", { ...code, name: "x".repeat(121) }, "validation_failed", "name"],
  ["a short id that is an address of the API", { ...code, short_id: "Export" }, "validation_failed", "short_id"],
  ["a short id with a slash", { ...code, short_id: "A/B" }, "validation_failed", "short_id"],
  ["a short id whose upper case is ASCII", { ...code, short_id: "ſabc" }, "validation_failed", "short_id"],
  ["an expiry that is no moment", { ...code, expires_at: "tomorrow" }, "validation_failed", "expires_at"],
  [
    "an expiry before the first year",
    { ...code, expires_at: "0000-01-01T00:00:00Z" },
    "validation_failed",
    "expires_at",
  ],
  [
    "an expiry after the last year",
    { ...code, expires_at: "9999-12-31T23:59:59-12:00" },
    "validation_failed",
    "expires_at",
  ],
  ["an empty fallback", { ...code, fallback_url: "" }, "url_refused", "fallback_url"],
  ["an address as a number", { ...code, destination_url: 7 }, "validation_failed", "destination_url"],
  ["a script as a destination", { ...code, destination_url: "javascript:alert(1)" }, "url_refused", "destination_url"],
  ["a private fallback", { ...code, fallback_url: "http://10.0.0.1/" }, "url_refused", "fallback_url"],
  ["a link to ourselves", { ...code, destination_url: "https://qr.example.org/q/A" }, "url_refused", "destination_url"],
])("%s is refused and named", async (_name, body, problem, field) => {
  const { as } = await api.signUp();
  const answer = await as("POST", "/api/v1/dynamic", { body });
  expectProblem(answer, 400, problem);
  expect(Object.keys(answer.body.errors)).toEqual([field]);
});

test.each(["", "x".repeat(256), "with space", "ümlaut"])("the Idempotency-Key %j is refused", async (key) => {
  const { as } = await api.signUp();
  // Header values travel as Latin-1; an empty one is still a header.
  const answer = await as("POST", "/api/v1/dynamic", { body: code, headers: { "Idempotency-Key": key } });
  expectProblem(answer, 400, "validation_failed");
});

test.each([
  "page=0",
  "page_size=101",
  "page=x",
  "pages=1",
  "ordering=password_hash",
  "is_active=maybe",
  "cursor=x",
  "search=%00",
])("the list refuses ?%s", async (query) => {
  const { as } = await api.signUp();
  expectProblem(await as("GET", `/api/v1/dynamic?${query}`), 400, "validation_failed");
});
