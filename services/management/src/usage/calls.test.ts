import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { connectDatabase, type Db, withPatience } from "@qrfactory/db/client";
import { ensurePartitions } from "@qrfactory/db/scans/retention/partitions";
import { type Api, expectProblem, type Send, startApi } from "../api.fixture.js";

let api: Api;
let db: Db;
beforeAll(async () => {
  api = await startApi();
  db = connectDatabase(api.database.url, { ...withPatience, poolMax: 2 });
  await ensurePartitions(db);
});
afterAll(async () => {
  await db.$disconnect();
  await api.close();
});

const minute = 60_000;
const now = Date.now();

/** Calls of a workspace, each so many minutes ago. */
async function addCalls(workspaceId: string, keyId: string, minutesAgo: number[], more: { cache?: string } = {}) {
  await db.call.createMany({
    data: minutesAgo.map((ago) => ({
      id: randomUUID(),
      calledAt: new Date(now - ago * minute),
      workspaceId,
      keyId,
      requestId: `r-${ago}`,
      endpoint: "generate",
      status: 200,
      cache: "MISS",
      cacheKey: "a".repeat(64),
      format: "png",
      durationMs: 1.5,
      credits: 1,
      ...more,
    })),
  });
}

async function addKey(as: Send, name: string) {
  const { body } = await as("POST", "/api/v1/keys", { body: { name } });
  return body as { id: string; key_prefix: string; raw_key: string };
}

const idsOf = (body: { results: { request_id: string }[] }) => body.results.map(({ request_id }) => request_id);

test("a call is shown with its key, its cost and how it was served, and to its workspace alone", async () => {
  const [mine, theirs] = [await api.signUp(), await api.signUp()];
  const key = await addKey(mine.as, "Shop");
  await addCalls(mine.workspaceId, key.id, [1]);
  // An image at a dashboard is paid for by no key.
  await addCalls(mine.workspaceId, randomUUID(), [2]);
  const { body } = await mine.as("GET", "/api/v1/calls/");
  expect(body).toEqual({
    results: [
      {
        id: expect.any(String),
        at: new Date(now - minute).toISOString(),
        request_id: "r-1",
        key: { id: key.id, key_prefix: key.key_prefix, name: "Shop" },
        endpoint: "generate",
        status: 200,
        cache: "MISS",
        cache_key: "a".repeat(64),
        format: "png",
        duration_ms: 1.5,
        credits: 1,
      },
      expect.objectContaining({ request_id: "r-2", key: null }),
    ],
    next_cursor: null,
  });
  expect((await theirs.as("GET", "/api/v1/calls")).body.results).toEqual([]);
  const byKey = await api.send("GET", "/api/v1/calls", { headers: { "X-Api-Key": key.raw_key } });
  expect(byKey.body).toEqual(body);
});

test("pages follow each other over months, whatever is added meanwhile", async () => {
  const { as, workspaceId } = await api.signUp();
  const key = await addKey(as, "Shop");
  const monthAgo = 28 * 24 * 60;
  // Two of the same millisecond, too.
  const ago = [1, 2, 3, 3, 4, 5, monthAgo, monthAgo + 1];
  await addCalls(workspaceId, key.id, ago);
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const { body }: { body: { results: { request_id: string }[]; next_cursor: string | null } } = await as(
      "GET",
      `/api/v1/calls?limit=3${cursor ? `&cursor=${cursor}` : ""}`,
    );
    seen.push(...idsOf(body));
    cursor = body.next_cursor;
    await addCalls(workspaceId, key.id, [0]);
  } while (cursor);
  expect(seen).toEqual(ago.map((minutes) => `r-${minutes}`));
});

test("calls are narrowed down by key, status, cache and time", async () => {
  const { as, workspaceId } = await api.signUp();
  const [one, two] = [await addKey(as, "One"), await addKey(as, "Two")];
  await addCalls(workspaceId, one.id, [1, 2]);
  await addCalls(workspaceId, two.id, [3, 4], { cache: "HIT" });
  const ask = async (query: string) => idsOf((await as("GET", `/api/v1/calls?${query}`)).body);
  expect(await ask(`key=${one.id}`)).toEqual(["r-1", "r-2"]);
  expect(await ask(`key=${two.key_prefix}`)).toEqual(["r-3", "r-4"]);
  expect(await ask("cache=HIT")).toEqual(["r-3", "r-4"]);
  expect(await ask("status=200&cache=MISS")).toEqual(["r-1", "r-2"]);
  expect(await ask("status=500")).toEqual([]);
  const at = (minutes: number) => new Date(now - minutes * minute).toISOString();
  expect(await ask(`from=${at(3)}&to=${at(1)}`)).toEqual(["r-2", "r-3"]);
  for (const query of ["cursor=x", "cursor=WzEsMl0", "cache=OLD", "status=20", "key=smk_", "limit=0", "unknown=1"]) {
    expectProblem(await as("GET", `/api/v1/calls?${query}`), 400, "validation_failed");
  }
});

test("a page of one month reads the partitions of that month alone", async () => {
  const { workspaceId } = await api.signUp();
  const plan = await db.$queryRaw<{ "QUERY PLAN": string }[]>`
    EXPLAIN SELECT * FROM calls c WHERE c.workspace_id = ${workspaceId}::uuid
      AND c.called_at <= ${new Date(now)}::timestamptz AND c.called_at >= ${new Date(now - minute)}::timestamptz
    ORDER BY c.called_at DESC, c.id DESC LIMIT 26`;
  const text = plan.map((line) => line["QUERY PLAN"]).join("\n");
  const month = new Date(now).toISOString().slice(0, 7).replace("-", "_");
  expect(text).toContain(`calls_${month}`);
  expect(new Set(text.match(/calls_\d{4}_\d\d/g))?.size).toBeLessThanOrEqual(2);
});
