import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "@jest/globals";
import type { LiveCode } from "@qrfactory/codes/published/published";
import { type Redis as Server, startRedis } from "@qrfactory/processes/redis";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { startTcpProxy } from "@qrfactory/testing/proxy";
import fc from "fast-check";
import { Redis } from "ioredis";
import {
  countPublishedCodes,
  markTablePublished,
  publishCode,
  publishCodes,
  readTableMark,
  writeHeartbeat,
} from "../publishing/publish.js";
import { createTable, type Table } from "../table/table.js";
import { type Follower, followTable } from "./follow.js";
import type { FollowOptions, SetState } from "./follow-state.js";
import { isFreshBeat, makeHeartbeat } from "./heartbeat.js";

const temp = makeTempDirectory("replica-");
let primary: Server;
let replica: Server;
let redis: Redis;
let table: Table;
let followers: { follower: Follower; connection: Redis }[] = [];

const id = randomUUID();
const workspace_id = randomUUID();

function code(short_id: string, version: number): LiveCode {
  const destination_url = `https://example.com/${short_id}/${version}`;
  return {
    schema: 1,
    id,
    workspace_id,
    short_id,
    version,
    destination_url,
    is_active: true,
    expires_at: null,
    fallback_url: null,
  };
}

const codes = (count: number, version = 1) =>
  Array.from({ length: count }, (_, index) => code(`CODE-${index}`, version));

function connect(url: string, commandTimeout: number): Redis {
  const options = { commandTimeout, enableOfflineQueue: false, maxRetriesPerRequest: 0, retryStrategy: () => 20 };
  return new Redis(url, options).on("error", () => {});
}

/** Follows the replica, or another address, until the test is over. */
function follow(into: Table, options: Partial<FollowOptions> & { url?: string } = {}): Follower {
  const { url = replica.url, ...rest } = options;
  const connection = connect(url, 250);
  const blocking = connect(url, 1_000);
  const follower = followTable({ table: into, redis: connection, blocking, blockMs: 50, reloadMs: 100, ...rest });
  followers.push({ follower, connection });
  return follower;
}

/** Publishes as management does after an emptied Redis: everything, then the mark. */
async function publishAll(rows: LiveCode[]): Promise<void> {
  await publishCodes(redis, rows);
  await markTablePublished(redis, { generation: randomUUID(), count: rows.length, at: Date.now() });
}

beforeAll(async () => {
  primary = await startRedis({ role: "state", durable: false, dataDirectory: join(temp.path, "primary") });
  replica = await startRedis({ role: "replica", dataDirectory: join(temp.path, "replica"), replicaOf: primary.url });
  redis = connect(primary.url, 1_000);
});

beforeEach(async () => {
  await until(() => redis.status === "ready");
  await redis.flushall();
  // The replica has seen it once it holds what was written after it.
  await redis.set("settled", randomUUID());
  const onReplica = connect(replica.url, 250);
  await until(async () => (await onReplica.get("settled")) === (await redis.get("settled")), { timeoutMs: 10_000 });
  onReplica.disconnect();
  table = createTable();
});

afterEach(async () => {
  for (const { follower, connection } of followers) {
    await follower.stop();
    connection.disconnect();
  }
  followers = [];
});

afterAll(async () => {
  redis.disconnect();
  await replica.stop();
  await primary.stop();
  temp.remove();
});

test("an edit is in the table moments after it was published, deletions too", async () => {
  await publishAll(codes(700));
  const follower = follow(table);
  await until(() => table.isFull());
  expect(table.counts()).toEqual({ live: 700, deleted: 0 });
  expect(await publishCode(redis, code("CODE-7", 2))).toBe(true);
  await until(() => table.find("CODE-7")?.version === 2);
  await publishCode(redis, code("NEW", 1));
  await publishCode(redis, { schema: 1, id, short_id: "CODE-8", version: 2, deleted: true });
  await until(() => table.find("NEW") && !table.find("CODE-8"));
  expect(follower.state()).toMatchObject({ isConnected: true, isComplete: true, loads: 1, refused: 0 });
});

