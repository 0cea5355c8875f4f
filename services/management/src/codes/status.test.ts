// The state of codes in a word, in rows and as a filter; tags in any case and number; edits that change nothing.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { connectDatabase, withPatience } from "@qrfactory/db/client";
import { type Api, expectProblem, type Send, startApi } from "../api.fixture.js";

const path = "/api/v1/dynamic";
const destination_url = "https://example.com/";
const later = () => new Date(Date.now() + 3_600_000).toISOString();

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

async function customer() {
  const { as, workspaceId } = await api.signUp();
  await api.setPlan(workspaceId, "pro");
  const create = async (name: string, fields: object = {}) =>
    (await as("POST", path, { body: { name, destination_url, ...fields } })).body.short_id as string;
  return { as, create };
}

const namesOf = async (as: Send, query: string): Promise<string[]> =>
  (await as("GET", `${path}?ordering=name&${query}`)).body.results.map(({ name }: { name: string }) => name);

test("each code says its status, and is found by it", async () => {
  const { as, create } = await customer();
  await create("active", { max_scans: 5, expires_at: later() });
  const used = await create("used_up", { max_scans: 5 });
  await create("expired", { expires_at: "2020-01-01T00:00:00Z", max_scans: 5 });
  await create("paused", { is_active: false, expires_at: "2020-01-01T00:00:00Z" });
  const waking = await create("scheduled", { is_active: false });
  const db = connectDatabase(api.database.url, { ...withPatience, poolMax: 1 });
  await db.dynamicCode.update({ where: { shortId: used }, data: { scanCount: 5 } });
  await db.$disconnect();
  const put = { body: { is_active: true, effective_at: later() } };
  expect((await as("POST", `${path}/${waking}/scheduled`, put)).status).toBe(201);
  const { body } = await as("GET", path);
  for (const { name, status } of body.results) expect(status).toBe(name);
  for (const { name, short_id } of body.results) {
    expect(await namesOf(as, `status=${name}`)).toEqual([name]);
    expect((await as("GET", `${path}/${short_id}`)).body.status).toBe(name);
  }
  expect(await namesOf(as, "status=Used_Up")).toEqual(["used_up"]);
  const wrong = await as("GET", `${path}?status=pause`);
  expect(wrong.body.errors.status).toEqual([expect.stringContaining("Did you mean paused?")]);
});

test("tags are found in any case, any of several, and with a comma in them", async () => {
  const { as, create } = await customer();
  await create("1", { tags: ["Menu", "Wien"] });
  await create("2", { tags: ["bar"] });
  await create("3", { tags: ["a,b"] });
  await create("4");
  expect(await namesOf(as, "tag=menu")).toEqual(["1"]);
  expect(await namesOf(as, "tag=WIEN,Bar")).toEqual(["1", "2"]);
  expect(await namesOf(as, "tag=a,b")).toEqual(["3"]);
  expect(await namesOf(as, "tag=none&is_active=True")).toEqual([]);
});

test("an edit that changes nothing makes no version; of the others only what differs is told", async () => {
  const { as, create } = await customer();
  const rules = [{ when: { country: "AT", device: "phone" }, destination_url }];
  const fields = { tags: ["a"], expires_at: later(), rules, utm: { source: "x", medium: "y" }, fallback_url: null };
  const shortId = await create("Same", fields);
  const same = await as("PATCH", `${path}/${shortId}`, {
    body: { name: "Same", destination_url, ...fields, password: null },
  });
  expect([same.status, same.body.version]).toEqual([200, 1]);
  const edit = { filter: { tag: "a" }, changes: { name: "Same" } };
  expect((await as("PATCH", path, { body: edit })).body).toEqual({ changed: 0 });
  const other = await as("PATCH", `${path}/${shortId}`, { body: { name: "Other", tags: ["a"] } });
  expect(other.body).toMatchObject({ version: 2, name: "Other" });
  expect((await as("GET", `${path}/${shortId}/history`)).body.count).toBe(2);
});

test("a change is scheduled by a POST of its own, once for each key; a PATCH does so, too, and says that it is old", async () => {
  const { as, create } = await customer();
  const shortId = await create("Code");
  const address = `${path}/${shortId}/scheduled`;
  const put = { body: { name: "Later", effective_at: later() }, headers: { "Idempotency-Key": "once" } };
  const [first, again] = [await as("POST", address, put), await as("POST", address, put)];
  expect([first.status, first.headers.get("Location")]).toEqual([201, `${address}/${first.body.id}/`]);
  expect(again.text).toBe(first.text);
  expect(first.body).toMatchObject({ status: "waiting", changes: { name: "Later" } });
  const old = await as("PATCH", `${path}/${shortId}`, { body: put.body });
  expect([old.status, old.headers.get("Deprecation")]).toEqual([202, expect.stringMatching(/^@\d+$/)]);
  expect(old.headers.get("Link")).toContain(`${address}/>; rel="successor-version"`);
  expect((await as("GET", address)).body.count).toBe(2);
  for (const body of [
    { name: "x" },
    { effective_at: later() },
    { ...put.body, effective_at: "2020-01-01T00:00:00Z" },
  ]) {
    expectProblem(await as("POST", address, { body }), 400, "validation_failed");
  }
});

test.each([
  ["POST", path, { name: "x", destination_url }],
  ["PATCH", path, { filter: { tag: "a" }, changes: { name: "x" } }],
  ["POST", "/api/v1/keys", { name: "x" }],
  ["GET", "/api/v1/me", undefined],
  ["GET", "/api/v1/usage/me", undefined],
  ["GET", path, undefined],
])("%s %s refuses a query that it would not heed", async (method, address, body) => {
  const { as } = await customer();
  const answer = await as(method, `${address}?foo=1`, body && { body });
  expectProblem(answer, 400, "validation_failed");
  expect(answer.body.errors).toEqual({ foo: ["This field is not known here."] });
});

test("every problem has a page, whose address is its type", async () => {
  const { body } = await api.send("GET", "/api/v1/nowhere");
  const page = await api.send("GET", new URL(body.type).pathname);
  expect([page.status, page.headers.get("Content-Type")]).toEqual([200, "text/html; charset=utf-8"]);
  expect(page.text).toContain("<code>not_found</code> · HTTP 404");
  const list = await api.send("GET", "/problems/");
  for (const code of ["range_not_satisfiable", "not_implemented", "bulk_rejected"]) {
    expect(list.text).toContain(`<code>${code}</code>`);
    expect((await api.send("GET", `/problems/${code.replaceAll("_", "-")}/`)).status).toBe(200);
  }
  expectProblem(await api.send("GET", "/problems/nonsense"), 404, "not_found");
});
