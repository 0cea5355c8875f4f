import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { type Redis as Server, startRedis } from "@qrfactory/processes/redis";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { type Credits, makeCredits } from "@qrfactory/state/credits/credits";
import { type GraceCredits, withGrace } from "@qrfactory/state/credits/grace";
import { Redis } from "ioredis";

const temp = makeTempDirectory();
const at = new Date("2026-11-21T10:00:00Z");
const graceMs = 60_000;
let server: Server;
let redis: Redis;
let counter: Credits;
let credits: GraceCredits;
let workspaceId: string;
let now: number;

beforeAll(async () => {
  server = await startRedis({ role: "state", durable: false, dataDirectory: temp.path });
});

beforeEach(async () => {
  const options = { commandTimeout: 1_000, enableOfflineQueue: false, maxRetriesPerRequest: 0 };
  redis = new Redis(server.url, { ...options, retryStrategy: () => 20 }).on("error", () => {});
  await until(() => redis.status === "ready");
  workspaceId = randomUUID();
  now = 0;
  counter = makeCredits({ redis, loadUsed: async () => 0 });
  credits = withGrace({ credits: counter, graceMs, owedMax: 3, now: () => now });
});

afterEach(async () => {
  await credits.close();
  redis.disconnect();
});

afterAll(async () => {
  await server.stop();
  temp.remove();
});

const take = (quota = 10) => credits.takeCredits({ workspaceId, at, quota, amount: 1 });
const used = () => counter.readCredits({ workspaceId, month: "2026-11" });

test("without Redis a workspace that was served goes on up to a cap, then is refused; its debt is settled exactly", async () => {
  expect(await take()).toEqual({ taken: true, used: 1, remaining: 9 });
  await server.kill();
  for (const owed of [1, 2, 3]) {
    expect(await take()).toEqual({ taken: true, used: 1 + owed, remaining: 9 - owed });
    expect(credits.owed()).toBe(owed);
  }
  await expect(take()).rejects.toMatchObject({ code: "unavailable" });
  await server.restart();
  await until(() => credits.owed() === 0);
  expect(await used()).toBe(4);
  expect(await take()).toEqual({ taken: true, used: 5, remaining: 5 });
});

test("nobody gets more on trust than the month has left, and the refusal is never that of a spent quota", async () => {
  await take(2);
  await server.kill();
  expect(await take(2)).toEqual({ taken: true, used: 2, remaining: 0 });
  await expect(take(2)).rejects.toMatchObject({ code: "unavailable" });
  await server.restart();
  await until(() => credits.owed() === 0);
  expect(await take(2)).toEqual({ taken: false, used: 2, remaining: 0 });
});

test("a stranger has no trust, and everybody's ends with the grace", async () => {
  await take();
  await server.kill();
  const stranger = { workspaceId: randomUUID(), at, quota: 10, amount: 1 };
  await expect(credits.takeCredits(stranger)).rejects.toMatchObject({ code: "unavailable" });
  now = graceMs;
  await take();
  now = graceMs + 1;
  await expect(take()).rejects.toMatchObject({ code: "unavailable" });
  await server.restart();
  await until(async () => (await take().catch(() => null)) !== null);
  expect(credits.owed()).toBeLessThanOrEqual(1);
});

test("what was given on trust and not delivered is not owed", async () => {
  await take();
  await server.kill();
  await take();
  await credits.giveBackCredits({ workspaceId, month: "2026-11" }, 1);
  expect(credits.owed()).toBe(0);
  await server.restart();
  await until(async () => (await used().catch(() => null)) === 1);
});

test("a charge on trust is owed once, even when the counter had heard of it before its reply was lost", async () => {
  await take();
  const [delivered, failed] = [randomUUID(), randomUUID()];
  // As a try leaves it that was made, and whose reply never came.
  for (const id of [delivered, failed]) {
    await counter.takeCredits({ workspaceId, at, quota: 10, amount: 1, charge: { id, holder: "a" } });
  }
  await server.kill();
  const lend = (id: string) =>
    credits.takeCredits({ workspaceId, at, quota: 10, amount: 1, charge: { id, holder: "a" } });
  await lend(delivered);
  await lend(failed);
  credits.settle(delivered);
  await credits.giveBackCredits({ workspaceId, month: "2026-11" }, 1, failed);
  await server.restart();
  await until(async () => (await used().catch(() => null)) === 2);
  expect(credits.owed()).toBe(0);
});
