// The ids of rules and variants, from a PATCH to a report.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { parsePublishedCode } from "@qrfactory/codes/published/published";
import { connectDatabase, type Db, withPatience } from "@qrfactory/db/client";
import { Redis } from "ioredis";
import { type Api, expectProblem, startApi } from "../api.fixture.js";
import { scanRow, takeIn } from "../scans/scans.fixture.js";

let api: Api;
let db: Db;
beforeAll(async () => {
  api = await startApi();
  db = connectDatabase(api.database.url, { ...withPatience, poolMax: 1 });
});
afterAll(async () => {
  await db.$disconnect();
  await api.close();
});

const to = (name: string) => `https://example.com/${name}`;
const rule = (country: string, more: object = {}) => ({ when: { country }, destination_url: to(country), ...more });
const variant = (name: string, weight = 1, more: object = {}) => ({ destination_url: to(name), weight, ...more });

// biome-ignore lint/suspicious/noExplicitAny: documents of the API
type Code = any;

async function createCode(fields: object) {
  const { as, workspaceId } = await api.signUp();
  await api.setPlan(workspaceId, "pro");
  const created = await as("POST", "/api/v1/dynamic", {
    body: { name: "Menu", destination_url: to("menu"), ...fields },
  });
  expect(created.status).toBe(201);
  const path = `/api/v1/dynamic/${created.body.short_id}`;
  const patch = async (body: object): Promise<Code> => {
    const answer = await as("PATCH", path, { body });
    expect(answer.status).toBe(200);
    return answer.body;
  };
  return { as, workspaceId, code: created.body as Code, path, patch };
}

const idsOf = ({ rules, variants }: Code): string[] => [...rules, ...variants].map(({ id }: { id: string }) => id);

test("rules and variants keep their ids wherever they stand, as long as they say the same", async () => {
  const { code, patch } = await createCode({
    rules: [rule("AT"), rule("DE"), rule("DE")],
    variants: [variant("a"), variant("b", 2, { id: "mine" })],
  });
  const [at, de, again, a, b] = idsOf(code);
  expect(new Set([at, de, again, a, b]).size).toBe(5);
  expect(b).toBe("mine");
  // Sent back as they were read, they are the same version.
  expect(await patch({ rules: code.rules, variants: code.variants })).toMatchObject({ version: 1 });
  expect(await patch({ rules: [rule("AT"), rule("DE"), rule("DE")] })).toMatchObject({ version: 1 });
  const moved = await patch({
    rules: [rule("DE"), rule("CH"), rule("AT")],
    variants: [variant("b", 9), variant("a", 1)],
  });
  expect(idsOf(moved)).toEqual([de, moved.rules[1].id, at, "mine", a]);
  expect([at, de, again]).not.toContain(moved.rules[1].id);
  // A rule that is changed under its id is the same rule; what it said before is another one's from now on.
  const changed = await patch({ rules: [rule("FR", { id: at }), rule("AT")] });
  expect(idsOf(changed).slice(0, 1)).toEqual([at]);
  expect(new Set(idsOf(changed)).size).toBe(4);
  expect(await patch({ rules: [rule("AT"), rule("FR")] })).toMatchObject({
    rules: [{ id: changed.rules[1].id }, { id: at }],
  });
});

test("of one code no two have the same id, and what is sent for it is judged", async () => {
  const { as, path, code } = await createCode({
    rules: [rule("AT", { id: "one" })],
    variants: [variant("a"), variant("b")],
  });
  const twice = { rules: [rule("AT", { id: "x" })], variants: [variant("a"), variant("b", 1, { id: "x" })] };
  const refused = async (body: object, field: string) => {
    const answer = await as("PATCH", path, { body });
    expectProblem(answer, 400, "validation_failed");
    expect(Object.keys(answer.body.errors)).toEqual([field]);
  };
  await refused(twice, "variants.1.id");
  await refused({ rules: [rule("DE", { id: code.variants[0].id })] }, "rules.0.id");
  await refused({ variants: [variant("a", 1, { id: "one" }), variant("b")] }, "variants.0.id");
  for (const id of ["", "a b", "ü", "x".repeat(65), "unknown", 7])
    await refused({ rules: [rule("DE", { id })] }, "rules.0.id");
  const bulk = { short_ids: [code.short_id], changes: { rules: [rule("DE", { id: code.variants[0].id })] } };
  const answer = await as("PATCH", "/api/v1/dynamic", { body: bulk });
  expectProblem(answer, 400, "validation_failed");
  expect(Object.keys(answer.body.errors)).toEqual(["changes.rules.0.id"]);
});

test("one edit of many codes leaves each the ids that it has", async () => {
  const { as, code, path } = await createCode({ rules: [rule("AT", { id: "summer" })] });
  const other = await as("POST", "/api/v1/dynamic", { body: { name: "Other", destination_url: to("other") } });
  const changes = { rules: [rule("DE"), rule("AT")] };
  const short_ids = [code.short_id, other.body.short_id];
  expect((await as("PATCH", "/api/v1/dynamic", { body: { short_ids, changes } })).body).toEqual({ changed: 2 });
  const [first, second] = [(await as("GET", path)).body, (await as("GET", `/api/v1/dynamic/${short_ids[1]}`)).body];
  expect([first.rules[1].id, second.rules[1].id]).toEqual(["summer", expect.stringMatching(/^rule_/)]);
  expect(first.rules[0].id).toBe(second.rules[0].id);
});

