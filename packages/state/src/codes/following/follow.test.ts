import { expect, test } from "@jest/globals";
import { until } from "@qrfactory/processes/until";
import type { Follower } from "@qrfactory/state/codes/following/follow";
import { isFreshBeat, makeHeartbeat } from "@qrfactory/state/codes/following/heartbeat";
import {
  countPublishedCodes,
  markTablePublished,
  publishCode,
  publishCodes,
  readTableMark,
  writeHeartbeat,
} from "@qrfactory/state/codes/publishing/publish";
import { createTable } from "@qrfactory/state/codes/table/table";
import { startTcpProxy } from "@qrfactory/testing/proxy";
import fc from "fast-check";
import { code, codes, follow, id, publishAll, redis, replica, table } from "./follow.fixture.js";

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
    const beats = makeHeartbeat(
      () => ms,
      () => 1_000_000 + aheadMs,
    );
    beats.see("1000000");
    return beats;
  };
  expect([0, 4_000, -4_000, 5_001, -5_001, 3_600_000].map((aheadMs) => first(aheadMs).ageMs())).toEqual([
    ...[0, 4_000, 0, null, null, null],
  ]);
  const dead = first(4_000);
  dead.see("1000000");
  ms += 1_001;
  expect(isFreshBeat(dead.ageMs())).toBe(false);
});
