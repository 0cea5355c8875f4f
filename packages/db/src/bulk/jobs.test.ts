import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { createAccount } from "@qrfactory/db/accounts/accounts";
import { deleteWorkspace } from "@qrfactory/db/accounts/workspace-deletion";
import { noOrigin } from "@qrfactory/db/audit/audit";
import { claimBulkJob, finishBulkJob, releaseClaim, renewClaim } from "@qrfactory/db/bulk/claims";
import { cancelBulkJob, insertBulkJob, unfinishedMax } from "@qrfactory/db/bulk/jobs";
import { connectDatabase, type Db } from "@qrfactory/db/client";
import type { PlanName } from "@qrfactory/domain/plan/plans";
import { createTestDatabase, type TestDatabase } from "@qrfactory/testing/database";

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await createTestDatabase();
  db = connectDatabase(database.url);
});
afterAll(async () => {
  await db.$disconnect();
  await database.drop();
});
beforeEach(async () => {
  await db.bulkJob.updateMany({ data: { status: "cancelled", finishedAt: new Date() } });
});

async function workspace(plan: PlanName): Promise<string> {
  const owner = { email: `${randomUUID()}@example.com`, passwordHash: "none", workspaceName: "Test" };
  return (await createAccount(db, { ...owner, plan })).workspace.workspaceId;
}

async function order(workspaceId: string, total = 10): Promise<string> {
  const id = randomUUID();
  const paid = { chargedTo: randomUUID(), chargedAt: new Date(), requestId: "r" };
  const rows = Buffer.from("rows");
  await db.$transaction((tx) => insertBulkJob(tx, { id, workspaceId, ...paid, total, rows, pictures: rows }));
  return id;
}

async function credits(workspaceId: string): Promise<number> {
  const [sum] = await db.$queryRaw<{ credits: number }[]>`
    SELECT sum(credits)::int AS credits FROM calls WHERE workspace_id = ${workspaceId}::uuid`;
  return sum?.credits ?? 0;
}

const loseLease = (id: string) => db.bulkJob.update({ where: { id }, data: { leaseUntil: new Date(0) } });
const archive = { name: "a.zip", bytes: 1 };

test("many who claim at once take each order once, and no more of a workspace than its plan allows", async () => {
  const [pro, free] = [await workspace("pro"), await workspace("free")];
  for (let n = 0; n < 5; n++) for (const id of [pro, free]) await order(id);
  const claims = await Promise.all(Array.from({ length: 12 }, () => claimBulkJob(db)));
  const claimed = claims.filter((job) => job !== null);
  expect(new Set(claimed.map(({ id }) => id)).size).toBe(claimed.length);
  const of = (workspaceId: string) => claimed.filter((job) => job.workspaceId === workspaceId).length;
  expect([of(pro), of(free)]).toEqual([2, 1]);
});

test("whoever has less at work comes first", async () => {
  const [busy, idle] = [await workspace("agency"), await workspace("free")];
  for (let n = 0; n < 3; n++) await order(busy);
  await order(idle);
  const turns = [await claimBulkJob(db), await claimBulkJob(db)].map((job) => job?.workspaceId);
  expect(turns).toEqual([busy, idle]);
});

test("an order that was taken over cannot be ended, renewed or given back by who had it before", async () => {
  const workspaceId = await workspace("free");
  const id = await order(workspaceId);
  const frozen = await claimBulkJob(db);
  await loseLease(id);
  const successor = await claimBulkJob(db);
  expect([frozen?.fence, successor?.fence]).toEqual([1, 2]);
  const old = { id, fence: 1 };
  expect(await renewClaim(db, old, { completed: 9, failed: 0 })).toBe(false);
  expect(await finishBulkJob(db, old, { archive, completed: 10, failed: 0 })).toBeNull();
  await releaseClaim(db, old);
  expect(await db.bulkJob.findUnique({ where: { id } })).toMatchObject({ status: "running", completed: 0 });
  expect(await renewClaim(db, { id, fence: 2 }, { completed: 3, failed: 0 })).toBe(true);
});

test("progress never falls, whoever goes on", async () => {
  const id = await order(await workspace("free"));
  await claimBulkJob(db);
  await renewClaim(db, { id, fence: 1 }, { completed: 6, failed: 1 });
  await loseLease(id);
  expect(await claimBulkJob(db)).toMatchObject({ completed: 6, failed: 1 });
  await renewClaim(db, { id, fence: 2 }, { completed: 2, failed: 0 });
  expect(await db.bulkJob.findUnique({ where: { id } })).toMatchObject({ completed: 6, failed: 1 });
});

