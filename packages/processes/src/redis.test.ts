import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Redis as Client } from "ioredis";
import { isRunning } from "./proc.js";
import { type Redis, startRedis } from "./redis.js";
import { makeTempDirectory } from "./temp.js";
import { until } from "./until.js";

const temp = makeTempDirectory();
let state: Redis;
let replica: Redis;
let cache: Redis;
const clients: Client[] = [];

function connect(server: Redis): Client {
  const client = new Client(server.url, { commandTimeout: 300, retryStrategy: () => 20 });
  client.on("error", () => {});
  clients.push(client);
  return client;
}

beforeAll(async () => {
  state = await startRedis({ role: "state", durable: false, dataDirectory: join(temp.path, "with a space", "state") });
  [replica, cache] = await Promise.all([
    startRedis({ role: "replica", dataDirectory: join(temp.path, "replica"), replicaOf: state.url }),
    startRedis({ role: "cache", dataDirectory: join(temp.path, "cache"), maxMemoryMb: 3 }),
  ]);
});

afterAll(async () => {
  for (const client of clients) client.disconnect();
  await Promise.all([state.stop(), replica.stop(), cache.stop()]);
  temp.remove();
});

test("state survives a restart and refuses to evict", async () => {
  const client = connect(state);
  await client.set("kept", "yes");
  expect(await client.config("GET", "maxmemory-policy")).toEqual(["maxmemory-policy", "noeviction"]);
  const pid = state.pid;
  await state.restart();
  expect(state.pid).not.toBe(pid);
  expect(isRunning(pid)).toBe(false);
  expect(await until(() => client.get("kept"))).toBe("yes");
});

test("a replica follows and takes no writes", async () => {
  const [primary, follower] = [connect(state), connect(replica)];
  // Linking takes up to two seconds, because each side looks after its links once a second.
  await until(async () => (await primary.info("replication")).includes("state=online"));
  await primary.set("followed", "yes");
  expect(await until(() => follower.get("followed"))).toBe("yes");
  await expect(follower.set("own", "no")).rejects.toThrow(/READONLY/);
});

test("a cache evicts instead of refusing, and keeps nothing on disk", async () => {
  const client = connect(cache);
  for (let i = 0; i < 64; i++) await client.set(`image-${i}`, Buffer.alloc(100_000));
  expect(await client.dbsize()).toBeLessThan(64);
  await cache.restart();
  expect(await until(async () => (await client.dbsize()) === 0)).toBe(true);
});

test("frozen it answers nothing; thawed it goes on; killed it is gone", async () => {
  const client = connect(cache);
  await client.ping();
  cache.freeze();
  await expect(client.ping()).rejects.toThrow(/timed out/);
  cache.thaw();
  expect(await until(() => client.ping())).toBe("PONG");
  await cache.kill();
  expect(isRunning(cache.pid)).toBe(false);
  await cache.restart();
  expect(await until(() => client.ping())).toBe("PONG");
});

test("a server that cannot start says why", async () => {
  await expect(
    startRedis({ role: "cache", dataDirectory: join(temp.path, "taken"), port: state.port }),
  ).rejects.toThrow(/taken|in use/);
});
