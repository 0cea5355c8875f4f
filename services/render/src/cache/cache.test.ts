import { randomBytes, randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { freePort } from "@qrfactory/processes/ports";
import { type StartedProcess, startProcess } from "@qrfactory/processes/process";
import { type Redis as Server, startRedis } from "@qrfactory/processes/redis";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { firstSettled } from "@qrfactory/testing/order";
import { Redis } from "ioredis";
import type { Drawing } from "../draw/draw-design.js";
import { makeRenderCache, type RenderCache } from "./cache.js";
import { type CacheStore, imageLifeSeconds, openCacheStore } from "./cache-store.js";

const temp = makeTempDirectory();
const nodes: { process: StartedProcess; client: Redis }[] = [];
const stores: CacheStore[] = [];
let server: Server;
let client: Redis;
let clusterUrl: string;

/** Two nodes with half of the slots each: small, and a key still lives on one of several. */
async function startCluster(): Promise<string> {
  const ports = [await freePort(), await freePort()];
  for (const port of ports) {
    const args = ["--port", `${port}`, "--bind", "127.0.0.1", "--cluster-enabled", "yes", "--save", ""];
    // The bus port may not be derived from the port: that could lie outside the range that is ours.
    args.push(
      "--cluster-port",
      `${await freePort()}`,
      "--cluster-config-file",
      `nodes-${port}.conf`,
      "--dir",
      temp.path,
    );
    const started = await startProcess({ command: "redis-server", args, cwd: temp.path, leashed: true });
    const node = new Redis({ port, host: "127.0.0.1", retryStrategy: () => 20 });
    node.on("error", () => {});
    nodes.push({ process: started, client: node });
  }
  const [one, two] = nodes.map((node) => node.client) as [Redis, Redis];
  await one.call("CLUSTER", "ADDSLOTSRANGE", 0, 8_191);
  await two.call("CLUSTER", "ADDSLOTSRANGE", 8_192, 16_383);
  const busPort = String(await two.call("CLUSTER", "NODES")).match(/@(\d+)/)?.[1] as string;
  await one.call("CLUSTER", "MEET", "127.0.0.1", `${ports[1]}`, busPort);
  for (const node of [one, two]) {
    await until(async () => String(await node.call("CLUSTER", "INFO")).includes("cluster_state:ok"), {
      timeoutMs: 12_000,
    });
  }
  return `redis+cluster://${ports.map((port) => `127.0.0.1:${port}`).join(",")}`;
}

beforeAll(async () => {
  [server, clusterUrl] = await Promise.all([
    startRedis({ role: "cache", dataDirectory: join(temp.path, "cache"), maxMemoryMb: 16 }),
    startCluster(),
  ]);
  client = new Redis(server.url);
});

afterAll(async () => {
  for (const store of stores) store.close();
  client.disconnect();
  for (const node of nodes) {
    node.client.disconnect();
    await node.process.stop("SIGTERM", 5_000);
  }
  await server.stop();
  temp.remove();
});

/** Patient unless told: a busy machine must not look like a cache that is away. */
async function open(
  url: string,
  timeoutMs = 5_000,
): Promise<{ cache: RenderCache; store: CacheStore; damaged: string[] }> {
  const store = openCacheStore({ url, timeoutMs });
  stores.push(store);
  await until(() => store.probe().then(() => true));
  const damaged: string[] = [];
  return { cache: makeRenderCache({ store, onDamaged: (key) => damaged.push(key) }), store, damaged };
}

const drawing: Drawing = {
  bytes: randomBytes(3_000),
  version: 7,
  errorCorrection: "Q",
  scan: { isReadable: true, score: 95, advice: "" },
};
const [mine, theirs] = [randomUUID(), randomUUID()];
const newKey = () => randomBytes(32).toString("hex");

describe.each([["one Redis"], ["a Redis Cluster"], ["the process itself"]])("in %s", (where) => {
  const urlOf = () => (where === "one Redis" ? server.url : where === "a Redis Cluster" ? clusterUrl : "memory:");

  test("what was put is found, byte for byte, until who rendered it removes it", async () => {
    const { cache } = await open(urlOf());
    for (const key of Array.from({ length: 8 }, newKey)) {
      expect(await cache.find(key, mine)).toEqual({ drawing: null, isReachable: true });
      expect(await cache.remove(key, mine)).toBe(false);
      await cache.record(key, mine, drawing);
      expect(await cache.remove(key, theirs)).toBe(false);
      expect(await cache.find(key, theirs)).toEqual({ drawing, isReachable: true });
      expect(await cache.remove(key, theirs)).toBe(true);
      expect((await cache.find(key, mine)).drawing).toBeNull();
    }
  });

  test("an entry that is damaged, cut short, empty or somebody else's is a miss and is replaced", async () => {
    const { cache, store, damaged } = await open(urlOf());
    const [key, other] = [newKey(), newKey()];
    await cache.record(other, mine, drawing);
    const sound = (await store.find(other, mine)) as Buffer;
    const flipped = Buffer.from(sound);
    flipped[sound.length - 1] = (flipped.at(-1) as number) ^ 1;
    for (const entry of [flipped, sound.subarray(0, 100), Buffer.alloc(0), Buffer.from("garbage"), sound]) {
      await store.put(key, mine, entry);
      expect(await cache.find(key, mine)).toEqual({ drawing: null, isReachable: true });
      await cache.record(key, mine, drawing);
      expect((await cache.find(key, mine)).drawing).toEqual(drawing);
    }
    // An empty entry is no entry for some stores; the others are reported.
    expect(damaged.length).toBeGreaterThanOrEqual(4);
  });
});

test("garbage of another type under the same name is a miss and gives way", async () => {
  const { cache } = await open(server.url);
  const key = newKey();
  await cache.record(key, mine, drawing);
  const [name] = await client.keys(`*${key}*`);
  await client.set(name as string, "garbage");
  expect((await cache.find(key, mine)).drawing).toBeNull();
  expect(await cache.remove(key, mine)).toBe(false);
  await cache.record(key, mine, drawing);
  expect((await cache.find(key, mine)).drawing).toEqual(drawing);
});

test("an image and who rendered it live for 24 hours, and being used does not prolong that", async () => {
  const { cache } = await open(server.url);
  const key = newKey();
  await cache.record(key, mine, drawing);
  const names = await client.keys(`*${key}*`);
  expect(names).toHaveLength(1);
  expect(await client.ttl(names[0] as string)).toBeGreaterThan(imageLifeSeconds - 5);
  await client.expire(names[0] as string, 100);
  await cache.find(key, theirs);
  expect(await client.ttl(names[0] as string)).toBeLessThanOrEqual(100);
});

test("a full Redis is a miss for what is new and still gives what it has", async () => {
  const { cache } = await open(server.url);
  const [known, fresh] = [newKey(), newKey()];
  await cache.record(known, mine, drawing);
  await client.config("SET", "maxmemory-policy", "noeviction");
  await client.config("SET", "maxmemory", "1");
  await cache.record(fresh, mine, drawing);
  expect(await cache.find(fresh, mine)).toEqual({ drawing: null, isReachable: true });
  expect((await cache.find(known, theirs)).drawing).toEqual(drawing);
  await client.config("SET", "maxmemory", "16mb");
});

test("a cluster whose nodes freeze is a miss within 50 ms, and heals", async () => {
  const { cache } = await open(clusterUrl, 40);
  const signalAll = (signal: NodeJS.Signals) => {
    for (const node of nodes) node.process.kill(signal);
  };
  const find = async () => expect(await cache.find(newKey(), mine)).toEqual({ drawing: null, isReachable: false });
  signalAll("SIGSTOP");
  expect(await firstSettled({ miss: find(), "50 ms": pause(50) })).toBe("miss");
  for (let n = 0; n < 5; n++) await find();
  signalAll("SIGCONT");
  const key = newKey();
  await until(async () => {
    await cache.record(key, mine, drawing);
    return (await cache.find(key, mine)).drawing;
  });
});

test("the store in the process keeps what was used last when it is full", async () => {
  const { store } = await open("memory:");
  const entry = Buffer.alloc(10 * 1024 * 1024);
  const keys = Array.from({ length: 8 }, newKey);
  for (const key of keys) {
    await store.put(key, mine, entry);
    await store.find(keys[0] as string, mine);
  }
  const found = await Promise.all(keys.map(async (key) => (await store.find(key, mine)) !== null));
  expect(found).toEqual([true, false, false, true, true, true, true, true]);
});

test("a URL of another kind is refused at once", () => {
  expect(() => openCacheStore({ url: "http://cache" })).toThrow(/RENDER_CACHE_URL/);
});
