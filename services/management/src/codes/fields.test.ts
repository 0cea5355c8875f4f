// Every field of the table goes every way that a field can go. A new one needs a pair of values here.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { codeFields, type FieldName } from "@qrfactory/codes/fields/fields";
import { parse } from "csv-parse/sync";
import { Redis } from "ioredis";
import { type Api, expectProblem, startApi } from "../api.fixture.js";

let api: Api;
let redis: Redis;
beforeAll(async () => {
  api = await startApi();
  redis = new Redis(api.redis.url);
});
afterAll(async () => {
  redis.disconnect();
  await api.close();
});

type Json = { [member: string]: unknown };

/** Two values of each field, as they are sent and answered. */
const values: Record<FieldName, [first: unknown, second: unknown]> = {
  name: ["Menu", "Card"],
  destination_url: ["https://example.com/a", "https://example.com/b"],
  fallback_url: ["https://example.com/over", null],
  is_active: [true, false],
  expires_at: ["2036-01-01T00:00:00.000Z", null],
  max_scans: [100, 200],
  password: ["open sesame", null],
  rules: [[{ id: "at", when: { country: "AT" }, destination_url: "https://example.com/at" }], []],
  variants: [
    [
      { id: "x", destination_url: "https://example.com/x", weight: 1 },
      { id: "y", destination_url: "https://example.com/y", weight: 2 },
    ],
    [],
  ],
  forward_query: [true, false],
  utm: [{ source: "print" }, null],
  app_links: [{ ios: "menu://7" }, null],
  tags: [["spring", "table"], []],
  folder: ["Vienna", null],
  notes: ["Table 7, by the window.\nReprint in spring.", null],
};

const names = Object.keys(codeFields) as FieldName[];
const sent = (at: 0 | 1): Json => Object.fromEntries(names.map((name) => [name, values[name][at]]));

/** The same as answers say it: of a password only that there is one. */
function shown(at: 0 | 1): Json {
  const { password, ...others } = sent(at);
  return { ...others, password_protected: password !== null };
}

test("what is sent is answered, kept in every version, exported, and comes back with a rollback", async () => {
  const { as, workspaceId } = await api.signUp();
  await api.setPlan(workspaceId, "pro");
  const created = await as("POST", "/api/v1/dynamic", { body: sent(0) });
  expect(created.body).toMatchObject(shown(0));
  const path = `/api/v1/dynamic/${created.body.short_id}`;

  const edited = await as("PATCH", path, { body: sent(1) });
  expect(edited.body).toMatchObject({ ...shown(1), version: 2 });
  expect((await as("GET", path)).body).toEqual(edited.body);

  const history = await as("GET", `${path}/history/`);
  expect(history.body.results).toMatchObject([shown(1), shown(0)]);

  const back = await as("POST", `${path}/rollback/`, { body: { version: 1 } });
  expect(back.body).toMatchObject({ ...shown(0), password_protected: false, version: 3 });

  const csv = await as("GET", "/api/v1/dynamic/export/?format=csv");
  const [row] = parse(csv.text, { columns: true }) as Record<string, string>[];
  expect(Object.keys(row ?? {})).toEqual(expect.arrayContaining(Object.keys(shown(0))));
  const isText = (name: string) => typeof shown(0)[name] === "string" && name !== "expires_at";
  for (const name of Object.keys(shown(0)).filter(isText)) expect(row?.[name]).toBe(shown(0)[name]);
});

test("a change that waits says every field, and makes it when its time has come", async () => {
  const { as, workspaceId } = await api.signUp();
  await api.setPlan(workspaceId, "pro");
  const created = await as("POST", "/api/v1/dynamic", { body: sent(1) });
  const path = `/api/v1/dynamic/${created.body.short_id}`;
  const effective_at = new Date(Date.now() + 3_600_000).toISOString();
  const scheduled = await as("POST", `${path}/scheduled/`, { body: { ...sent(0), effective_at } });
  expect(scheduled.body.changes).toMatchObject(shown(0));
  const foreseen = await as("GET", `${path}?at=${encodeURIComponent(new Date(Date.now() + 7_200_000).toISOString())}`);
  expect(foreseen.body).toMatchObject(shown(0));
});

test("of a field that redirect is told nothing of, the published row says nothing", async () => {
  const { as, workspaceId } = await api.signUp();
  await api.setPlan(workspaceId, "pro");
  const { body } = await as("POST", "/api/v1/dynamic", { body: sent(0) });
  const published = await redis.hget("qrf:codes", body.short_id);
  const isTold = (name: FieldName) => "publish" in codeFields[name] || "route" in codeFields[name];
  const untold = names.filter((name) => !isTold(name));
  for (const name of untold.filter((one) => typeof values[one][0] === "string")) {
    expect(published).not.toContain(JSON.stringify(values[name][0]));
  }
  expect(published).toContain(JSON.stringify(values.destination_url[0]));
});

test.each(names)("%s refuses what it cannot be, under its name", async (name) => {
  const { as } = await api.signUp();
  const body = { name: "Menu", destination_url: "https://example.com/", [name]: { never: "this" } };
  const refused = await as("POST", "/api/v1/dynamic", { body });
  expectProblem(refused, 400, "validation_failed");
  expect(Object.keys(refused.body.errors).some((path) => path === name || path.startsWith(`${name}.`))).toBe(true);
});