test("an end is noted once: one status, one refund, one event", async () => {
  const workspaceId = await workspace("free");
  const id = await order(workspaceId);
  await claimBulkJob(db);
  const errors = { 3: { data: ["…"] }, 7: { row: ["…"] } };
  const end = () => finishBulkJob(db, { id, fence: 1 }, { archive, completed: 8, failed: 2, errors });
  const ends = await Promise.all([end(), end(), end()]);
  expect(ends.filter((job) => job !== null)).toHaveLength(1);
  expect(await credits(workspaceId)).toBe(8);
  const events = await db.event.findMany({ where: { subject: id } });
  const counts = { total: 10, completed: 8, failed: 2, credits_refunded: 2 };
  expect(events.map(({ type, payload }) => [type, payload])).toEqual([
    ["bulk.completed", { id, status: "completed", ...counts, failure: null, errors }],
  ]);
  expect(await db.bulkInput.count({ where: { jobId: id } })).toBe(0);
});

test("rows that cannot be drawn are noted under their numbers once, by whoever holds the claim", async () => {
  const workspaceId = await workspace("free");
  const id = await order(workspaceId);
  await claimBulkJob(db);
  await loseLease(id);
  await claimBulkJob(db);
  const endAs = (fence: number, errors: Record<number, { data: string[] }>) =>
    finishBulkJob(db, { id, fence }, { archive, completed: 9, failed: 1, errors });
  expect(await endAs(1, { 4: { data: ["of a claim that was lost"] } })).toBeNull();
  expect(await endAs(2, { 7: { data: ["too long"] } })).not.toBeNull();
  expect(await endAs(2, { 2: { data: ["once more"] } })).toBeNull();
  const { errors } = await db.bulkJob.findUniqueOrThrow({ where: { id } });
  expect(errors).toEqual({ 7: { data: ["too long"] } });
});

test("a cancellation gives back what was not drawn, and is no event", async () => {
  const workspaceId = await workspace("free");
  const id = await order(workspaceId);
  await claimBulkJob(db);
  await renewClaim(db, { id, fence: 1 }, { completed: 4, failed: 1 });
  const cancel = () => db.$transaction((tx) => cancelBulkJob(tx, workspaceId, id));
  expect(await cancel()).toMatchObject({ status: "cancelled", refunded: 6 });
  expect(await cancel()).toBeNull();
  expect(await renewClaim(db, { id, fence: 1 }, { completed: 5, failed: 1 })).toBe(false);
  expect(await credits(workspaceId)).toBe(4);
  expect(await db.event.count({ where: { subject: id } })).toBe(0);
});

test("an order that fails gives everything back", async () => {
  const workspaceId = await workspace("free");
  const id = await order(workspaceId);
  await claimBulkJob(db);
  const failed = { archive: null, completed: 0, failed: 10, failure: "There was no room." };
  expect(await finishBulkJob(db, { id, fence: 1 }, failed)).toMatchObject({ status: "failed", refunded: 10 });
  expect(await credits(workspaceId)).toBe(0);
});

test("of a workspace that is deleted nothing is drawn any more, and nothing kept", async () => {
  const workspaceId = await workspace("agency");
  const [waiting, running] = [await order(workspaceId), await order(workspaceId)];
  const claimed = await claimBulkJob(db);
  const actor = { kind: "operator", id: "test", ...noOrigin } as const;
  await db.$transaction((tx) => deleteWorkspace(tx, workspaceId, actor));
  expect(claimed && (await renewClaim(db, claimed, { completed: 1, failed: 0 }))).toBe(false);
  expect(await claimBulkJob(db)).toBeNull();
  expect(await db.bulkInput.count({ where: { jobId: { in: [waiting, running] } } })).toBe(0);
});

test("so many orders of a workspace may wait, and no more", async () => {
  const [crowded, other] = [await workspace("enterprise"), await workspace("enterprise")];
  const paid = { chargedTo: randomUUID(), chargedAt: new Date() };
  const waiting = Array.from({ length: unfinishedMax - 1 }, () => ({
    id: randomUUID(),
    workspaceId: crowded,
    total: 1,
    ...paid,
  }));
  await db.bulkJob.createMany({ data: waiting });
  await order(crowded);
  await expect(order(crowded)).rejects.toMatchObject({ code: "rate_limited" });
  await order(other);
});
