import { expect, test } from "@jest/globals";
import type { LiveCode } from "@qrfactory/codes/published/published";
import { until } from "@qrfactory/processes/until";
import { publishCode, publishCodes } from "@qrfactory/state/codes/publishing/publish";
import { startTcpProxy } from "@qrfactory/testing/proxy";
import { code, codes, follow, publishAll, redis, replica, table } from "./follow.fixture.js";
import type { SetState } from "./follow-state.js";

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
  // The read that is under way may still bring the first edits; what comes after them is lost to it.
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
