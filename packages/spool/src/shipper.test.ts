import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "@jest/globals";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { makeShipper, type Shipper } from "./shipper.js";
import type { Batch, ShipperOptions } from "./shipper-state.js";
import { openSpool, type Spool } from "./spool.js";

const temp = makeTempDirectory("shipper-");
afterAll(() => temp.remove());
let directories = 0;
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const resource of open.splice(0).reverse()) await resource.close();
});

function newSpool(): Spool {
  const spool = openSpool({ directory: join(temp.path, String(++directories)), segmentBytesMax: 300 });
  open.push(spool);
  return spool;
}

function ship(spool: Spool, options: Pick<ShipperOptions, "send"> & Partial<ShipperOptions>): Shipper {
  const shipper = makeShipper({
    spool,
    isWaiting: async () => true,
    readAck: async () => null,
    coalesceMs: 1,
    ackPollMs: 2,
    ...options,
  });
  open.push({ close: () => shipper.stop() });
  return shipper;
}

const recordsOf = ({ count, lines }: Batch) => (count === 0 ? [] : lines.toString().split("\n"));

/** A far end that keeps what it is given until it works it off, and can be emptied, as a Redis with its consumer. */
function makeFarEnd() {
  const queue = new Map<string, Batch>();
  const stored = new Map<number, string>();
  let receipts = 0;
  let acknowledged: number | null = null;
  return {
    queue,
    stored,
    send: async (batch: Batch) => {
      const receipt = String(++receipts);
      queue.set(receipt, batch);
      return receipt;
    },
    isWaiting: async (receipt: string) => queue.has(receipt),
    readAck: async () => acknowledged,
    work() {
      for (const [receipt, batch] of queue) {
        recordsOf(batch).forEach((record, index) => {
          stored.set(batch.first_sequence + index, record);
        });
        queue.delete(receipt);
      }
      let next = 1;
      while (stored.has(next)) next += 1;
      acknowledged = next - 1;
    },
  };
}

const append = (spool: Spool, count: number) =>
  Promise.all(Array.from({ length: count }, (_, index) => spool.append(`record ${index + 1}`)));

test("records are shipped in order within moments of being appended, and segments go when acknowledged", async () => {
  const spool = newSpool();
  const far = makeFarEnd();
  const shipper = ship(spool, { ...far, batchRecordsMax: 7 });
  await until(() => shipper.state().waiting === 0);
  for (let round = 0; round < 5; round++) await append(spool, 20);
  await until(() => shipper.state().waiting === 0);
  const batches = [...far.queue.values()];
  expect(batches.map((batch) => batch.first_sequence)).toEqual(
    batches.map((_, index) => batches.slice(0, index).reduce((sum, batch) => sum + batch.count, 1)),
  );
  expect(batches.every((batch) => batch.spool_id === spool.id && batch.count <= 7)).toBe(true);
  expect(shipper.state()).toMatchObject({ underWay: 100, acknowledgedSequence: 0, isWorking: true });
  far.work();
  await until(() => shipper.state().acknowledgedSequence === 100);
  expect(spool.stats().segments).toBe(1);
});

test("no more than the allowed number of records is under way; the rest follows as they are acknowledged", async () => {
  const spool = newSpool();
  const far = makeFarEnd();
  const shipper = ship(spool, { ...far, unackedMax: 10, batchRecordsMax: 4 });
  await append(spool, 35);
  await until(() => shipper.state().underWay === 10);
  expect(shipper.state().waiting).toBe(25);
  await until(() => {
    far.work();
    return far.stored.size === 35;
  });
});

test("a far end that fails is tried again and nothing is left out", async () => {
  const spool = newSpool();
  const far = makeFarEnd();
  const states: (string | null)[] = [];
  let calls = 0;
  ship(spool, {
    ...far,
    batchRecordsMax: 5,
    onState: (error) => states.push(error?.message ?? null),
    send: async (batch) => {
      if (++calls <= 3) throw new Error("away");
      return far.send(batch);
    },
  });
  await append(spool, 20);
  await until(() => {
    far.work();
    return far.stored.size === 20;
  });
  expect(states).toEqual(["away", null]);
});

test("what a queue lost is shipped again from the last acknowledged record", async () => {
  const spool = newSpool();
  const far = makeFarEnd();
  const shipper = ship(spool, { ...far, resendAfterMs: 20, batchRecordsMax: 5 });
  await append(spool, 10);
  await until(() => shipper.state().underWay === 10);
  far.work();
  await until(() => shipper.state().acknowledgedSequence === 10);
  await append(spool, 10);
  await until(() => shipper.state().underWay === 10);
  far.queue.clear();
  await until(() => shipper.state().rewinds > 0 && shipper.state().waiting === 0);
  far.work();
  expect(far.stored.size).toBe(20);
  await until(() => shipper.state().underWay === 0);
  expect(shipper.state().rewinds).toBe(1);
});

test("what still waits at the far end is not shipped again, however long it takes", async () => {
  const spool = newSpool();
  const far = makeFarEnd();
  let questions = 0;
  const shipper = ship(spool, {
    ...far,
    resendAfterMs: 1,
    isWaiting: (receipt) => {
      questions += 1;
      return far.isWaiting(receipt);
    },
  });
  await append(spool, 10);
  await until(() => questions > 5);
  expect(far.queue.size).toBe(1);
  expect(shipper.state().rewinds).toBe(0);
});

test("after a restart shipping begins behind the last acknowledged record", async () => {
  const directory = join(temp.path, String(++directories));
  const before = openSpool({ directory });
  await append(before, 50);
  await before.close();
  const spool = openSpool({ directory });
  open.push(spool);
  const batches: Batch[] = [];
  const send = async (batch: Batch) => String(batches.push(batch));
  ship(spool, { send, readAck: async () => 42 });
  await until(() => batches.length > 0);
  expect(batches[0]).toMatchObject({ from_sequence: 43, first_sequence: 43, count: 8 });
});

test("a stop with some grace hands over what is there first", async () => {
  const spool = newSpool();
  const far = makeFarEnd();
  const shipper = ship(spool, { ...far, batchRecordsMax: 1, coalesceMs: 60_000 });
  await until(() => shipper.state().isWorking);
  await append(spool, 200);
  await shipper.stop(5_000);
  expect(shipper.state()).toMatchObject({ waiting: 0, underWay: 200 });
});

test("a stop in mid-work loses nothing: the next start ships the rest", async () => {
  const spool = newSpool();
  const far = makeFarEnd();
  const first = ship(spool, { ...far, batchRecordsMax: 1 });
  await append(spool, 200);
  await until(() => far.queue.size > 5);
  await first.stop();
  expect(far.queue.size).toBeLessThan(200);
  ship(spool, { ...far, batchRecordsMax: 50 });
  await until(() => {
    far.work();
    return far.stored.size === 200;
  });
});