test("a change for later, a rollback and the past keep ids, and so do rows from before there were any", async () => {
  const { as, code, path, patch } = await createCode({ rules: [rule("AT"), rule("DE", { id: "mine" })] });
  const later = { rules: [rule("DE"), rule("AT")], effective_at: new Date(Date.now() + 3_600_000).toISOString() };
  expect((await as("POST", `${path}/scheduled`, { body: later })).status).toBe(201);
  const then = new Date(Date.now() + 7_200_000).toISOString();
  expect(idsOf((await as("GET", `${path}?at=${then}`)).body)).toEqual(["mine", code.rules[0].id]);
  await patch({ rules: [] });
  expect(idsOf((await as("GET", `${path}/history`)).body.results[1])).toEqual(idsOf(code));
  expect(idsOf((await as("POST", `${path}/rollback`, { body: { version: 1 } })).body)).toEqual(idsOf(code));
  await db.$executeRaw`UPDATE dynamic_codes SET rules = (SELECT jsonb_agg(r - 'id') FROM jsonb_array_elements(rules) AS r)
    WHERE id = ${code.id}::uuid`;
  const named = idsOf((await as("GET", path)).body);
  expect([named[0], new Set(named).size]).toEqual([code.rules[0].id, 2]);
  expect(await patch({ rules: [rule("AT"), rule("DE")] })).toMatchObject({ version: 3 });
  expect(idsOf(await patch({ rules: [rule("DE"), rule("AT")] }))).toEqual([named[1], named[0]]);
});

test("a change for later is refused at once for an id that is taken, and not foreseen when it was taken meanwhile", async () => {
  const { as, code, path, patch } = await createCode({ variants: [variant("a"), variant("b")] });
  const effective_at = new Date(Date.now() + 3_600_000).toISOString();
  const schedule = (id: string) =>
    as("POST", `${path}/scheduled`, { body: { rules: [rule("AT", { id })], effective_at } });
  expectProblem(await schedule(code.variants[0].id), 400, "validation_failed");
  expect((await schedule("summer")).status).toBe(201);
  const then = `${path}?at=${new Date(Date.now() + 7_200_000).toISOString()}`;
  expect((await as("GET", then)).body.rules).toHaveLength(1);
  await patch({ variants: [variant("a", 1, { id: "summer" }), variant("b")] });
  expect((await as("GET", then)).body).toMatchObject({ rules: [], variants: [{ id: "summer" }, {}] });
});

test("a region of the release before reads what is published", async () => {
  const { code } = await createCode({ rules: [rule("AT", { id: "mine" })], variants: [variant("a"), variant("b")] });
  const redis = new Redis(api.redis.url);
  const row = (await redis.hget("qrf:codes", code.short_id)) ?? "";
  redis.disconnect();
  // Its schema is strict: it would refuse a row with an id in it.
  expect(row).not.toMatch(/mine|variant_/);
  expect(parsePublishedCode(row)).not.toBeNull();
});

test("reports, lists and filters name rules and variants by their ids, whatever their place was", async () => {
  const { as, code, path, patch, workspaceId } = await createCode({
    rules: [rule("AT", { id: "austria" })],
    variants: [variant("a", 1, { id: "left" }), variant("b", 1, { id: "right" })],
  });
  await patch({ variants: [variant("b"), variant("a")], rules: [rule("DE", { id: "germany" }), rule("AT")] });
  const scan = (code_version: number, led: object) =>
    scanRow({ id: code.id, workspaceId }, "2026-11-01T12:00:00Z", { code_version, ...led });
  await takeIn(api.database.url, [
    ...[scan(1, { variant: 0 }), scan(2, { variant: 1 }), scan(2, { variant: 0 }), scan(1, { rule: 0 })],
    ...[scan(2, { rule: 1 }), scan(2, { rule: 0 }), scan(2, {}), scan(9, { variant: 1 }), scan(2, { variant: 7 })],
  ]);
  const range = "from=2026-11-01&to=2026-11-01";
  const report = (await as("GET", `${path}/analytics?${range}`)).body;
  const counted = (list: { key: string; scans: number }[]) =>
    Object.fromEntries(list.map(({ key, scans }) => [key, scans]));
  expect(counted(report.rule_ids)).toEqual({ austria: 2, germany: 1, unknown: 6 });
  expect(counted(report.variant_ids)).toEqual({ left: 2, right: 1, unknown: 6 });
  // By their place, as before.
  expect(counted(report.variants)).toEqual({ 0: 2, 1: 2, 7: 1, unknown: 4 });
  const filtered = (await as("GET", `/api/v1/scans?${range}&variant_id=left`)).body.results;
  expect(filtered.map((one: Code) => [one.variant, one.variant_id, one.rule_id]).sort()).toEqual([
    [0, "left", null],
    [1, "left", null],
  ]);
  expect((await as("GET", `/api/v1/analytics?${range}&rule_id=austria`)).body.total_scans).toBe(2);
});
