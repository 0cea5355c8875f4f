import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { type Redis as Server, startRedis } from "@qrfactory/processes/redis";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { firstSettled } from "@qrfactory/testing/order";
import { Redis } from "ioredis";
import { publishCode } from "./publish.js";
import { haveRegions, reportProgress } from "./regions.js";

const temp = makeTempDirectory("regions-");
let server: Server;
let redis: Redis;

beforeAll(async () => {
  server = await startRedis({ role: "state", durable: false, dataDirectory: join(temp.path, "server") });
  redis = new Redis(server.url, { commandTimeout: 250, enableOfflineQueue: false, maxRetriesPerRequest: 0 });
  redis.on("error", () => {});
  await until(() => redis.status === "ready");
});
beforeEach(() => redis.flushall());
afterAll(async () => {
  redis.disconnect();
  await server.stop();
  temp.remove();
});

const publish = (short_id: string) =>
  publishCode(redis, { schema: 1, id: randomUUID(), short_id, version: 1, deleted: true });

test("it is known when every region has taken what was published", async () => {
  expect(await haveRegions(redis)).toBe(true);
  const taken = [0, 0];
  const reports = taken.map((_, n) => reportProgress({ redis, process: `p${n}`, ordinal: () => taken[n] as number }));
  for (const { report } of reports) report();
  await until(async () => (await redis.hlen("qrf:regions")) === 2);
  await publish("FIRST");
  taken[0] = 1;
  reports[0]?.report();
  expect(await haveRegions(redis, 50)).toBe(false);
  const waiting = haveRegions(redis, 2_000);
  taken[1] = 1;
  reports[1]?.report();
  expect(await waiting).toBe(true);
  // Later publications by others are not waited for.
  const next = haveRegions(redis, 2_000);
  await next;
  for (const { stop } of reports) await stop();
  expect(await redis.hlen("qrf:regions")).toBe(0);
});

test("a region that was not heard for seconds is not waited for, and one that is gone is forgotten", async () => {
  await publish("FIRST");
  const at = Date.now();
  await redis.hset("qrf:regions", "frozen", `0 ${at - 4_000}`, "gone", `0 ${at - 4_000_000}`, "ahead", `7 ${at}`);
  expect(await haveRegions(redis, 50)).toBe(true);
  expect(await redis.hkeys("qrf:regions")).toEqual(["frozen", "ahead"]);
  await redis.hset("qrf:regions", "slow", `0 ${Date.now()}`);
  await redis.config("RESETSTAT");
  expect(await haveRegions(redis)).toBe(false);
  // Pauses of 2, 4, 8, 16, 32, 32 … ms make a quarter of a second.
  const looks = Number(/cmdstat_hgetall:calls=(\d+)/.exec(await redis.info("commandstats"))?.[1]);
  expect(looks).toBeGreaterThan(1);
  expect(looks).toBeLessThanOrEqual(11);
});

test("with Redis away nobody is held up", async () => {
  server.freeze();
  const regions = haveRegions(redis);
  // A second command gives up a deadline after the first.
  const twoCommands = redis.ping().catch(() => redis.ping());
  expect(await firstSettled({ regions, twoCommands })).toBe("regions");
  expect(await regions).toBe(false);
  await twoCommands.catch(() => {});
  server.thaw();
  await until(() => haveRegions(redis));
});
