import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { connectDatabase, type Db, withPatience } from "@qrfactory/db/client";
import { type EventStore, openEventStore } from "@qrfactory/db/scans/ingest/ingest";
import type { CallRow } from "@qrfactory/db/scans/ingest/rows";
import { ensurePartitions } from "@qrfactory/db/scans/retention/partitions";
import { monthOf, overageCost, type PlanName, plans } from "@qrfactory/domain/plan/plans";
import { until } from "@qrfactory/processes/until";
import { connectRedis, redisReady } from "@qrfactory/runtime/redis";
import { counterKey } from "@qrfactory/state/credits/credits";
import fc from "fast-check";
import type { Redis } from "ioredis";
import { type Api, expectProblem, patient, startApi } from "../api.fixture.js";
import { checkCredits, sinceLastMonth } from "./credit-check.js";

let api: Api;
let db: Db;
let redis: Redis;
let store: EventStore;
beforeAll(async () => {
  api = await startApi();
  db = connectDatabase(api.database.url, { ...withPatience, poolMax: 2 });
  store = openEventStore(api.database.url);
  redis = connectRedis({ url: api.redis.url, name: "test", commandTimeoutMs: 2_000 });
  await redisReady(redis, 5_000);
  await ensurePartitions(db);
});
afterAll(async () => {
  redis.disconnect();
  await store.close();
  await db.$disconnect();
  await api.close();
});

const month = monthOf(new Date());
const now = new Date();

/** Several connection time-outs of the store, which are short for the sake of production. */
const busyTimeoutMs = 10_000;

/**
 * Takes in calls of a workspace as the worker does, a spool of their own: again when a busy machine is too slow for it.
 */
async function takeIn(workspaceId: string, count: number, more: Partial<CallRow> = {}) {
  const rows = Array.from({ length: count }, (_, sequence) => ({
    sequence: sequence + 1,
    id: randomUUID(),
    called_at: now,
    workspace_id: workspaceId,
    key_id: randomUUID(),
    request_id: "r",
    endpoint: "generate",
    status: 200,
    cache: "MISS",
    cache_key: "a".repeat(64),
    format: "png",
    duration_ms: 1,
    credits: 1,
    ...more,
  }));
  const batch = { spoolId: randomUUID(), from: 1, until: count + 1, rows, deadLetters: [] };
  const taken = () => store.store({ kind: "calls", batches: [batch] });
  await until(taken, { timeoutMs: busyTimeoutMs, what: "A batch of calls in the ledger" });
}

/** A workspace of a plan whose month has taken in so many calls. */
async function workspaceWith(plan: PlanName, renders: number) {
  const owner = await api.signUp();
  if (plan !== "free") await api.operate(owner.workspaceId, { action: "workspace.plan_changed", plan });
  if (renders > 0) await takeIn(owner.workspaceId, renders);
  const usage = async () => (await patient(owner.as)("GET", "/api/v1/usage/me")).body;
  return { ...owner, usage };
}

const typesOf = (usage: { thresholds: { type: string }[] }) => usage.thresholds.map(({ type }) => type);

test("three quarters and all of a quota are noted once each, by the call that reaches them", async () => {
  const { workspaceId, usage } = await workspaceWith("free", 37);
  expect(typesOf(await usage())).toEqual([]);
  await takeIn(workspaceId, 1);
  expect(typesOf(await usage())).toEqual(["quota.threshold_75"]);
  await takeIn(workspaceId, 11);
  expect(typesOf(await usage())).toEqual(["quota.threshold_75"]);
  await takeIn(workspaceId, 1);
  await takeIn(workspaceId, 1);
  const rows = await db.quotaThreshold.findMany({ where: { workspaceId }, orderBy: { renders: "asc" } });
  expect(rows).toMatchObject([
    { type: "quota.threshold_75", renders: 38, quota: 50 },
    { type: "quota.threshold_100", renders: 50, quota: 50 },
  ]);
});

test("however many workers take calls in at once, a threshold is noted once and none is missed", async () => {
  const { workspaceId, usage } = await workspaceWith("free", 0);
  await Promise.all(Array.from({ length: 50 }, () => takeIn(workspaceId, 1)));
  expect(typesOf(await usage())).toEqual(["quota.threshold_75", "quota.threshold_100"]);
  const rows = await db.quotaThreshold.findMany({ where: { workspaceId }, orderBy: { renders: "asc" } });
  expect(rows.map(({ renders }) => renders)).toEqual([38, 50]);
});

test("a month ends with its last millisecond in UTC: what comes after counts, and notes, for the next", async () => {
  const { workspaceId } = await workspaceWith("free", 0);
  const next = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1));
  await takeIn(workspaceId, 38, { called_at: new Date(next.getTime() - 1) });
  await takeIn(workspaceId, 38, { called_at: next });
  const rows = await db.usageMonthly.findMany({ where: { workspaceId }, orderBy: { month: "asc" } });
  expect(rows.map((row) => [monthOf(row.month), row.renders])).toEqual([
    [month, 38],
    [monthOf(next), 38],
  ]);
  expect(await db.quotaThreshold.count({ where: { workspaceId, type: "quota.threshold_75" } })).toBe(2);
});

test("a call that comes twice is counted once, by day, month and threshold", async () => {
  const { workspaceId, usage } = await workspaceWith("free", 37);
  const id = randomUUID();
  await Promise.all([1, 2, 3].map(() => takeIn(workspaceId, 1, { id })));
  expect(typesOf(await usage())).toEqual(["quota.threshold_75"]);
  const row = await db.usageMonthly.findFirstOrThrow({ where: { workspaceId } });
  expect(row.renders).toBe(38);
});

