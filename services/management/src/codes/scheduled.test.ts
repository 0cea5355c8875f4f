import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { connectDatabase, type Db, withPatience } from "@qrfactory/db/client";
import type { DynamicCode } from "@qrfactory/db/codes/codes";
import { type Api, expectProblem, type Send, startApi } from "../api.fixture.js";
import { makeDueChanges } from "../workers/scheduled-changes.js";

let api: Api;
let db: Db;
beforeAll(async () => {
  api = await startApi();
  db = connectDatabase(api.database.url, { ...withPatience, poolMax: 4 });
});
afterAll(async () => {
  await db.$disconnect();
  await api.close();
});

const soon = (ms: number) => new Date(Date.now() + ms).toISOString();
const later = (ms = 0) => soon(3_600_000 + ms);

/** An hour passes for all that is put down for later. */
const passHour = () => db.$executeRaw`UPDATE scheduled_changes SET effective_at = effective_at - interval '1 hour'`;

async function createCode(as: Send, fields: object = {}): Promise<string> {
  const body = { name: "Menu", destination_url: "https://example.com/one", ...fields };
  const { body: created } = await as("POST", "/api/v1/dynamic", { body });
  return `/api/v1/dynamic/${created.short_id}`;
}

/** One round of the worker; what it would publish is not looked at. */
const work = (publish: (rows: DynamicCode[]) => Promise<void> = async () => {}) => makeDueChanges(db, publish);

test("a change with a moment waits for it, is made then, and is a version like any other", async () => {
  const { as, session } = await api.signUp();
  const path = await createCode(as);
  const body = {
    destination_url: "https://example.com/two",
    expires_at: "2030-01-01T00:00:00Z",
    effective_at: later(),
  };
  const scheduled = await as("PATCH", path, { body });
  expect(scheduled.status).toBe(202);
  expect(scheduled.body).toMatchObject({
    changes: { destination_url: "https://example.com/two", expires_at: "2030-01-01T00:00:00.000Z" },
    status: "waiting",
    created_by: `user:${session.user.id}`,
  });
  await work();
  expect((await as("GET", path)).body).toMatchObject({ destination_url: "https://example.com/one", version: 1 });
  await passHour();
  const published: DynamicCode[] = [];
  await work(async (rows) => void published.push(...rows));
  expect(published.map(({ version }) => version)).toEqual([2]);
  const code = (await as("GET", path)).body;
  expect(code).toMatchObject({ destination_url: "https://example.com/two", version: 2, destination_changes_count: 1 });
  expect((await as("GET", `${path}/scheduled`)).body).toMatchObject({ count: 0, results: [] });
  const { results } = (await as("GET", `/api/v1/audit?target=${code.short_id}`)).body;
  expect(results.map(({ action }: { action: string }) => action)).toEqual([
    "dynamic.updated",
    "dynamic.change_scheduled",
    "dynamic.created",
  ]);
  expect(results[0].details).toMatchObject({ scheduled: scheduled.body.id, fields: ["destination_url", "expires_at"] });
});

test("a moment that is to come shows the code as the changes until then make it", async () => {
  const { as } = await api.signUp();
  const path = await createCode(as);
  const put = (body: object) => as("PATCH", path, { body });
  await put({ destination_url: "https://example.com/two", tags: ["xmas"], effective_at: later() });
  await put({ is_active: false, fallback_url: "https://example.com/over", effective_at: later(60_000) });
  const at = async (moment: string) => (await as("GET", `${path}?at=${moment}`)).body;
  const resolve = async (moment: string) => (await as("POST", `${path}/resolve`, { body: { at: moment } })).body;
  expect(await at(soon(60_000))).toMatchObject({ destination_url: "https://example.com/one", version: 1 });
  expect(await at(later(30_000))).toMatchObject({
    ...{ destination_url: "https://example.com/two", tags: ["xmas"], is_active: true },
    ...{ version: 2, destination_changes_count: 1 },
  });
  expect(await at(later(90_000))).toMatchObject({ is_active: false, version: 3 });
  expect(await resolve(soon(60_000))).toMatchObject({ destination_url: "https://example.com/one" });
  const steps = (document: { trace: { step: string }[] }) => document.trace.map(({ step }) => step);
  const second = await resolve(later(30_000));
  expect([second.destination_url, steps(second)]).toEqual(["https://example.com/two", ["schedule", "destination"]]);
  expect(second.trace[0].detail).toMatch(/^The change that is scheduled for .*Z is made: destination_url, tags\.$/);
  const third = await resolve(later(90_000));
  expect([third.destination_url, steps(third)]).toEqual([
    "https://example.com/over",
    ["schedule", "schedule", "state"],
  ]);
  // Nothing was made by looking.
  expect((await as("GET", path)).body.version).toBe(1);
  // One that was refused is made by nobody.
  await db.$executeRaw`UPDATE scheduled_changes SET failure = 'refused' WHERE changes ? 'destinationUrl'`;
  expect((await resolve(later(30_000))).destination_url).toBe("https://example.com/one");
});

