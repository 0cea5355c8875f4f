import { randomUUID } from "node:crypto";
import { beforeAll, beforeEach, expect, test } from "@jest/globals";
import { hourMs } from "@qrfactory/domain/duration";
import { createCode } from "../../codes/creation.js";
import { addOwner, useTestDatabase } from "../../database.fixture.js";
import { ensurePartitions } from "../retention/partitions.js";
import { makeBatch, makeScan } from "./ingest.fixture.js";
import { type EventStore, isRefusedData, openEventStore } from "./ingest.js";
import type { ScanRow } from "./rows.js";

const database = useTestDatabase();

/** Of two workers. */
let stores: EventStore[];
/** Every scan of a test is one of this code's. */
let of: { code_id: string; workspace_id: string };
beforeAll(() => {
  stores = [1, 2].map(() => openEventStore(database.url));
  for (const store of stores) database.closeWith(store.close);
});
beforeEach(async () => {
  const { workspaceId, actor } = await addOwner(database.db);
  const fields = { name: "Menu", destinationUrl: "https://example.com" };
  const code = await database.db.$transaction((tx) => createCode(tx, workspaceId, fields, actor));
  of = { code_id: code.id, workspace_id: workspaceId };
});

const scans = (count: number, scan: Partial<ScanRow> = {}) =>
  Array.from({ length: count }, () => makeScan({ ...of, ...scan }));
const store = (rows: ScanRow[], worker = 0) =>
  (stores[worker] as EventStore).store({ kind: "scans", batches: [makeBatch(rows)] });

/** Rows of the code, what its counter says of them, and its hours. */
async function counted() {
  const { db } = database;
  const code = await db.dynamicCode.findUniqueOrThrow({ where: { id: of.code_id } });
  const hours = await db.scanHourly.findMany({ where: { codeId: of.code_id }, orderBy: { hour: "asc" } });
  return {
    rows: await db.scan.count({ where: { codeId: of.code_id } }),
    counter: Number(code.scanCount),
    hours: hours.map(({ hour, scans, bots }) => [hour.toISOString(), Number(scans), Number(bots)]),
  };
}
const inHours = (hours: unknown[][]) => hours.reduce((sum, [, people, bots]) => sum + Number(people) + Number(bots), 0);

test("a scan that comes twice is one row and counts once, in one batch, in two, or to two workers at once", async () => {
  const [first, second] = [scans(20), scans(20)];
  await store(first);
  await store(first);
  await store([...first, ...second.slice(0, 5), ...second.slice(0, 5)]);
  expect(await counted()).toMatchObject({ rows: 25, counter: 25 });
  // In opposite orders, so that each worker holds rows that the other one wants.
  await Promise.all([0, 1, 0, 1].map((worker) => store(worker ? second : second.toReversed(), worker)));
  const { rows, counter, hours } = await counted();
  expect([rows, counter, inHours(hours)]).toEqual([40, 40, 40]);
});

test("the hours add up to the rows, people and machines apart, whoever else counts at the same moment", async () => {
  const base = Math.floor(Date.now() / hourMs) * hourMs;
  const batches = Array.from({ length: 12 }, (_, n) =>
    Array.from({ length: 10 }, (_, i) =>
      makeScan({ ...of, scanned_at: new Date(base - (i % 3) * hourMs), bot_class: n % 4 === 0 ? "preview" : null }),
    ),
  );
  await Promise.all(batches.map((rows, n) => store(rows, n % 2)));
  const expected = await database.db.$queryRaw<{ hour: Date; people: number; bots: number }[]>`
    SELECT date_trunc('hour', scanned_at, 'UTC') AS hour, count(*) FILTER (WHERE bot_class IS NULL)::int AS people,
      count(bot_class)::int AS bots
    FROM scans WHERE code_id = ${of.code_id}::uuid GROUP BY 1 ORDER BY 1`;
  const { rows, counter, hours } = await counted();
  expect(hours).toEqual(expected.map(({ hour, people, bots }) => [hour.toISOString(), people, bots]));
  expect([rows, counter]).toEqual([120, 90]);
});

test("what was led to a fallback is a row and counts nowhere", async () => {
  await store([...scans(2, { served: "fallback" }), ...scans(1)]);
  const { rows, counter, hours } = await counted();
  expect([rows, counter, inHours(hours)]).toEqual([3, 1, 1]);
});

test("a batch with one row that is refused leaves nothing of any batch beside it", async () => {
  const batches = [makeBatch(scans(3)), makeBatch([...scans(1), ...scans(1, { code_version: 2 ** 40 })])];
  const refused = await stores[0]?.store({ kind: "scans", batches }).catch((error: unknown) => error);
  expect(isRefusedData(refused)).toBe(true);
  expect(await counted()).toEqual({ rows: 0, counter: 0, hours: [] });
  expect(await database.db.spool.count({ where: { spoolId: { in: batches.map(({ spoolId }) => spoolId) } } })).toBe(0);
});

test("a watermark is the end of what is committed without a gap, whatever came first", async () => {
  const spoolId = randomUUID();
  const storeFrom = async (from: number) => {
    const batches = [makeBatch(scans(2), { spoolId, from })];
    return (await stores[0]?.store({ kind: "scans", batches }))?.get(spoolId);
  };
  expect(await storeFrom(3)).toBe(0);
  expect(await storeFrom(1)).toBe(4);
  expect(await storeFrom(7)).toBe(4);
  expect(await storeFrom(5)).toBe(8);
});

test("a month without a partition refuses its scans until it has one, and many may make it at once", async () => {
  const { db } = database;
  const ahead = new Date(Date.UTC(new Date().getUTCFullYear() + 3, 4, 15));
  const [scan] = scans(1, { scanned_at: ahead });
  const refused = await store([scan as ScanRow]).catch((error: unknown) => error);
  expect(isRefusedData(refused)).toBe(true);
  await Promise.all([ensurePartitions(db, ahead), ensurePartitions(db, ahead), ensurePartitions(db, ahead)]);
  await store([scan as ScanRow]);
  expect(await counted()).toMatchObject({ rows: 1, counter: 1 });
  const [partition] = await db.$queryRaw<{ name: string }[]>`
    SELECT tableoid::regclass::text AS name FROM scans WHERE code_id = ${of.code_id}::uuid`;
  expect(partition?.name).toBe(`scans_${ahead.toISOString().slice(0, 7).replace("-", "_")}`);
});
