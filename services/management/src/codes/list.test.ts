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

type Row = { name: string };
type List = { count: number; next: string | null; previous: string | null; results: Row[] };

/** Paused codes, which need no room; every third has the same name, moment and number of scans. */
async function addCodes(workspaceId: string, from: number, to: number): Promise<void> {
  await db.$executeRaw`
    INSERT INTO dynamic_codes (id, workspace_id, short_id, name, destination_url, is_active, created_at, updated_at,
                               scan_count, last_scanned_at)
    SELECT gen_random_uuid(), ${workspaceId}::uuid, upper(left(replace(gen_random_uuid()::text, '-', ''), 16)),
      'Code ' || lpad((n / 3)::text, 6, '0'), 'https://example.com/' || n, false, moment, moment, n / 3,
      CASE WHEN n % 2 = 0 THEN moment END
    FROM generate_series(${from}::int, ${to - 1}::int) AS n,
      LATERAL (SELECT now() - interval '1 day' + (n / 3) * interval '1 second' AS moment) AS t`;
}

const follow = async (as: Send, link: string | null): Promise<List> =>
  (await as("GET", (link as string).replace("https://qr.example.org", ""))).body;

const destinations = (list: List) => list.results.map((row) => (row as unknown as { id: string }).id);

test.each(["created_at", "updated_at", "name", "scan_count", "last_scanned_at"])(
  "next leads through every code once by %s, and previous the same way back",
  async (field) => {
    const { as, workspaceId } = await api.signUp();
    await addCodes(workspaceId, 0, 23);
    for (const ordering of [field, `-${field}`]) {
      const pages: List[] = [(await as("GET", `/api/v1/dynamic?ordering=${ordering}&page_size=5`)).body];
      while (pages.at(-1)?.next) pages.push(await follow(as, (pages.at(-1) as List).next));
      expect(pages.map((page) => page.results.length)).toEqual([5, 5, 5, 5, 3]);
      const whole = (await as("GET", `/api/v1/dynamic?ordering=${ordering}&page_size=100`)).body;
      expect(pages.flatMap(destinations)).toEqual(destinations(whole));
      expect(pages[0]?.previous).toBeNull();
      let back = pages.at(-1) as List;
      for (const page of pages.slice(0, -1).reverse()) {
        back = await follow(as, back.previous);
        expect(destinations(back)).toEqual(destinations(page));
      }
      expect(back.previous).toBeNull();
    }
  },
);

test("codes that are added while somebody pages are neither repeated nor make others disappear", async () => {
  const { as, workspaceId } = await api.signUp();
  await addCodes(workspaceId, 0, 12);
  const first: List = (await as("GET", "/api/v1/dynamic?page_size=6")).body;
  await addCodes(workspaceId, 12, 20);
  const second = await follow(as, first.next);
  expect(second.results).toHaveLength(6);
  expect(second.next).toBeNull();
  expect(new Set([...destinations(first), ...destinations(second)]).size).toBe(12);
  expect(second.count).toBe(20);
});

test("a search is for text, not for a pattern, in name, short id and destination", async () => {
  const { as } = await api.signUp();
  const create = (name: string, short_id: string, path: string) =>
    as("POST", "/api/v1/dynamic", { body: { name, short_id, destination_url: `https://example.com/${path}` } });
  await create("50% off", "SALE-ONE", "a_b");
  await create("500 grams", "SALE-TWO", "axb");
  await create("Back\\slash", "SALE-SIX", "c");
  const names = async (search: string) =>
    (await as("GET", `/api/v1/dynamic?ordering=name&search=${encodeURIComponent(search)}`)).body.results.map(
      (row: Row) => row.name,
    );
  expect(await names("50%")).toEqual(["50% off"]);
  expect(await names("A_B")).toEqual(["50% off"]);
  expect(await names("k\\s")).toEqual(["Back\\slash"]);
  expect(await names("sale-t")).toEqual(["500 grams"]);
  expect(await names("sale-")).toHaveLength(3);
});

test("among more codes than are gathered at once, lists, searches and counts stay right", async () => {
  const { as, workspaceId } = await api.signUp();
  await addCodes(workspaceId, 0, 10_500);
  const all: List = (await as("GET", "/api/v1/dynamic?ordering=name&page_size=3")).body;
  expect(all.count).toBe(10_500);
  expect(all.results.map((row) => row.name)).toEqual(["Code 000000", "Code 000000", "Code 000000"]);
  expect((await follow(as, all.next)).results[0]?.name).toBe("Code 000001");
  const few: List = (await as("GET", "/api/v1/dynamic?search=code%20003499")).body;
  expect(few).toMatchObject({ count: 3, next: null, previous: null });
  const many: List = (await as("GET", "/api/v1/dynamic?search=example&ordering=-name&page_size=1")).body;
  expect(many.count).toBe(10_000);
  expect(many.results[0]?.name).toBe("Code 003499");
});

test("a cursor of another ordering is refused", async () => {
  const { as, workspaceId } = await api.signUp();
  await addCodes(workspaceId, 0, 5);
  const list: List = (await as("GET", "/api/v1/dynamic?ordering=name&page_size=2")).body;
  const cursor = new URL(list.next as string).searchParams.get("cursor");
  expectProblem(await as("GET", `/api/v1/dynamic?ordering=created_at&cursor=${cursor}`), 400, "validation_failed");
});

test("a list needs a caller", async () => {
  expectProblem(await api.send("GET", "/api/v1/dynamic"), 401, "unauthenticated");
});

test("two characters are found anywhere among few codes, and where a word begins among many", async () => {
  const { as, workspaceId } = await api.signUp();
  await addCodes(workspaceId, 0, 20);
  const create = (name: string, short_id: string) =>
    as("POST", "/api/v1/dynamic", {
      body: { name, short_id, destination_url: "https://example.com/", is_active: false },
    });
  await create("Wine list", "CODE-ONE");
  await create("Owl inn", "CODE-TWO");
  const names = async (search: string) =>
    (await as("GET", `/api/v1/dynamic?search=${search}&ordering=name`)).body.results.map(({ name }: Row) => name);
  expect(await names("in")).toEqual(["Owl inn", "Wine list"]);
  await addCodes(workspaceId, 20, 10_100);
  expect(await names("in")).toEqual(["Owl inn"]);
  expect(await names("wi")).toEqual(["Wine list"]);
  expect(await names("w")).toEqual(["Wine list"]);
  const body = { filter: { search: "in" }, changes: { folder: "F" } };
  expect((await as("PATCH", "/api/v1/dynamic", { body })).body).toEqual({ changed: 1 });
  expect(await names("ine")).toEqual(["Wine list"]);
});