test("usage by key names the keys, and what people used at dashboards as one", async () => {
  const { as, workspaceId } = await api.signUp();
  const { body: key } = await as("POST", "/api/v1/keys", { body: { name: "Shop" } });
  await takeIn(workspaceId, 3, { key_id: key.id });
  await takeIn(workspaceId, 2);
  const { by_key, used_this_month } = (await as("GET", "/api/v1/usage/me")).body;
  expect(by_key).toEqual([
    { id: key.id, key_prefix: key.key_prefix, name: "Shop", renders: 3 },
    { id: null, key_prefix: null, name: "Dashboard", renders: 2 },
  ]);
  expect(used_this_month).toBe(5);
});

test("an unlimited plan has no thresholds", async () => {
  const { usage } = await workspaceWith("enterprise", 60);
  expect(await usage()).toMatchObject({ thresholds: [], overage: { renders: 0, usd: "0.00" } });
});

test("an owner opts in to renders beyond the plan, which are counted and priced to the cent", async () => {
  const { as, workspaceId, usage } = await workspaceWith("starter", 503);
  expect((await usage()).overage).toEqual({ enabled: false, renders_max: null, renders: 0, usd: "0.00" });
  const { body: key } = await as("POST", "/api/v1/keys", { body: { name: "Shop" } });
  const answer = await as("PATCH", "/api/v1/workspace", {
    body: { overage_enabled: true, overage_renders_max: 1_000 },
  });
  expect(answer.body).toMatchObject({ plan: "starter", overage_enabled: true, overage_renders_max: 1_000 });
  // Published with the key, for render.
  const row = await db.apiKey.findUniqueOrThrow({ where: { id: key.id } });
  expect(row.publishedVersion).toBe(row.version);
  await takeIn(workspaceId, 7);
  expect((await usage()).overage).toEqual({ enabled: true, renders_max: 1_000, renders: 7, usd: "0.28" });
  // Renders beyond the quota are owed, also after opting out.
  await as("PATCH", "/api/v1/workspace", { body: { overage_enabled: false } });
  expect((await usage()).overage).toMatchObject({ enabled: false, renders: 7, usd: "0.28" });
  // A new plan includes what it includes.
  await as("PATCH", "/api/v1/workspace", { body: { overage_enabled: true } });
  await api.operate(workspaceId, { action: "workspace.plan_changed", plan: "pro" });
  expect((await usage()).overage).toMatchObject({ enabled: true, renders: 0, usd: "0.00" });
  const actions = await db.auditEvent.findMany({ where: { workspaceId, action: "workspace.overage_changed" } });
  expect(actions).toHaveLength(3);
});

test("only an owner may opt in, and only where the plan offers it", async () => {
  const free = await workspaceWith("free", 0);
  const body = { overage_enabled: true };
  const refused = await free.as("PATCH", "/api/v1/workspace", { body });
  expectProblem(refused, 403, "plan_limit");
  expect(refused.body.detail).toContain("starter (0.04 USD a render), pro (0.02 USD a render)");
  const agency = await workspaceWith("agency", 0);
  const admin = await api.addMember(agency.as, "admin");
  expectProblem(await admin.as("PATCH", "/api/v1/workspace", { body }), 403, "forbidden");
  expect((await admin.as("GET", "/api/v1/workspace")).body).toMatchObject({ role: "admin", overage_enabled: false });
  expect((await agency.as("PATCH", "/api/v1/workspace", { body })).status).toBe(200);
  expectProblem(
    await agency.as("PATCH", "/api/v1/workspace", { body: { overage_enabled: true, overage_renders_max: -1 } }),
    400,
    "validation_failed",
  );
});

test("a price is exact for any number of renders", () => {
  const offering = [plans.starter, plans.pro, plans.agency];
  const cents = [4n, 2n, 1n];
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1_000_000_000 }), (renders) => {
      for (const [at, plan] of offering.entries()) {
        const exact = (cents[at] as bigint) * BigInt(renders);
        expect(overageCost(plan, renders)).toBe(`${exact / 100n}.${String(exact % 100n).padStart(2, "0")}`);
      }
    }),
  );
});

test("a counter that was rebuilt too low is raised, one that is ahead stays until somebody says that all is settled", async () => {
  const [low, high, absent] = [
    await workspaceWith("pro", 9),
    await workspaceWith("pro", 5),
    await workspaceWith("pro", 3),
  ];
  const keyOf = ({ workspaceId }: { workspaceId: string }) => counterKey({ workspaceId, month });
  await redis.set(keyOf(low), "4", "EX", 1_000);
  await redis.set(keyOf(high), "8", "EX", 1_000);
  const options = { db, redis, since: sinceLastMonth() };
  const found: [string, number][] = [];
  const seen = await checkCredits({ ...options, onDifference: (it) => found.push([it.workspaceId, it.difference]) });
  expect(seen).toMatchObject({ compared: 2, below: 5, above: 3, repaired: 0 });
  expect(new Map(found)).toEqual(
    new Map([
      [low.workspaceId, -5],
      [high.workspaceId, 3],
    ]),
  );
  // Two at once repair once.
  const reports = await Promise.all([1, 2].map(() => checkCredits({ ...options, repair: true })));
  expect(reports.map(({ repaired }) => repaired).sort()).toEqual([0, 1]);
  expect(await redis.mget(keyOf(low), keyOf(high), keyOf(absent))).toEqual(["9", "8", null]);
  expect(await redis.ttl(keyOf(low))).toBeGreaterThan(0);
  await checkCredits({ ...options, repair: true, isSettled: true });
  expect(await redis.get(keyOf(high))).toBe("5");
  expect((await low.usage()).used_this_month).toBe(9);
});