test("a late publish never overwrites a newer one, in whatever order versions arrive", async () => {
  const deliveries = fc.array(
    fc.record({ short_id: fc.constantFrom("PPP", "QQQ"), version: fc.integer({ min: 1, max: 5 }) }),
    { minLength: 1, maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(deliveries, async (rows) => {
      await redis.flushall();
      const newest = new Map<string, number>();
      const applied = await publishCodes(
        redis,
        rows.map(({ short_id, version }) => code(short_id, version)),
      );
      rows.forEach(({ short_id, version }, index) => {
        expect(applied[index]).toBe(version > (newest.get(short_id) ?? 0));
        newest.set(short_id, Math.max(version, newest.get(short_id) ?? 0));
      });
      for (const [short_id, version] of newest) {
        const stored = JSON.parse((await redis.hget("qrf:codes", short_id)) ?? "null");
        expect(stored).toEqual(code(short_id, version));
      }
      // Only what was newer is told to the followers.
      expect(await redis.xlen("qrf:codes:changes")).toBe(applied.filter(Boolean).length);
    }),
    { numRuns: 30 },
  );
});

test("scans that were counted are published within a version, never fewer than before", async () => {
  await redis.flushall();
  const counted = (version: number, used: number) => ({ ...code("ABC", version), limit: { max: 9, used } });
  const applied = await publishCodes(redis, [
    counted(1, 0),
    counted(1, 2),
    counted(1, 1),
    counted(1, 2),
    counted(2, 2),
  ]);
  expect(applied).toEqual([true, true, false, false, true]);
});

test("a damaged row in Redis is replaced by the next publication, whatever version it claims", async () => {
  await redis.hset("qrf:codes", "ABC", '{"version":99}', "DEF", "not json");
  expect(await publishCodes(redis, [code("ABC", 1), code("DEF", 1)])).toEqual([true, true]);
  expect(await countPublishedCodes(redis)).toBe(2);
});

test("a table is not full before the set carries its mark", async () => {
  await publishCodes(redis, codes(3));
  const follower = follow(table);
  await until(() => follower.state().loads > 0);
  // Rows that are there can be served all the same.
  expect(table.isFull()).toBe(false);
  expect(table.find("CODE-2")).toBeDefined();
  expect(await readTableMark(redis)).toBeNull();
  await markTablePublished(redis, { generation: "first", count: 3, at: 1 });
  await until(() => table.isFull());
});

test("a set with fewer rows than its mark counted is not taken for the whole", async () => {
  await publishCodes(redis, codes(50));
  await markTablePublished(redis, { generation: "first", count: 100, at: 1 });
  const follower = follow(table);
  await until(() => follower.state().loads > 1);
  expect(table.isFull()).toBe(false);
  await publishCodes(redis, codes(100));
  await until(() => table.isFull());
});

test("a table is current only while it follows a whole set with a fresh heartbeat", async () => {
  await publishAll(codes(600));
  let ms = 0;
  const heartbeat = makeHeartbeat(() => ms);
  /** By a clock that is years behind ours. */
  let beat = 0;
  const isCurrentAfterBeat = async (follower: Follower) => {
    beat += 1;
    await writeHeartbeat(redis, beat);
    return follower.isCurrent();
  };
  const first = follow(table);
  await until(() => isCurrentAfterBeat(first));
  const resume = first.resume();
  await publishCodes(redis, codes(600, 2));

  // From a snapshot: full at once, current when the changes since have been taken.
  const restored = createTable();
  for (const rows of table.rows()) restored.restore(rows);
  restored.markFull();
  const proxy = await startTcpProxy({ port: replica.port });
  proxy.freeze();
  const second = follow(restored, { resume, heartbeat, url: `redis://127.0.0.1:${proxy.port}` });
  expect([restored.isFull(), second.isCurrent()]).toEqual([true, false]);
  proxy.thaw();
  await until(() => isCurrentAfterBeat(second));
  expect(restored.find("CODE-599")?.version).toBe(2);

  proxy.freeze();
  await until(() => !second.isCurrent());
  proxy.thaw();
  await until(() => second.isCurrent());
  ms += 5_001;
  expect(second.isCurrent()).toBe(false);
  await until(() => isCurrentAfterBeat(second));
  await redis.flushall();
  await until(() => !second.isCurrent());
  expect(restored.isFull()).toBe(true);
  await proxy.close();
});

test("an empty set is complete when its mark says so", async () => {
  await markTablePublished(redis, { generation: "first", count: 0, at: 1 });
  follow(table);
  await until(() => table.isFull());
  await publishCode(redis, code("FIRST", 1));
  await until(() => table.find("FIRST"));
});

test("poison rows are refused and counted, all others are applied", async () => {
  await publishAll(codes(20));
  await redis.hset("qrf:codes", "BAD-1", "null", "BAD-2", JSON.stringify({ ...code("BAD-2", 1), schema: 9 }));
  const refused: string[] = [];
  const follower = follow(table, { onRefused: (shortId) => refused.push(shortId) });
  await until(() => table.isFull());
  expect(table.counts().live).toBe(20);
  expect(refused.sort()).toEqual(["BAD-1", "BAD-2"]);
  await redis.xadd("qrf:codes:changes", "*", "rubbish", "1");
  await publishCode(redis, code("AFTER", 1));
  await until(() => table.find("AFTER"));
  expect(follower.state().refused).toBeGreaterThan(2);
});

test("a primary that comes back empty takes nothing away; once it is filled again the table follows it", async () => {
  await publishAll(codes(300));
  const follower = follow(table);
  await until(() => table.isFull());
  await redis.flushall();
  await until(() => !follower.state().isComplete);
  expect(table.counts().live).toBe(300);
  expect(table.isFull()).toBe(true);
  // Filled from Postgres, with one edit that was made in between.
  await publishAll([...codes(299), code("CODE-299", 2)]);
  await until(() => follower.state().isComplete && table.find("CODE-299")?.version === 2);
  await publishCode(redis, code("CODE-0", 3));
  await until(() => table.find("CODE-0")?.version === 3);
});

test("changes that were trimmed away before they were read are found by loading anew", async () => {
  await publishAll(codes(5));
  const proxy = await startTcpProxy({ port: replica.port });
  const follower = follow(table, { url: `redis://127.0.0.1:${proxy.port}` });
  await until(() => table.isFull());
  proxy.freeze();
  // The read that is under way may still bring the first edits; those after them are lost to it.
  await publishCodes(redis, codes(5, 2));
  await publishCodes(redis, codes(5, 3));
  await redis.xtrim("qrf:codes:changes", "MAXLEN", 1);
  proxy.thaw();
  await until(() => [0, 1, 2, 3, 4].every((index) => table.find(`CODE-${index}`)?.version === 3));
  await until(() => follower.state().loads > 1);
  await proxy.close();
});

test("a replica that is killed, or frozen, costs nothing but freshness, and is followed again when it is back", async () => {
  await publishAll(codes(10));
  const states: (string | null)[] = [];
  const follower = follow(table, { onState: (error) => states.push(error ? "away" : null) });
  await until(() => table.isFull());
  replica.freeze();
  await publishCode(redis, code("CODE-1", 2));
  await until(() => states.length === 1);
  expect(follower.state().isConnected).toBe(false);
  expect(table.counts().live).toBe(10);
  replica.thaw();
  await until(() => table.find("CODE-1")?.version === 2 && states.length === 2);

  await replica.kill();
  await publishCode(redis, code("CODE-1", 3));
  await until(() => !follower.state().isConnected);
  expect(table.find("CODE-1")?.version).toBe(2);
  await replica.restart();
  await until(() => table.find("CODE-1")?.version === 3, { timeoutMs: 10_000 });
  await until(() => follower.state().isConnected);
  expect(states.slice(0, 2)).toEqual(["away", null]);
});

test("a set that lost rows is told once each time, takes nothing away, and what is good in it is taken", async () => {
  await publishAll(codes(300));
  const states: SetState[] = [];
  const follower = follow(table, { reconcileMs: 50, onSetState: (state) => states.push(state) });
  await until(() => follower.state().loads > 2);
  const fields = (rows: LiveCode[]) => rows.flatMap((row) => [row.short_id, JSON.stringify(row)]);

  await redis.del("qrf:codes");
  await until(() => follower.state().set === "empty");
  expect(follower.state().isComplete).toBe(false);
  await redis.hset("qrf:codes", ...fields(codes(290, 2)));
  await until(() => follower.state().set === "shrunken" && table.find("CODE-289")?.version === 2);
  await redis.hset("qrf:codes", ...fields(codes(300, 2)), ...codes(11).flatMap((row) => [`BAD-${row.short_id}`, "{"]));
  await until(() => follower.state().set === "damaged");
  await redis.hdel("qrf:codes", ...codes(11).map((row) => `BAD-${row.short_id}`));
  await until(() => follower.state().isComplete);
  await redis.del("qrf:codes");
  await redis.set("qrf:codes", "no hash");
  await until(() => follower.state().set === "unreadable");
  expect(follower.state()).toMatchObject({ isConnected: true, isComplete: false });

  expect(table.isFull()).toBe(true);
  expect(table.counts()).toEqual({ live: 300, deleted: 0 });
  // A pass that was under way during a change may have found something in between, but nothing is told twice running.
  expect(new Set(states)).toEqual(new Set(["complete", "empty", "shrunken", "damaged", "unreadable"]));
  expect(states.filter((state, index) => state === states[index - 1])).toEqual([]);
});

test("what the stream never told is repaired in the background", async () => {
  await publishAll(codes(300));
  const follower = follow(table, { reconcileMs: 100 });
  await until(() => table.isFull());
  await redis.hset("qrf:codes", "CODE-7", JSON.stringify(code("CODE-7", 5)));
  await until(() => table.find("CODE-7")?.version === 5);
  const { loads } = follower.state();
  await until(() => follower.state().loads > loads + 2);
  expect(follower.state()).toMatchObject({ isComplete: true, set: "complete" });
});

test("a table that was saved goes on where it was, without loading a set that is still the same", async () => {
  await publishAll(codes(20));
  const first = follow(table);
  await until(() => first.resume());
  const resume = first.resume();
  const saved = table.rows();
  await publishCode(redis, code("CODE-3", 2));

  const restored = createTable();
  for (const rows of saved) restored.restore(rows);
  const second = follow(restored, { resume });
  await until(() => restored.find("CODE-3")?.version === 2);
  await until(() => second.state().isComplete);
  expect(second.state().loads).toBe(0);

  // Another publication of everything: nothing is known of what lies between.
  await publishAll(codes(21));
  const third = follow(restored, { resume });
  await until(() => third.state().isComplete && third.state().loads === 1);
  expect(restored.counts().live).toBe(21);
});

test("the heartbeat tells how long the replica has stood still, whatever the clock that wrote it says", async () => {
  let ms = 0;
  await publishAll(codes(1));
  const hourBehind = Date.now() - 3_600_000;
  await writeHeartbeat(redis, hourBehind);
  const follower = follow(table, { heartbeat: makeHeartbeat(() => ms) });
  await until(() => follower.state().isComplete);
  // It may be the last one of a management that died a day ago.
  expect([follower.state().stalenessMs, follower.isCurrent()]).toEqual([null, false]);
  await writeHeartbeat(redis, hourBehind + 1_000);
  await until(() => follower.state().stalenessMs === 0);
  await until(() => follower.isCurrent());
  ms += 5_001;
  expect([follower.state().stalenessMs, follower.isCurrent()]).toEqual([5_001, false]);
});

test("the first heartbeat that is seen counts where clocks agree, and only until it should have moved", () => {
  let ms = 0;
  const first = (aheadMs: number) => {
    const heartbeat = makeHeartbeat(
      () => ms,
      () => 1_000_000 + aheadMs,
    );
    heartbeat.see("1000000");
    return heartbeat;
  };
  expect([0, 4_000, -4_000, 5_001, -5_001, 3_600_000].map((aheadMs) => first(aheadMs).ageMs())).toEqual([
    ...[0, 4_000, 0, null, null, null],
  ]);
  const dead = first(4_000);
  dead.see("1000000");
  ms += 1_001;
  expect(isFreshBeat(dead.ageMs())).toBe(false);
});
