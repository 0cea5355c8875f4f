import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { connectDatabase, type Db, withPatience } from "@qrfactory/db/client";
import { openAnalyticsStore } from "@qrfactory/db/scans/reports/analytics-store";
import { planReport } from "@qrfactory/db/scans/reports/plan";
import { openSummaryStore, type SummaryStore } from "@qrfactory/db/scans/summaries/summary-store";
import { createLog } from "@qrfactory/runtime/log";
import { createMetrics } from "@qrfactory/runtime/metrics";
import { createTestDatabase, type TestDatabase } from "@qrfactory/testing/database";
import { scanRow, takeIn } from "../scans/scans.fixture.js";
import { summaryJobs } from "./reconcile.js";

const log = createLog({ service: "test", level: "silent" });
const dayMs = 24 * 60 * 60_000;
const yesterday = new Date(Math.floor(Date.now() / dayMs) * dayMs - 2 * dayMs);
const at = (hour: number) => new Date(yesterday.getTime() + hour * 3_600_000);

let database: TestDatabase;
let db: Db;
let summaries: SummaryStore;
beforeAll(async () => {
  database = await createTestDatabase();
  db = connectDatabase(database.url, { ...withPatience, poolMax: 2 });
  summaries = openSummaryStore(database.url);
});
afterAll(async () => {
  await summaries.close();
  await db.$disconnect();
  await database.drop();
});

/** A code with sixty scans of people and ten of machines on a day that is settled, summarised. */
async function makeBusyCode() {
  const workspaceId = randomUUID();
  const id = randomUUID();
  await db.workspace.create({ data: { id: workspaceId, name: "Test" } });
  const shortId = id.slice(0, 8).toUpperCase();
  await db.dynamicCode.create({
    data: { id, workspaceId, shortId, name: "Test", destinationUrl: "https://a.example" },
  });
  const rows = Array.from({ length: 70 }, (_, i) =>
    scanRow({ id, workspaceId }, at(i % 24), { visitor: `v${i % 20}`, bot_class: i < 10 ? "bot" : null }),
  );
  await takeIn(database.url, rows);
  await summaries.summarise("day", yesterday);
  return { id, workspaceId };
}

const hoursOf = (id: string) =>
  db.scanHourly.findMany({
    where: { codeId: id },
    orderBy: { hour: "asc" },
    select: { hour: true, scans: true, bots: true },
  });
const summariesOf = ({ id, workspaceId }: { id: string; workspaceId: string }) =>
  db.scanSummary.findMany({
    where: { subjectId: { in: [id, workspaceId] } },
    orderBy: [{ subjectId: "asc" }, { span: "asc" }, { start: "asc" }],
    omit: { version: true },
  });

/** Reads the counts by value of a code, as reports do. */
async function planOf({ id, workspaceId }: { id: string; workspaceId: string }, from: Date, to: Date) {
  const store = openAnalyticsStore({ url: database.url });
  try {
    const scope = { workspaceId, codeId: id, filters: [] };
    return (await store.read((reader) => planReport(reader, scope, { from, to }))).byKey;
  } finally {
    await store.close();
  }
}

function nightly() {
  const { registry } = createMetrics("test");
  const run = async () => {
    await summaryJobs({ summaries, log, registry }).reconcile?.run();
    const text = await registry.metrics();
    const of = (what: string) =>
      Number(new RegExp(`worker_scan_differences\\{of="${what}".*\\} (\\d+)`).exec(text)?.[1]);
    return { hours: of("hours"), summaries: of("summaries") };
  };
  return run();
}

test("what agrees with its rows is left as it is", async () => {
  const code = await makeBusyCode();
  const before = [await hoursOf(code.id), await summariesOf(code)];
  expect(before[1]).toHaveLength(2);
  expect(await nightly()).toEqual({ hours: 0, summaries: 0 });
  expect([await hoursOf(code.id), await summariesOf(code)]).toEqual(before);
});

test("what was led to a fallback is in no hour and no summary, made or checked", async () => {
  const code = await makeBusyCode();
  const before = [await hoursOf(code.id), await summariesOf(code)];
  await db.$executeRaw`
    INSERT INTO scans (id, scanned_at, code_id, workspace_id, code_version, region, served)
    SELECT gen_random_uuid(), ${at(1)}, ${code.id}::uuid, ${code.workspaceId}::uuid, 1, 'eu-1', 'fallback'
    FROM generate_series(1, 100)`;
  expect(await nightly()).toEqual({ hours: 0, summaries: 0 });
  await db.$executeRaw`UPDATE scan_summaries SET stale = true WHERE workspace_id = ${code.workspaceId}::uuid`;
  await summaries.summariseAgain();
  expect([await hoursOf(code.id), await summariesOf(code)]).toEqual(before);
});