test("of many workers at once each change is made by one, in the order of the moments", async () => {
  const { as } = await api.signUp();
  const path = await createCode(as);
  for (const minutes of [-20, -40, -30, -10]) {
    const body = { name: `At ${minutes}`, effective_at: later(minutes * 60_000) };
    expect((await as("PATCH", path, { body })).status).toBe(202);
  }
  await passHour();
  await Promise.all([work(), work(), work()]);
  await Promise.all([work(), work()]);
  expect((await as("GET", path)).body.version).toBe(5);
  const { results } = (await as("GET", `${path}/history`)).body;
  expect(results.map(({ name }: { name: string }) => name)).toEqual(["At -10", "At -20", "At -30", "At -40", "Menu"]);
});

test("a change that is refused when its moment comes keeps its row with the reason and holds up no other", async () => {
  const { as } = await api.signUp();
  const paused = await createCode(as, { is_active: false });
  const other = await createCode(as, { is_active: false });
  const effective_at = later();
  await as("PATCH", paused, { body: { is_active: true, effective_at } });
  await as("PATCH", other, { body: { name: "Renamed", effective_at } });
  for (let i = 0; i < 3; i++) await createCode(as);
  await passHour();
  await work();
  expect((await as("GET", other)).body.name).toBe("Renamed");
  const { results } = (await as("GET", `${paused}/scheduled`)).body;
  expect(results).toMatchObject([{ status: "failed", failure: expect.stringContaining("free includes 3") }]);
  expect((await as("GET", paused)).body).toMatchObject({ is_active: false, version: 1 });
});

test("a change can be taken back, once", async () => {
  const { as } = await api.signUp();
  const path = await createCode(as);
  const { body } = await as("PATCH", path, { body: { name: "Never", effective_at: later() } });
  const address = `${path}/scheduled/${body.id}`;
  expect((await as("DELETE", address)).status).toBe(204);
  expectProblem(await as("DELETE", address), 404, "not_found");
  expectProblem(await as("DELETE", `${path}/scheduled/none`), 404, "not_found");
  expect((await as("GET", `${path}/scheduled`)).body.count).toBe(0);
});

test("it takes If-Match, and judges the change when it is put down", async () => {
  const { as } = await api.signUp();
  const path = await createCode(as);
  const put = (body: object, headers = {}) => as("PATCH", path, { body: { effective_at: later(), ...body }, headers });
  expectProblem(await put({ name: "X" }, { "If-Match": '"7"' }), 412, "version_mismatch");
  expectProblem(await put({ destination_url: "javascript:alert(1)" }), 400, "url_refused");
  for (const effective_at of [soon(-1_000), soon(10 * 366 * 86_400_000), "tomorrow", 5]) {
    const answer = await put({ name: "X", effective_at });
    expectProblem(answer, 400, "validation_failed");
    expect(answer.body.errors).toHaveProperty("effective_at");
  }
  expect((await as("GET", `${path}/scheduled`)).body.count).toBe(0);
});

test("a code has a bounded number of them", async () => {
  const { as } = await api.signUp();
  const path = await createCode(as);
  const body = { name: "Later", effective_at: later() };
  for (let i = 0; i < 50; i++) expect((await as("PATCH", path, { body })).status).toBe(202);
  expectProblem(await as("PATCH", path, { body }), 409, "conflict");
});
