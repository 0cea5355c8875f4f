import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { createTestDatabase, type TestDatabase } from "@qrfactory/testing/database";
import { connectDatabase, type Db } from "../../client.js";
import { ensurePartitions } from "./partitions.js";
import { type Removal, type RetentionOptions, runRetention } from "./retention.js";
import { retentionRules } from "./rules.js";

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await createTestDatabase();
  db = connectDatabase(database.url, { poolMax: 3 });
});
afterAll(async () => {
  await db.$disconnect();
  await database.drop();
});

const monthsAgo = (months: number, day = 15) => {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months, day));
};
const partitionOf = (table: string, at: Date) => `${table}_${at.toISOString().slice(0, 7).replace("-", "_")}`;

/** Ages at which rows are made; those from 15 months on are over for everybody. */
const ages = [0, 12, 15, 20];

beforeEach(async () => {
  for (const { table } of retentionRules)
    if (table !== "refresh_tokens") await db.$executeRawUnsafe(`DELETE FROM ${table}`);
  for (const months of ages) await ensurePartitions(db, monthsAgo(months));
});

async function addWorkspace(retentionMonths: number | null = null): Promise<string> {
  const id = randomUUID();
  await db.workspace.create({ data: { id, name: "Test", retentionMonths } });
  return id;
}

/** A scan, a call and an audit event of each age. */
async function addEvents(workspaceId: string, months = ages): Promise<void> {
  const key = { workspaceId, keyId: randomUUID(), requestId: "r", endpoint: "generate", status: 200 };
  const image = { cache: "MISS", cacheKey: "a", format: "png", durationMs: 1, credits: 1 };
  for (const at of months.map((age) => monthsAgo(age))) {
    const scan = { id: randomUUID(), scannedAt: at, codeId: randomUUID(), workspaceId, codeVersion: 1, region: "eu" };
    await db.scan.create({ data: scan });
    await db.call.create({ data: { id: randomUUID(), calledAt: at, ...key, ...image } });
    const event = { workspaceId, at, action: "dynamic.created", actorKind: "user", actorId: "u" };
    await db.auditEvent.create({ data: event });
  }
}

const countsOf = async (workspaceId: string) => [
  await db.scan.count({ where: { workspaceId } }),
  await db.call.count({ where: { workspaceId } }),
  await db.auditEvent.count({ where: { workspaceId } }),
];

const hasPartition = async (name: string) =>
  (await db.$queryRaw<unknown[]>`SELECT 1 FROM pg_class WHERE relname = ${name}`).length === 1;

async function removedBy(options?: RetentionOptions): Promise<Removal[]> {
  const report = await runRetention(database.url, options);
  if (report.outcome !== "done") throw new Error(JSON.stringify(report));
  return report.removed;
}

test("months that are over go as whole partitions, younger ones stay, and totals do not fall", async () => {
  const workspaceId = await addWorkspace();
  await addEvents(workspaceId);
  const hour = { codeId: randomUUID(), hour: monthsAgo(20), workspaceId, scans: 5n, bots: 1n };
  await db.scanHourly.create({ data: hour });
  await db.usageDaily.create({ data: { workspaceId, keyId: randomUUID(), day: monthsAgo(20), renders: 7 } });
  await db.usageMonthly.create({ data: { workspaceId, month: monthsAgo(20, 1), renders: 7 } });
  const removed = await removedBy();
  expect(removed).toContainEqual({
    table: "scans",
    partition: partitionOf("scans", monthsAgo(20)),
    rows: null,
    bytes: expect.any(Number),
  });
  expect(removed).toContainEqual({ table: "audit_events", partition: null, rows: 2, bytes: null });
  expect(await countsOf(workspaceId)).toEqual([2, 2, 2]);
  for (const table of ["scans", "calls"]) {
    expect(await hasPartition(partitionOf(table, monthsAgo(15)))).toBe(false);
    expect(await hasPartition(partitionOf(table, monthsAgo(12)))).toBe(true);
  }
  expect(await db.scanHourly.count({ where: { workspaceId } })).toBe(1);
  expect(await db.usageDaily.count({ where: { workspaceId } })).toBe(1);
  expect(await db.usageMonthly.count({ where: { workspaceId } })).toBe(1);
});

test("summaries of hours go after two months, those of days and months stay", async () => {
  const workspaceId = await addWorkspace();
  for (const [span, months] of [
    ["hour", 1],
    ["hour", 3],
    ["day", 3],
    ["month", 20],
  ] as const) {
    await db.scanSummary.create({ data: { subjectId: workspaceId, span, start: monthsAgo(months), workspaceId } });
  }
  expect(await removedBy()).toContainEqual({ table: "scan_summaries", partition: null, rows: 1, bytes: null });
  const left = await db.scanSummary.findMany({ where: { workspaceId }, orderBy: { start: "asc" } });
  expect(left.map(({ span }) => span)).toEqual(["month", "day", "hour"]);
});

test("a workspace with a longer window keeps its rows, while the others' of the same months go", async () => {
  const [patient, usual] = [await addWorkspace(18), await addWorkspace()];
  await addEvents(patient);
  await addEvents(usual);
  await removedBy();
  expect(await countsOf(patient)).toEqual([3, 3, 3]);
  expect(await countsOf(usual)).toEqual([2, 2, 2]);
  expect(await hasPartition(partitionOf("scans", monthsAgo(15)))).toBe(true);
  expect(await hasPartition(partitionOf("scans", monthsAgo(20)))).toBe(false);
  await db.workspace.update({ where: { id: patient }, data: { retentionMonths: null } });
  await removedBy();
  expect(await countsOf(patient)).toEqual([2, 2, 2]);
  expect(await hasPartition(partitionOf("scans", monthsAgo(15)))).toBe(false);
});

