import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { type Redis as Server, startRedis } from "@qrfactory/processes/redis";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { Redis } from "ioredis";
import { addOrphans, listOrphans } from "./orphans.js";

const temp = makeTempDirectory();
let server: Server;
let redis: Redis;
beforeAll(async () => {
  server = await startRedis({ role: "state", durable: false, dataDirectory: temp.path });
  redis = new Redis(server.url);
});
beforeEach(async () => void (await redis.flushall()));
afterAll(async () => {
  redis.disconnect();
  await server.stop();
  temp.remove();
});

const now = Date.parse("2026-11-21T10:00:00Z");
const dayMs = 24 * 60 * 60 * 1000;

test("counts of regions and days add up, the most asked for first, and days end at midnight in UTC", async () => {
  await addOrphans(redis, new Map([["MISPRINT", 3]]), now);
  await addOrphans(redis, new Map(Object.entries({ MISPRINT: 4, OTHER: 9 })), now - dayMs);
  await addOrphans(redis, new Map([["MISPRINT", 100]]), now - 3 * dayMs);
  expect(await listOrphans(redis, 2, now)).toEqual([
    { shortId: "OTHER", scans: 9, lastDay: "2026-11-20" },
    { shortId: "MISPRINT", scans: 7, lastDay: "2026-11-21" },
  ]);
  expect(await listOrphans(redis, 1, now)).toEqual([{ shortId: "MISPRINT", scans: 3, lastDay: "2026-11-21" }]);
});

test("a day keeps a bounded number of ids, and goes on counting those", async () => {
  for (let from = 0; from < 6_000; from += 200) {
    const some = Array.from({ length: 200 }, (_, at): [string, number] => [`ID-${from + at}`, 1]);
    await addOrphans(redis, new Map(some), now);
  }
  await addOrphans(redis, new Map(Object.entries({ "ID-0": 5, "ID-5999": 5 })), now);
  const orphans = await listOrphans(redis, 1, now);
  expect(orphans).toHaveLength(5_000);
  expect(orphans[0]).toMatchObject({ shortId: "ID-0", scans: 6 });
});

test("a day is forgotten after two months", async () => {
  await addOrphans(redis, new Map([["MISPRINT", 1]]), now);
  const [key = ""] = await redis.keys("qrf:orphans:*");
  expect(await redis.ttl(key)).toBeGreaterThan(60 * 24 * 60 * 60);
});
