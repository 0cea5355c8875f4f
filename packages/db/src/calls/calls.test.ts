import { randomUUID } from "node:crypto";
import { beforeAll, beforeEach, expect, test } from "@jest/globals";
import { addOwner, useTestDatabase } from "../database.fixture.js";
import { makeBatch, makeCall } from "../scans/ingest/ingest.fixture.js";
import { type EventStore, openEventStore } from "../scans/ingest/ingest.js";
import type { CallRow } from "../scans/ingest/rows.js";
import { findWrittenCalls, listCalls } from "./calls.js";
import { countKeyRenders, countRenders, listDailyUsage, listKeyUsage, listMonthlyUsage } from "./usage.js";

const database = useTestDatabase();

let stores: EventStore[];
let of: { workspace_id: string; key_id: string };
beforeAll(() => {
  stores = [1, 2].map(() => openEventStore(database.url));
  for (const store of stores) database.closeWith(store.close);
});
beforeEach(async () => {
  of = { workspace_id: (await addOwner(database.db)).workspaceId, key_id: randomUUID() };
});

const now = new Date();
const month = now.toISOString().slice(0, 7);
const lastMonth = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 0, 23, 59, 59, 999));
const calls = (count: number, call: Partial<CallRow> = {}) =>
  Array.from({ length: count }, () => makeCall({ ...of, called_at: now, ...call }));
const store = (rows: CallRow[], worker = 0) =>
  (stores[worker] as EventStore).store({ kind: "calls", batches: [makeBatch(rows)] });

const ledgerOf = (workspaceId: string) => listCalls(database.db, workspaceId, { filter: {}, after: null, take: 1_000 });
const renders = () => countRenders(database.db, of.workspace_id, month);

test("a call that comes twice is one row and costs once, in one batch, in two, or to two workers at once", async () => {
  const [first, second] = [calls(10, { credits: 3 }), calls(10)];
  await store([...first, ...first]);
  await store(first);
  expect([(await ledgerOf(of.workspace_id)).length, await renders()]).toEqual([10, 30]);
  await Promise.all([0, 1, 0, 1].map((worker) => store(worker ? second : second.toReversed(), worker)));
  expect([(await ledgerOf(of.workspace_id)).length, await renders()]).toEqual([20, 40]);
});

test("the month is the sum of its days and of its keys, and of its rows", async () => {
  const other = randomUUID();
  const batches = Array.from({ length: 8 }, (_, n) =>
    calls(5, { credits: 1 + (n % 3), key_id: n % 2 ? other : of.key_id }),
  );
  await Promise.all(batches.map((rows, n) => store(rows, n % 2)));
  const expected = batches.flat().reduce((sum, { credits }) => sum + credits, 0);
  const days = await listDailyUsage(database.db, of.workspace_id, month);
  expect(days).toEqual([{ day: now.toISOString().slice(0, 10), renders: expected }]);
  const rows = await ledgerOf(of.workspace_id);
  expect(rows.reduce((sum, { credits }) => sum + credits, 0)).toBe(expected);
  expect(await renders()).toBe(expected);
  const keys = await Promise.all([of.key_id, other].map((keyId) => countKeyRenders(database.db, keyId, 1)));
  expect(keys.reduce((sum, renders) => sum + renders, 0)).toBe(expected);
  // Neither is a row of `api_keys`: they are listed as one.
  expect(await listKeyUsage(database.db, of.workspace_id, month)).toMatchObject([{ keyId: null, renders: expected }]);
});

test("a refund is a negative row, and a call belongs to the month in which it was made", async () => {
  await store([
    ...calls(1, { credits: 100, endpoint: "bulk" }),
    ...calls(1, { credits: -40, endpoint: "bulk-refund" }),
  ]);
  await store(calls(2, { called_at: lastMonth }));
  expect(await renders()).toBe(60);
  expect(await countRenders(database.db, of.workspace_id, lastMonth.toISOString().slice(0, 7))).toBe(2);
  const changed = await listMonthlyUsage(database.db, { since: new Date(0), after: null, limit: 1_000 });
  expect(changed.filter(({ workspaceId }) => workspaceId === of.workspace_id).map(({ renders }) => renders)).toEqual([
    2, 60,
  ]);
});

test("pages follow each other without a gap or a repetition, also between calls of one millisecond", async () => {
  await store([...calls(7), ...calls(6, { called_at: lastMonth })]);
  const seen: string[] = [];
  for (let after: Parameters<typeof listCalls>[2]["after"] = null; ; ) {
    const page = await listCalls(database.db, of.workspace_id, { filter: {}, after, take: 4 });
    const last = page.at(-1);
    if (!last) break;
    seen.push(...page.map(({ id }) => id));
    after = { calledAt: last.calledAt, id: last.id };
    // Newer than all: a page that is read later does not show it.
    await store(calls(1, { called_at: new Date() }));
  }
  expect([seen.length, new Set(seen).size]).toEqual([13, 13]);
});

test("of some calls those are known that were taken in, whoever asks for others beside them", async () => {
  const [written, lost] = [calls(3), calls(2)];
  await store(written);
  const wanted = [...written, ...lost].map(({ id }) => ({ id, workspaceId: of.workspace_id, at: now.getTime() }));
  expect(await findWrittenCalls(database.db, wanted)).toEqual(new Set(written.map(({ id }) => id)));
  expect(await findWrittenCalls(database.db, [])).toEqual(new Set());
});