test("hours that were damaged, lost or made up are found, published and repaired", async () => {
  const code = await makeBusyCode();
  const before = await hoursOf(code.id);
  await db.$executeRaw`UPDATE scan_hourly SET scans = scans + 7 WHERE code_id = ${code.id}::uuid AND hour = ${at(1)}`;
  await db.$executeRaw`DELETE FROM scan_hourly WHERE code_id = ${code.id}::uuid AND hour = ${at(2)}`;
  await db.$executeRaw`DELETE FROM scans WHERE code_id = ${code.id}::uuid AND scanned_at = ${at(3)}`;
  expect((await nightly()).hours).toBe(3);
  expect(await hoursOf(code.id)).toEqual(before.filter(({ hour }) => hour.getTime() !== at(3).getTime()));
  expect((await nightly()).hours).toBe(0);
});

test("a count of a code that differs from its hours is found, repaired, and published where it is a limit", async () => {
  const [plain, limited] = [await makeBusyCode(), await makeBusyCode()];
  const codes = () =>
    db.dynamicCode.findMany({
      where: { id: { in: [plain.id, limited.id] } },
      orderBy: { maxScans: { sort: "asc", nulls: "first" } },
      select: { scanCount: true, publishedVersion: true },
    });
  // A code without scans has its turn once in thirty nights.
  async function thirtyNights() {
    let repaired = 0;
    for (let night = 0; night < 30; night++) repaired += await summaries.reconcileCodes(new Date(night * dayMs));
    return repaired;
  }
  await thirtyNights();
  await db.dynamicCode.updateMany({ data: { publishedVersion: 1 } });
  await db.dynamicCode.update({ where: { id: limited.id }, data: { maxScans: 100, scanCount: 99 } });
  await db.dynamicCode.update({ where: { id: plain.id }, data: { scanCount: 7, lastScannedAt: new Date() } });
  expect(await thirtyNights()).toBe(2);
  expect(await codes()).toEqual([
    { scanCount: 60n, publishedVersion: 1 },
    { scanCount: 60n, publishedVersion: 0 },
  ]);
  await db.dynamicCode.update({ where: { id: plain.id }, data: { scanCount: 61 } });
  const { registry } = createMetrics("test");
  await summaryJobs({ summaries, log, registry }).reconcile?.run();
  expect(await registry.metrics()).toMatch(/worker_scan_differences\{of="codes".*\} 1\n/);
  expect((await codes())[0]).toEqual({ scanCount: 60n, publishedVersion: 1 });
});

test.each(["scans = 1", "people = people + 1", "key_scans[1] = 9999", "slot_scans[1] = 9999"])(
  "a summary with %s is found, published and made anew",
  async (damage) => {
    const code = await makeBusyCode();
    const before = await summariesOf(code);
    await db.$executeRawUnsafe(`UPDATE scan_summaries SET ${damage} WHERE subject_id = '${code.id}'`);
    expect((await nightly()).summaries).toBe(1);
    expect(await summariesOf(code)).toEqual(before);
  },
);

test("a scan that comes in late makes its summaries stale, and the next run makes them anew", async () => {
  const code = await makeBusyCode();
  await takeIn(database.url, [scanRow(code, at(5), { visitor: "late" })]);
  expect((await summariesOf(code)).map(({ stale }) => stale)).toEqual([true, true]);
  await summaryJobs({ summaries, log, registry: createMetrics("test").registry }).summarise?.run();
  expect((await summariesOf(code)).map(({ stale, scans }) => [stale, Number(scans)])).toEqual([
    [false, 61],
    [false, 61],
  ]);
});

