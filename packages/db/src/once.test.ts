import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { connectDatabase, type Db, type Tx } from "@qrfactory/db/client";
import { type IdempotencyClaim, makeOnce, type Once } from "@qrfactory/db/once";
import { until } from "@qrfactory/processes/until";
import { createTestDatabase, type TestDatabase } from "@qrfactory/testing/database";
import { firstSettled } from "@qrfactory/testing/order";

let database: TestDatabase;
let db: Db;
let once: Once;
/** The same in another process. */
let elsewhere: Once;
beforeAll(async () => {
  database = await createTestDatabase();
  db = connectDatabase(database.url);
  [once, elsewhere] = [makeOnce(db), makeOnce(db)];
});
afterAll(async () => {
  await db.$disconnect();
  await database.drop();
});

let keys = 0;
const newClaim = (body = "a"): IdempotencyClaim => ({
  workspaceId: "8b1d9a52-35c4-4f0e-9c77-6a2f3e4d5c6b",
  method: "POST",
  path: "/things",
  key: `key-${keys++}`,
  requestHash: Buffer.from(body.padEnd(32)),
});

/** An effect that leaves a workspace named after the claim. */
const effectOf = (claim: IdempotencyClaim) => async (tx: Tx) => {
  const { id } = await tx.workspace.create({ data: { id: crypto.randomUUID(), name: claim.key } });
  return { status: 201, sealed: Buffer.from(id) };
};
const effects = (claim: IdempotencyClaim) => db.workspace.count({ where: { name: claim.key } });

test("many at once have one effect and one answer", async () => {
  const claim = newClaim();
  const processes = Array.from({ length: 5 }, () => makeOnce(db));
  const outcomes = await Promise.all(
    Array.from({ length: 80 }, (_, i) => (processes[i % 5] as Once)(claim, effectOf(claim))),
  );
  expect(await effects(claim)).toBe(1);
  expect(new Set(outcomes.map((outcome) => outcome.answer.sealed.toString())).size).toBe(1);
  expect(outcomes.filter((outcome) => outcome.replayed)).toHaveLength(79);
});

test("an effect that fails leaves nothing, and the next try runs", async () => {
  const claim = newClaim();
  const failing = async (tx: Tx) => {
    await effectOf(claim)(tx);
    throw new Error("broken");
  };
  await expect(once(claim, failing)).rejects.toThrow("broken");
  expect(await effects(claim)).toBe(0);
  expect((await once(claim, effectOf(claim))).replayed).toBe(false);
});

test("a connection that dies before the commit leaves nothing", async () => {
  const claim = newClaim();
  const dying = async (tx: Tx) => {
    const answer = await effectOf(claim)(tx);
    const [row] = await tx.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
    await db.$queryRaw`SELECT pg_terminate_backend(${row?.pid}::int)`;
    return answer;
  };
  await expect(once(claim, dying)).rejects.toThrow();
  expect(await effects(claim)).toBe(0);
  expect((await once(claim, effectOf(claim))).replayed).toBe(false);
  expect(await effects(claim)).toBe(1);
});

test("another body under the same key is refused", async () => {
  const claim = newClaim();
  await once(claim, effectOf(claim));
  const changed = { ...claim, requestHash: Buffer.from("b".padEnd(32)) };
  await expect(once(changed, effectOf(claim))).rejects.toMatchObject({ code: "idempotency_key_reused" });
});

test("a duplicate of one that never ends is told so after 5 seconds, and the first still finishes", async () => {
  const claim = newClaim();
  let release = () => {};
  let started = false;
  const first = once(claim, async (tx) => {
    started = true;
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    return effectOf(claim)(tx);
  });
  await until(() => started);
  const patience = pause(4_500);
  const refusals = [once, elsewhere].map((duplicate) => duplicate(claim, effectOf(claim)).catch((error) => error.code));
  expect(await firstSettled({ patience, refusal: Promise.race(refusals) })).toBe("patience");
  expect(await Promise.all(refusals)).toEqual(["idempotency_in_progress", "idempotency_in_progress"]);
  release();
  expect((await first).replayed).toBe(false);
  expect(await effects(claim)).toBe(1);
});

test("a day after the first claim the key is new again, by the database's clock", async () => {
  const claim = newClaim();
  await once(claim, effectOf(claim));
  expect((await once(claim, effectOf(claim))).replayed).toBe(true);
  await db.$executeRaw`UPDATE idempotency_keys SET expires_at = now() - interval '1 ms' WHERE key = ${claim.key}`;
  expect((await once(claim, effectOf(claim))).replayed).toBe(false);
  expect(await effects(claim)).toBe(2);
});
