import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import type { LiveCode } from "@qrfactory/codes/published/published";
import { type Redis as Server, startRedis } from "@qrfactory/processes/redis";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { firstSettled } from "@qrfactory/testing/order";
import { startTcpProxy, type TcpProxy } from "@qrfactory/testing/proxy";
import { Redis } from "ioredis";
import { markTablePublished, publishCode, publishCodes, writeHeartbeat } from "../publishing/publish.js";
import { createTable, type Table } from "../table/table.js";
import { type Heartbeat, makeHeartbeat } from "./heartbeat.js";
import { makeReplicaLookup, type ReplicaLookup, type ReplicaLookupOptions } from "./replica-lookup.js";

const temp = makeTempDirectory("look-");
let server: Server;
let proxy: TcpProxy;
let redis: Redis;
let asked: Redis;
let table: Table;
/** The clock of heartbeats, and for how long it has stood still when a look is made. */
let ms = 0;
let sinceBeat: number;

const code = (short_id: string): LiveCode => ({
  schema: 1,
  id: randomUUID(),
  workspace_id: randomUUID(),
  short_id,
  version: 1,
  destination_url: `https://example.com/${short_id}`,
  is_active: true,
  expires_at: null,
  fallback_url: null,
});

beforeAll(async () => {
  server = await startRedis({ role: "state", durable: false, dataDirectory: join(temp.path, "server") });
  proxy = await startTcpProxy({ port: server.port });
  redis = new Redis(server.url);
  asked = new Redis(`redis://127.0.0.1:${proxy.port}`, { commandTimeout: 250, enableOfflineQueue: false });
  asked.on("error", () => {});
  await until(() => asked.status === "ready");
});
beforeEach(async () => {
  await redis.flushall();
  table = createTable();
  await publishCodes(redis, ["KNOWN", "OTHER"].map(code));
  await markTablePublished(redis, { generation: "first", count: 2, at: 1 });
  sinceBeat = 0;
  await writeHeartbeat(redis, 2);
  await redis.config("RESETSTAT");
});
afterAll(async () => {
  redis.disconnect();
  asked.disconnect();
  await proxy.close();
  await server.stop();
  temp.remove();
});

const make = (options: Partial<ReplicaLookupOptions> = {}): ReplicaLookup =>
  makeReplicaLookup({ table, redis: asked, heartbeat: movingHeartbeat(), isCurrent: () => false, ...options });

/** As who follows the table has seen the heartbeat move just now. */
function movingHeartbeat(): Heartbeat {
  const heartbeat = makeHeartbeat(() => ms);
  for (const beat of [1, 2]) heartbeat.see(String(beat));
  ms += sinceBeat;
  return heartbeat;
}
const reads = async () => Number(/cmdstat_hget:calls=(\d+)/.exec(await redis.info("commandstats"))?.[1] ?? 0);

test("a code that the replica has is found and taken; one that it has not is absent", async () => {
  const { lookUp, counts } = make();
  expect([await lookUp("KNOWN"), await lookUp("NOTHING")]).toEqual(["found", "absent"]);
  expect(table.find("KNOWN")?.destinationUrl).toBe("https://example.com/KNOWN");
  expect(counts()).toEqual({ found: 1, absent: 1, away: 0 });
});

test("a table that is current is not asked about twice, nor is a deletion", async () => {
  expect(await make({ isCurrent: () => true }).lookUp("KNOWN")).toBe("absent");
  table.apply({ schema: 1, id: randomUUID(), short_id: "KNOWN", version: 2, deleted: true });
  expect(await make().lookUp("KNOWN")).toBe("absent");
  expect(await reads()).toBe(0);
  await publishCode(redis, { schema: 1, id: randomUUID(), short_id: "OTHER", version: 2, deleted: true });
  expect([await make().lookUp("OTHER"), table.isDeleted("OTHER")]).toEqual(["absent", true]);
});

test.each<[what: string, fault: () => Promise<unknown>]>([
  ["is behind", async () => (sinceBeat = 5_001)],
  ["has no heartbeat", () => redis.del("qrf:codes:heartbeat")],
  ["was emptied", () => redis.flushall()],
  ["lost rows", () => redis.hdel("qrf:codes", "OTHER")],
  ["has no mark", () => redis.del("qrf:codes:mark")],
  ["holds a damaged row", () => redis.hset("qrf:codes", "NOTHING", "{")],
  ["holds something else", () => redis.set("qrf:codes", "no hash")],
])("nobody can say what does not exist while the replica %s", async (_what, fault) => {
  await fault();
  expect(await make().lookUp("NOTHING")).toBe("away");
  expect(table.counts()).toEqual({ live: 0, deleted: 0 });
});

test("a replica that does not answer is given up before its command is, one look each id, and no more than 32 at once", async () => {
  proxy.freeze();
  const { lookUp, counts } = make();
  const looks = Promise.all(Array.from({ length: 5_000 }, (_, n) => lookUp(`CODE-${n % 100}`)));
  expect(await firstSettled({ looks, command: asked.ping() })).toBe("looks");
  expect(new Set(await looks)).toEqual(new Set(["away"]));
  expect(counts().away).toBe(32);
  proxy.thaw();
  await until(async () => (await lookUp("KNOWN")) === "found");
});

test("a look that comes before the first connection waits for it, and no longer than any other", async () => {
  const starting = new Redis(server.url, { enableOfflineQueue: false, commandTimeout: 250 });
  expect(await make({ redis: starting }).lookUp("KNOWN")).toBe("found");
  starting.disconnect();
  const never = new Redis({ port: 1, enableOfflineQueue: false, retryStrategy: () => 20 }).on("error", () => {});
  const look = make({ redis: never }).lookUp("NOTHING");
  expect(await firstSettled({ look, "the deadline of a command": pause(250) })).toBe("look");
  expect(await look).toBe("away");
  never.disconnect();
});

test("many who scan one code at once make one look, and a second has three hundred at most", async () => {
  const { lookUp, counts } = make();
  const results = await Promise.all(Array.from({ length: 100 }, () => lookUp("KNOWN")));
  expect([new Set(results), counts().found, await reads()]).toEqual([new Set(["found"]), 1, 1]);
  const frozen = Date.now();
  const flooded = make({ now: () => frozen });
  for (let n = 0; n < 400; n++) await flooded.lookUp(`NOTHING-${n}`);
  expect(flooded.counts()).toMatchObject({ absent: 300, away: 0 });
});