test("tokens, invitations, claims and dead letters go when they are over, deleted codes never", async () => {
  const workspaceId = await addWorkspace();
  const [past, future] = [new Date(Date.now() - 1_000), new Date(Date.now() + 60_000)];
  for (const expiresAt of [past, future]) {
    const invitation = { id: randomUUID(), workspaceId, email: `${expiresAt.getTime()}@example.com`, role: "viewer" };
    await db.invitation.create({ data: { ...invitation, tokenHash: Buffer.from(randomUUID()), expiresAt } });
    const claim = {
      workspaceId,
      method: "POST",
      path: "/",
      key: String(expiresAt.getTime()),
      requestHash: Buffer.alloc(1),
    };
    await db.idempotencyKey.create({ data: { ...claim, expiresAt } });
  }
  for (const days of [29, 31]) {
    const createdAt = new Date(Date.now() - days * 24 * 60 * 60 * 1000);
    const letter = { kind: "scans", spoolId: randomUUID(), sequence: 1n, record: "x", reason: "x", createdAt };
    await db.deadLetter.create({ data: letter });
  }
  const code = {
    id: randomUUID(),
    workspaceId,
    shortId: `GONE${Date.now()}`,
    name: "Gone",
    destinationUrl: "https://example.com/",
  };
  await db.dynamicCode.create({ data: { ...code, deletedAt: monthsAgo(40) } });
  await removedBy();
  expect(await db.invitation.findMany({ where: { workspaceId } })).toMatchObject([{ expiresAt: future }]);
  expect(await db.idempotencyKey.count({ where: { workspaceId } })).toBe(1);
  expect(await db.deadLetter.count()).toBe(1);
  expect(await db.dynamicCode.count({ where: { workspaceId } })).toBe(1);
});

test("a dry run tells table, partition or rows, and bytes, and removes nothing", async () => {
  const workspaceId = await addWorkspace();
  await addEvents(workspaceId);
  const would = await removedBy({ isDryRun: true });
  const partition = partitionOf("calls", monthsAgo(15));
  expect(would).toContainEqual({ table: "calls", partition, rows: 1, bytes: expect.any(Number) });
  expect(would).toContainEqual({ table: "audit_events", partition: null, rows: 2, bytes: expect.any(Number) });
  expect(await countsOf(workspaceId)).toEqual([4, 4, 4]);
  expect(await db.retentionRun.count()).toBe(0);
  const did = await removedBy();
  expect(did.map((removal) => [removal.table, removal.partition])).toEqual(
    would.map((removal) => [removal.table, removal.partition]),
  );
});

test("a run that was cut short is finished by the next one, and does not count as a run", async () => {
  const workspaceId = await addWorkspace();
  await addEvents(workspaceId);
  const stopped = new AbortController();
  stopped.abort();
  expect(await removedBy({ signal: stopped.signal })).toEqual([]);
  expect(await db.retentionRun.count()).toBe(0);
  expect(await countsOf(workspaceId)).toEqual([4, 4, 4]);
  await removedBy();
  expect(await countsOf(workspaceId)).toEqual([2, 2, 2]);
});

test("more rows than a batch go, and of two runs at once one does the work", async () => {
  const workspaceId = await addWorkspace();
  await db.$executeRaw`
    INSERT INTO audit_events (workspace_id, at, action, actor_kind, actor_id)
    SELECT ${workspaceId}::uuid, now() - interval '14 months', 'dynamic.created', 'user', 'u'
    FROM generate_series(1, 12000)`;
  const reports = await Promise.all([1, 2, 3].map(() => runRetention(database.url, { acceptsPause: true })));
  const rows = reports.map((report) =>
    report.outcome === "done" ? (report.removed.find(({ table }) => table === "audit_events")?.rows ?? 0) : 0,
  );
  expect(rows.sort()).toEqual([0, 0, 12_000]);
});

test("a machine whose clock is another than the database's removes nothing and says so", async () => {
  const workspaceId = await addWorkspace();
  await addEvents(workspaceId);
  const wrong = () => Date.now() + 3_600_000;
  const report = await runRetention(database.url, { now: wrong, acceptsPause: true });
  expect(report).toMatchObject({ outcome: "refused", reason: expect.stringMatching(/differ by 3[56]\d\d s/) });
  expect(await countsOf(workspaceId)).toEqual([4, 4, 4]);
});

test.each([
  ["last run", 46, 0],
  ["newest row", null, 60],
])("a clock far ahead of the %s is not trusted until a person says so", async (what, runDaysAgo, rowDaysAgo) => {
  const workspaceId = await addWorkspace();
  const daysAgo = (days: number) => new Date(Date.now() - days * 24 * 60 * 60 * 1000);
  if (runDaysAgo !== null) await db.retentionRun.create({ data: { ranAt: daysAgo(runDaysAgo), removed: [] } });
  const event = { workspaceId, at: daysAgo(rowDaysAgo), action: "dynamic.created", actorKind: "user", actorId: "u" };
  await db.auditEvent.create({ data: event });
  await addEvents(workspaceId, [15]);
  expect(await runRetention(database.url)).toMatchObject({ outcome: "refused", reason: expect.stringContaining(what) });
  expect(await countsOf(workspaceId)).toEqual([1, 1, 2]);
  await removedBy({ acceptsPause: true });
  expect(await countsOf(workspaceId)).toEqual([0, 0, 1]);
  await removedBy();
});