test("an hour with many scans is summarised when it is over, read where a range cuts its day, made anew and checked", async () => {
  const code = await makeBusyCode();
  await takeIn(
    database.url,
    Array.from({ length: 60 }, (_, i) => scanRow(code, at(7), { visitor: `h${i}` })),
  );
  const now = () => at(8).getTime() + 10 * 60_000;
  const run = () => summaryJobs({ summaries, log, registry: createMetrics("test").registry, now }).summarise?.run();
  await run();
  const hours = async () =>
    (await summariesOf(code))
      .filter(({ span }) => span === "hour")
      .map(({ subjectId, start, stale, scans, bots }) => [subjectId, start, stale, Number(scans), Number(bots)]);
  const rowsOfHour = [code.id, code.workspaceId].sort();
  expect(await hours()).toEqual(rowsOfHour.map((id) => [id, at(7), false, 62, 1]));
  expect(await planOf(code, at(6.5), at(8.5))).toEqual({
    summaries: [{ span: "hour", start: at(7) }],
    rows: [
      { from: at(6.5), to: at(7) },
      { from: at(8), to: at(8.5) },
    ],
  });

  await takeIn(database.url, [scanRow(code, at(7.9), { visitor: "late" })]);
  expect(await hours()).toEqual(rowsOfHour.map((id) => [id, at(7), true, 62, 1]));
  expect((await planOf(code, at(6.5), at(8.5))).summaries).toEqual([]);
  await run();
  expect(await hours()).toEqual(rowsOfHour.map((id) => [id, at(7), false, 63, 1]));

  await db.$executeRaw`UPDATE scan_summaries SET scans = 1 WHERE subject_id = ${code.id}::uuid AND span = 'hour'`;
  await db.$executeRaw`
    UPDATE scan_summaries SET key_scans[1] = 999 WHERE subject_id = ${code.workspaceId}::uuid AND span = 'hour'`;
  expect(await nightly()).toEqual({ hours: 0, summaries: 2 });
  expect(await hours()).toEqual(rowsOfHour.map((id) => [id, at(7), false, 63, 1]));
  expect(await nightly()).toEqual({ hours: 0, summaries: 0 });
});

test("scans that come in while summaries are made are in them afterwards", async () => {
  const code = await makeBusyCode();
  let isDone = false;
  const taking = (async () => {
    for (let i = 0; i < 20; i++) await takeIn(database.url, [scanRow(code, at(i), { visitor: `w${i}` })]);
    isDone = true;
  })();
  while (!isDone) {
    await summaries.summarise("day", yesterday);
    await summaries.summariseAgain();
  }
  await taking;
  await summaries.summariseAgain();
  expect((await summariesOf(code)).map(({ stale, scans }) => [stale, Number(scans)])).toEqual([
    [false, 80],
    [false, 80],
  ]);
  expect(await nightly()).toEqual({ hours: 0, summaries: 0 });
});

test("the night after the end of a month summarises it", async () => {
  const code = await makeBusyCode();
  const month = new Date(Date.UTC(yesterday.getUTCFullYear(), yesterday.getUTCMonth() - 1, 1));
  await takeIn(database.url, [scanRow(code, month)]);
  const now = () => Date.UTC(yesterday.getUTCFullYear(), yesterday.getUTCMonth(), 2);
  await summaryJobs({ summaries, log, registry: createMetrics("test").registry, now }).reconcile?.run();
  const found = await db.scanSummary.findMany({ where: { subjectId: code.workspaceId, span: "month" } });
  expect(found.map(({ start, stale, scans }) => [start, stale, Number(scans)])).toEqual([[month, false, 1]]);
});

test.each(["scans = 2", "key_scans[1] = 9999"])("a month with %s is found and made anew", async (damage) => {
  const code = await makeBusyCode();
  const month = new Date(Date.UTC(yesterday.getUTCFullYear(), yesterday.getUTCMonth() - 1, 1));
  await takeIn(database.url, [scanRow(code, month), scanRow(code, month, { bot_class: "bot" })]);
  await summaries.summarise("month", month);
  const before = await summariesOf(code);
  expect(await summaries.reconcile(month)).toEqual({ hours: 0, summaries: 0 });
  await db.$executeRawUnsafe(
    `UPDATE scan_summaries SET ${damage} WHERE subject_id = '${code.workspaceId}' AND span = 'month'`,
  );
  expect(await summaries.reconcile(month)).toEqual({ hours: 0, summaries: 1 });
  const found = (await summariesOf(code)).filter(({ start, span }) => span === "month" || start > month);
  expect(found).toEqual(before);
});

test("a code whose rows are all gone keeps what was counted", async () => {
  const code = await makeBusyCode();
  const before = await hoursOf(code.id);
  await db.$executeRaw`DELETE FROM scans WHERE code_id = ${code.id}::uuid`;
  await nightly();
  expect(await hoursOf(code.id)).toEqual(before);
});
