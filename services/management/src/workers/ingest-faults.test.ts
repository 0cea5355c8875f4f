// Ingest of deliveries that repeat, overtake each other or are cut off: every scan still counts once.
import { randomUUID } from "node:crypto";
import { cpSync, rmSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { until } from "@qrfactory/processes/until";
import { makeEventConsumer, readAck, sendBatch } from "@qrfactory/state/streams/event-stream";
import fc from "fast-check";
import { batch, type IngestRig, startIngestRig } from "./ingest.fixture.js";

let rig: IngestRig;

beforeAll(async () => {
  rig = await startIngestRig();
});

beforeEach(() => rig.reset());

afterEach(() => rig.stopWorkers());

afterAll(() => rig.close());

test("batches that come twice, overlapping, in any order and to two workers make one row and one count a scan", async () => {
  rig.startWorker();
  rig.startWorker({ abandonedAfterMs: 1, claimIntervalMs: 10 });
  const parts = fc.array(fc.record({ first: fc.integer({ min: 1, max: 12 }), count: fc.integer({ min: 1, max: 6 }) }), {
    maxLength: 8,
  });
  const kinds = fc.array(
    fc.record({ bot_class: fc.constantFrom("prefetch" as const, null), hoursAgo: fc.integer({ min: 0, max: 3 }) }),
    {
      minLength: 17,
      maxLength: 17,
    },
  );
  let total = 0;
  let people = 0;
  await fc.assert(
    fc.asyncProperty(parts, kinds, async (deliveries, sorts) => {
      const spool_id = randomUUID();
      const events = sorts.map(({ bot_class, hoursAgo }) =>
        rig.scan({ bot_class, at: Date.now() - hoursAgo * 3_600_000 }),
      );
      const all = [...deliveries, { first: 1, count: 17 }];
      for (const { first, count } of all) {
        await sendBatch(rig.redis, "scans", batch(first, events.slice(first - 1, first - 1 + count), { spool_id }));
      }
      await rig.acked(spool_id, 17);
      total += 17;
      people += sorts.filter(({ bot_class }) => bot_class === null).length;
      expect(await rig.counted()).toMatchObject({ scans: people });
      expect(await rig.rows()).toHaveLength(total);
      const { ofHours, ofRows } = await rig.rollups();
      expect(ofHours).toEqual(ofRows);
    }),
    { numRuns: 15 },
  );
});

test("only what is committed from the first record on without a gap is acknowledged", async () => {
  rig.startWorker();
  const spool_id = randomUUID();
  await sendBatch(rig.redis, "scans", batch(6, [rig.scan(), rig.scan()], { spool_id }));
  await rig.acked(spool_id, 0);
  await sendBatch(rig.redis, "scans", batch(1, [rig.scan(), rig.scan(), rig.scan()], { spool_id }));
  await rig.acked(spool_id, 3);
  // Numbers 4 and 5 were lost on the spool's disk: it says that there is nothing between.
  await sendBatch(rig.redis, "scans", batch(8, [rig.scan()], { spool_id, from_sequence: 4 }));
  await rig.acked(spool_id, 8);
  expect(await rig.counted()).toMatchObject({ scans: 6 });
});

test("while the database is frozen or gone entries wait, and are taken in when it is back", async () => {
  rig.startWorker();
  const spool_id = randomUUID();
  await sendBatch(rig.redis, "scans", batch(1, [rig.scan()], { spool_id }));
  await rig.acked(spool_id, 1);
  rig.proxy.freeze();
  rig.warnings.length = 0;
  for (let sequence = 2; sequence <= 20; sequence++) {
    await sendBatch(rig.redis, "scans", batch(sequence, [rig.scan()], { spool_id }));
  }
  await until(() => rig.warnings.includes("ingest waits"), { timeoutMs: 10_000 });
  expect(await readAck(rig.redis, spool_id)).toBe(1);
  rig.proxy.thaw();
  await rig.acked(spool_id, 20);
  rig.proxy.reset();
  await sendBatch(rig.redis, "scans", batch(21, [rig.scan()], { spool_id }));
  await rig.acked(spool_id, 21);
  expect(await rig.counted()).toMatchObject({ scans: 21 });
});

test("an entry that a worker took and never finished is taken in by another", async () => {
  const sent = batch(1, [rig.scan()]);
  await sendBatch(rig.redis, "scans", sent);
  const dead = makeEventConsumer({ kind: "scans", redis: rig.redis, blocking: rig.redis, consumer: "dead" });
  await until(async () => (await dead.readNew(50)).length > 0);
  rig.startWorker();
  await rig.acked(sent.spool_id, 1);
  expect(await rig.counted()).toMatchObject({ scans: 1 });
});

test("two workers at once count every scan once", async () => {
  rig.startWorker();
  rig.startWorker({ abandonedAfterMs: 1, claimIntervalMs: 10 });
  const spool_id = randomUUID();
  const events = Array.from({ length: 300 }, () => rig.scan());
  for (let first = 0; first < 300; first += 10) {
    const sent = batch(first + 1, events.slice(first, first + 10), { spool_id });
    await sendBatch(rig.redis, "scans", sent);
    await sendBatch(rig.redis, "scans", sent);
  }
  await rig.acked(spool_id, 300);
  await rig.stopWorkers();
  expect(await rig.counted()).toMatchObject({ scans: 300 });
  expect(await rig.rows()).toHaveLength(300);
});

test("a database that was set back behind what it had acknowledged gets again what the spool still has", async () => {
  rig.startWorker();
  const { spool, shipper, append, close } = rig.openShipping("set-back");
  await append(30);
  await until(() => shipper.state().acknowledgedSequence === 30);
  // Ten were acknowledged and are gone.
  await rig.db.$executeRaw`
    WITH lost AS (DELETE FROM scans WHERE id IN (SELECT id FROM scans WHERE code_id = ${rig.code.id}::uuid LIMIT 10) RETURNING 1),
      hours AS (UPDATE scan_hourly SET scans = scans - 10 WHERE code_id = ${rig.code.id}::uuid),
      counted AS (UPDATE dynamic_codes SET scan_count = scan_count - 10 WHERE id = ${rig.code.id}::uuid)
    UPDATE spools SET covered = '{[1,21)}' WHERE spool_id = ${spool.id}::uuid`;
  await append(5);
  await until(() => shipper.state().acknowledgedSequence === 35, { timeoutMs: 10_000 });
  expect(await rig.counted()).toMatchObject({ scans: 35 });
  expect(await rig.rows()).toHaveLength(35);
  await close();
});

test("the directory of a spool that was set back to an older copy is shipped anew, and each scan counts once", async () => {
  rig.startWorker();
  /** A process with this directory, which ends when all its scans are acknowledged. */
  const session = async (scans: number) => {
    const { directory, spool, shipper, append, close } = rig.openShipping("older-copy");
    await append(scans);
    const isAcknowledged = () => shipper.state().acknowledgedSequence === spool.nextSequence - 1;
    await until(isAcknowledged, { timeoutMs: 10_000 });
    await close();
    return directory;
  };
  const directory = await session(20);
  const copy = `${directory}-copy`;
  cpSync(directory, copy, { recursive: true });
  await session(30);
  rmSync(directory, { recursive: true });
  cpSync(copy, directory, { recursive: true });
  await session(15);
  expect(await rig.counted()).toMatchObject({ scans: 65 });
  expect(await rig.rows()).toHaveLength(65);
});

test("a Redis emptied between shipping and taking in costs nothing: the spool ships again, each scan counts once", async () => {
  const { shipper, append, close } = rig.openShipping("spool");
  const shipped = (count: number) => until(() => shipper.state().waiting === 0 && shipper.state().underWay === count);

  await append(50);
  await shipped(50);
  await rig.redis.flushall();
  rig.startWorker();
  await until(() => shipper.state().acknowledgedSequence === 50);
  // Emptied while the worker is at it, again and again.
  for (let round = 0; round < 3; round++) {
    await append(50);
    await rig.redis.flushall();
  }
  await until(() => shipper.state().acknowledgedSequence === 200, { timeoutMs: 10_000 });
  expect(await rig.counted()).toMatchObject({ scans: 200 });
  expect(await rig.rows()).toHaveLength(200);
  await close();
});
