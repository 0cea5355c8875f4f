import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { type Redis as Server, startRedis } from "@qrfactory/processes/redis";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { type Credits, counterKey, makeCredits } from "@qrfactory/state/credits/credits";
import { Redis } from "ioredis";

const temp = makeTempDirectory();
const at = new Date("2026-11-21T10:00:00Z");
const month = "2026-11";
let server: Server;
let redis: Redis;
let workspaceId: string;
let ledger: Map<string, number>;
let ledgerReads: number;
let credits: Credits;

function connect(): Redis {
  return new Redis(server.url, { commandTimeout: 400, enableOfflineQueue: false, retryStrategy: () => 20 }).on(
    "error",
    () => {},
  );
}

async function loadUsed(workspace: string, of: string): Promise<number> {
  ledgerReads += 1;
  return ledger.get(`${workspace} ${of}`) ?? 0;
}

const take = (quota: number, amount = 1, when = at) => credits.takeCredits({ workspaceId, at: when, quota, amount });

beforeAll(async () => {
  server = await startRedis({ role: "state", durable: false, dataDirectory: temp.path });
  redis = connect();
  await until(() => redis.status === "ready");
});

afterAll(async () => {
  redis.disconnect();
  await server.stop();
  temp.remove();
});

beforeEach(() => {
  workspaceId = randomUUID();
  ledger = new Map();
  ledgerReads = 0;
  credits = makeCredits({ redis, loadUsed });
});

test("the last credit is given once, then refused without being counted", async () => {
  expect(await take(2)).toEqual({ taken: true, used: 1, remaining: 1 });
  expect(await take(2)).toEqual({ taken: true, used: 2, remaining: 0 });
  expect(await take(2)).toEqual({ taken: false, used: 2, remaining: 0 });
  expect(await credits.readCredits({ workspaceId, month })).toBe(2);
});

test("with 10 left, 50 calls at once from two processes get exactly 10, although all find no counter", async () => {
  ledger.set(`${workspaceId} ${month}`, 40);
  const other = connect();
  await until(() => other.status === "ready");
  const elsewhere = makeCredits({ redis: other, loadUsed });
  const decisions = await Promise.all(
    Array.from({ length: 50 }, (_, i) =>
      (i % 2 ? credits : elsewhere).takeCredits({ workspaceId, at, quota: 50, amount: 1 }),
    ),
  );
  other.disconnect();
  expect(decisions.filter((decision) => decision.taken)).toHaveLength(10);
  expect(await credits.readCredits({ workspaceId, month })).toBe(50);
  expect(ledgerReads).toBeLessThan(50);
});

test("who called in the last hour of a month needs no ledger in the next one, and whoever was earlier keeps its credits", async () => {
  const [last, first] = [new Date("2026-11-30T23:30:00Z"), new Date("2026-12-01T00:00:00Z")];
  credits = makeCredits({ redis, loadUsed: () => Promise.reject(new Error("away")) });
  await redis.set(counterKey({ workspaceId, month }), 40);
  await take(50, 1, last);
  expect(await take(50, 1, first)).toEqual({ taken: true, used: 1, remaining: 49 });
  await take(50, 1, last);
  expect(await take(50, 1, first)).toMatchObject({ used: 2 });
  expect(await redis.pexpiretime(counterKey({ workspaceId, month: "2026-12" }))).toBe(Date.UTC(2027, 0, 8));
});

test("before the last hour no counter of the next month is opened", async () => {
  await take(50, 1, new Date("2026-11-30T22:59:00Z"));
  expect(await redis.exists(counterKey({ workspaceId, month: "2026-12" }))).toBe(0);
});

test("several credits are taken all or none", async () => {
  expect(await take(10, 8)).toMatchObject({ taken: true, used: 8 });
  expect(await take(10, 3)).toMatchObject({ taken: false, used: 8, remaining: 2 });
  expect(await take(10, 2)).toMatchObject({ taken: true, used: 10 });
});

test("without a limit everything is taken and counted", async () => {
  expect(await take(Number.POSITIVE_INFINITY, 1_000_000)).toEqual({
    taken: true,
    used: 1_000_000,
    remaining: Number.POSITIVE_INFINITY,
  });
});

test("what is given back can be taken again, and never makes a counter negative", async () => {
  await take(1);
  await credits.giveBackCredits({ workspaceId, month }, 1);
  expect(await take(1)).toMatchObject({ taken: true });
  await credits.giveBackCredits({ workspaceId, month }, 5);
  expect(await credits.readCredits({ workspaceId, month })).toBe(0);
});

test("a counter that Redis lost is rebuilt from the ledger, and a late give-back does not disturb that", async () => {
  await take(50, 7);
  await redis.flushall();
  ledger.set(`${workspaceId} ${month}`, 7);
  await credits.giveBackCredits({ workspaceId, month }, 1);
  expect(await credits.readCredits({ workspaceId, month })).toBe(7);
  expect(await take(8)).toEqual({ taken: true, used: 8, remaining: 0 });
});

test("a new month starts from nothing, and counters go away some days after their month", async () => {
  await take(1);
  expect(await take(1, 1, new Date("2026-12-01T00:00:00Z"))).toMatchObject({ taken: true, used: 1 });
  const keys = await redis.keys(`*${workspaceId}*`);
  expect(keys).toHaveLength(2);
  const [expiry] = await Promise.all(keys.filter((key) => key.includes(month)).map((key) => redis.pexpiretime(key)));
  expect(new Date(expiry ?? 0).toISOString()).toBe("2026-12-08T00:00:00.000Z");
});

test("a ledger that does not answer is unavailable, never a refusal and never a free credit", async () => {
  const cut = makeCredits({ redis, loadUsed: () => Promise.reject(new Error("no database")) });
  await expect(cut.takeCredits({ workspaceId, at, quota: 50, amount: 1 })).rejects.toMatchObject({
    code: "unavailable",
  });
  expect(await redis.keys(`*${workspaceId}*`)).toEqual([]);
});

test("a Redis that pauses for longer than a deadline is asked again, and the take given up on takes nothing", async () => {
  await take(50);
  server.freeze();
  const taking = take(50);
  await pause(500);
  server.thaw();
  expect(await taking).toMatchObject({ taken: true, used: 2 });
});

test("a frozen Redis is unavailable before it thaws, and a take given up on takes nothing after the thaw", async () => {
  await take(50);
  server.freeze();
  try {
    await expect(take(50)).rejects.toMatchObject({ code: "unavailable", retryAfterSeconds: 1 });
  } finally {
    server.thaw();
  }
  // The thawed server reads our abandoned command before this one: both came over the same connection.
  expect(await until(() => credits.readCredits({ workspaceId, month }))).toBe(1);
  expect(await take(50)).toMatchObject({ taken: true, used: 2 });
});
