import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { connectDatabase, type Db, withPatience } from "@qrfactory/db/client";
import { type Api, expectProblem, type Send, startApi } from "../api.fixture.js";

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

const edit = (as: Send, body: object) => as("PATCH", "/api/v1/dynamic/", { body });

async function createCodes(as: Send, count: number, fields: object = {}): Promise<string[]> {
  const made: string[] = [];
  for (let i = 0; i < count; i++) {
    const body = { name: `Code ${i}`, destination_url: "https://example.com/old", is_active: false, ...fields };
    made.push((await as("POST", "/api/v1/dynamic", { body })).body.short_id);
  }
  return made;
}

const readAll = async (as: Send) => (await as("GET", "/api/v1/dynamic?ordering=name")).body.results;

test("codes named by short ids change together, each with a version and a history of its own", async () => {
  const { as } = await api.signUp();
  const [first = "", second = "", third = ""] = await createCodes(as, 3);
  const changes = { destination_url: "https://example.com/new", tags: ["spring"], folder: "Menus" };
  const answer = await edit(as, { short_ids: [first.toLowerCase(), second, first], changes });
  expect(answer.body).toEqual({ changed: 2 });
  const changed = { ...changes, version: 2, destination_changes_count: 1 };
  expect(await readAll(as)).toMatchObject([changed, changed, { short_id: third, version: 1, tags: [] }]);
  expect((await as("GET", `/api/v1/dynamic/${second}/history`)).body.count).toBe(2);
});

test("every region hears of all of them", async () => {
  const { as, workspaceId } = await api.signUp();
  const shortIds = await createCodes(as, 2);
  await edit(as, { short_ids: shortIds, changes: { destination_url: "https://example.com/new" } });
  const rows = await db.dynamicCode.findMany({ where: { workspaceId } });
  expect(rows.map((row) => row.publishedVersion)).toEqual([2, 2]);
});

test.each([
  [{ tag: "a" }, 2],
  [{ folder: "F" }, 1],
  [{ search: "code 1" }, 1],
  [{ is_active: true }, 1],
  [{ is_active: false, tag: "a" }, 1],
  [{ tag: "nobody's" }, 0],
])("the filter %j changes what a list with it shows", async (filter, changed) => {
  const { as } = await api.signUp();
  await createCodes(as, 1, { tags: ["a"], is_active: true });
  await createCodes(as, 1, { tags: ["a", "b"], name: "Code 1" });
  await createCodes(as, 1, { folder: "F", name: "Other" });
  expect((await edit(as, { filter, changes: { fallback_url: "https://example.com/f" } })).body).toEqual({ changed });
  const rows: { fallback_url: string | null }[] = await readAll(as);
  expect(rows.filter((row) => row.fallback_url !== null)).toHaveLength(changed);
});

test("one code that is missing or somebody else's leaves all as they were", async () => {
  const [mine, theirs] = [await api.signUp(), await api.signUp()];
  const [own = ""] = await createCodes(mine.as, 1);
  const [foreign = ""] = await createCodes(theirs.as, 1);
  const told = (answer: { text: string; body: { request_id: string } }, id: string) =>
    answer.text.replace(answer.body.request_id, "").replace(id, "");
  const changes = { name: "Changed" };
  const ofThem = await edit(mine.as, { short_ids: [own, foreign], changes });
  const ofNobody = await edit(mine.as, { short_ids: [own, "NOSUCHID"], changes });
  expectProblem(ofThem, 404, "not_found");
  expect(told(ofThem, foreign)).toBe(told(ofNobody, "NOSUCHID"));
  expect(await readAll(mine.as)).toMatchObject([{ name: "Code 0", version: 1 }]);
  await edit(mine.as, { filter: { search: "code" }, changes });
  expect(await readAll(theirs.as)).toMatchObject([{ name: "Code 0", version: 1 }]);
});

test("codes are woken all or none, as far as the plan has room", async () => {
  const { as } = await api.signUp();
  const shortIds = await createCodes(as, 4);
  const wake = (short_ids: string[]) => edit(as, { short_ids, changes: { is_active: true } });
  const refused = await wake(shortIds);
  expectProblem(refused, 403, "plan_limit");
  expect(refused.body.detail).toContain("starter");
  expect((await as("GET", "/api/v1/dynamic?is_active=true")).body.count).toBe(0);
  expect((await wake(shortIds.slice(1))).body).toEqual({ changed: 3 });
});

test("a thousand codes change at once, one more is refused", async () => {
  const { as, workspaceId } = await api.signUp();
  const seed = (from: number, to: number) => db.$executeRaw`
    INSERT INTO dynamic_codes (id, workspace_id, short_id, name, destination_url, is_active, tags)
    SELECT gen_random_uuid(), ${workspaceId}::uuid, 'BULK-' || n, 'Code', 'https://example.com/', false, ARRAY['bulk']
    FROM generate_series(${from}::int, ${to}::int) AS n`;
  await seed(1, 1_000);
  const body = { filter: { tag: "bulk" }, changes: { name: "Changed" } };
  expect((await edit(as, body)).body).toEqual({ changed: 1_000 });
  expect((await as("GET", "/api/v1/dynamic?search=Changed")).body.count).toBe(1_000);
  await seed(1_001, 1_001);
  const refused = await edit(as, body);
  expectProblem(refused, 400, "validation_failed");
  expect(Object.keys(refused.body.errors)).toEqual(["filter"]);
});

test("edits of overlapping codes at once all succeed", async () => {
  const { as } = await api.signUp();
  const shortIds = await createCodes(as, 6);
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, i) => {
      const short_ids = i % 2 === 0 ? shortIds : [...shortIds].reverse();
      return edit(as, { short_ids, changes: { name: `Edit ${i}` } });
    }),
  );
  expect(answers.map((answer) => answer.status)).toEqual(Array(8).fill(200));
  const versions = (await readAll(as)).map((row: { version: number }) => row.version);
  expect(versions).toEqual(Array(6).fill(9));
});

test.each([
  ["nothing", {}, ["changes"]],
  ["no codes", { changes: { name: "x" } }, ["short_ids"]],
  ["both ways at once", { short_ids: ["ABC"], filter: { tag: "a" }, changes: { name: "x" } }, ["short_ids"]],
  ["an empty filter", { filter: {}, changes: { name: "x" } }, ["filter"]],
  ["no changes", { short_ids: ["ABC"], changes: {} }, ["changes"]],
  ["a field that is not known", { short_ids: ["ABC"], changes: { nam: "x", name: "y" } }, ["changes.nam"]],
  ["a bad short id", { short_ids: ["A/B"], changes: { name: "x" } }, ["short_ids.0"]],
  ["1,001 short ids", { short_ids: Array(1_001).fill("ABC"), changes: { name: "x" } }, ["short_ids"]],
])("%s is refused and named", async (_name, body, fields) => {
  const { as } = await api.signUp();
  const answer = await edit(as, body);
  expectProblem(answer, 400, "validation_failed");
  expect(Object.keys(answer.body.errors)).toEqual(fields);
});

test("a destination that is not allowed is refused under its path", async () => {
  const { as } = await api.signUp();
  const answer = await edit(as, { short_ids: ["ABC"], changes: { destination_url: "http://10.0.0.1/" } });
  expectProblem(answer, 400, "url_refused");
  expect(Object.keys(answer.body.errors)).toEqual(["changes.destination_url"]);
});
