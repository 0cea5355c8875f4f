import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { startRedis } from "@qrfactory/processes/redis";
import { startSentinels } from "@qrfactory/processes/sentinel";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import {
  connectRedis,
  EvictingRedisError,
  parseRedisUrl,
  redisReady,
  requireNoEviction,
} from "@qrfactory/runtime/redis";
import { firstSettled } from "@qrfactory/testing/order";

/** The error of a refused command. */
const refusalOf = (command: Promise<unknown>) =>
  command.then(
    () => "answered",
    (error: Error) => error.message,
  );

test("a frozen server costs one deadline, then nothing, and heals by itself", async () => {
  const directory = makeTempDirectory();
  const server = await startRedis({ role: "state", durable: false, dataDirectory: directory.path });
  const redis = connectRedis({ url: server.url, name: "test", commandTimeoutMs: 100 });
  await redisReady(redis, 5_000);
  server.freeze();
  const first = ["a", "b", "c"].map((key) => refusalOf(redis.get(key)));
  expect(await firstSettled({ "its deadline": first[2] as Promise<string>, "twice as long": pause(200) })).toBe(
    "its deadline",
  );
  expect(await Promise.all(first)).toEqual(Array(3).fill("Command timed out"));
  // No deadline is waited for any more: nothing is sent.
  expect(await refusalOf(redis.get("d"))).toBe("Redis test is not answering");
  server.thaw();
  await until(async () => (await redis.set("a", "1")) === "OK");
  expect(await redis.get("a")).toBe("1");

  await server.kill();
  await until(() => redis.status !== "ready");
  expect(await refusalOf(redis.get("a"))).toMatch(/enableOfflineQueue/);
  await server.restart();
  await until(async () => (await redis.ping()) === "PONG");
  redis.disconnect();
  await server.stop();
  directory.remove();
});

test("time in which this process itself stood still is not held against the server", async () => {
  const directory = makeTempDirectory();
  const server = await startRedis({ role: "state", durable: false, dataDirectory: directory.path });
  const redis = connectRedis({ url: server.url, name: "test", commandTimeoutMs: 100 });
  await redisReady(redis, 5_000);
  // Not even the request has left the process by then, and the reply cannot be there.
  server.freeze();
  const reply = redis.set("a", "1");
  const standsUntil = performance.now() + 150;
  while (performance.now() < standsUntil);
  setTimeout(server.thaw, 20);
  expect(await reply).toBe("OK");
  redis.disconnect();
  await server.stop();
  directory.remove();
});

test("a state Redis that may evict is refused with the reason; one that is away is not", async () => {
  const directory = makeTempDirectory();
  const server = await startRedis({ role: "cache", dataDirectory: directory.path });
  const redis = connectRedis({ url: server.url, name: "test" });
  await expect(requireNoEviction(redis, 2_000)).rejects.toThrow(EvictingRedisError);
  await expect(requireNoEviction(redis, 2_000)).rejects.toThrow(/allkeys-lru; set it to noeviction/);
  await server.stop();
  await expect(requireNoEviction(redis, 200)).resolves.toBeUndefined();
  redis.disconnect();
  directory.remove();
});

test.each([
  ["redis://host:6379", "redis://host:6379"],
  [
    "redis+sentinel://a:1,b:2/main",
    {
      name: "main",
      sentinels: [
        { host: "a", port: 1 },
        { host: "b", port: 2 },
      ],
    },
  ],
  ["redis+sentinel://me:p%40ss@a:1/main", { username: "me", password: "p@ss", sentinelPassword: "p@ss" }],
  ["redis+sentinel://a:1", null],
  ["redis+sentinel://a/main", null],
  ["redis+sentinel://a:1,/main", null],
  ["http://host", null],
])("an address is read as what it means: %s", (url, expected) => {
  const read = parseRedisUrl(url);
  if (typeof expected === "object" && expected !== null) expect(read).toMatchObject(expected);
  else expect(read).toEqual(expected);
});

test("a connection follows the primary that Sentinels promote, frozen old one or not", async () => {
  const directory = makeTempDirectory();
  const primary = await startRedis({ role: "state", durable: false, dataDirectory: `${directory.path}/primary` });
  const standby = await startRedis({
    role: "state",
    durable: false,
    dataDirectory: `${directory.path}/standby`,
    replicaOf: primary.url,
  });
  const sentinels = await startSentinels({ directory: directory.path, primaryPort: primary.port });
  await sentinels.knowReplicas(1);
  const redis = connectRedis({ url: sentinels.url, name: "test" });
  await redisReady(redis, 5_000);
  primary.freeze();
  await until(async () => (await redis.set("a", "1")) === "OK", { timeoutMs: 15_000, intervalMs: 50 });
  expect(await sentinels.primaryPort()).toBe(standby.port);
  expect((await redis.info("server")).includes(`tcp_port:${standby.port}`)).toBe(true);
  redis.disconnect();
  primary.thaw();
  await sentinels.stop();
  await Promise.all([primary.stop(), standby.stop()]);
  directory.remove();
}, 40_000);
