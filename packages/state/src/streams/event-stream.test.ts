import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { type Redis as Server, startRedis } from "@qrfactory/processes/redis";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import {
  type EventBatch,
  isBatchWaiting,
  makeEventConsumer,
  readAck,
  type SentBatch,
  sendBatch,
  writeAck,
} from "@qrfactory/state/streams/event-stream";
import { Redis } from "ioredis";

const temp = makeTempDirectory("events-");
let server: Server;
let redis: Redis;
let blocking: Redis;

const spool_id = randomUUID();
const batch = (first_sequence: number, ...records: string[]): EventBatch => ({
  spool_id,
  from_sequence: first_sequence,
  first_sequence,
  records,
});
/** As its spool would hand it over. */
const lined = ({ records, ...head }: EventBatch): SentBatch => ({
  ...head,
  count: records.length,
  lines: Buffer.from(records.join("\n")),
});
const consumerNamed = (consumer: string) => makeEventConsumer({ kind: "scans", redis, blocking, consumer });

beforeAll(async () => {
  server = await startRedis({ role: "state", durable: false, dataDirectory: temp.path });
  redis = new Redis(server.url);
  blocking = new Redis(server.url);
  await until(() => redis.status === "ready");
});

beforeEach(() => redis.flushall());

afterAll(async () => {
  redis.disconnect();
  blocking.disconnect();
  await server.stop();
  temp.remove();
});

test("a batch goes to one consumer, waits until it is finished, and is gone then", async () => {
  const [first, second] = [consumerNamed("first"), consumerNamed("second")];
  const receipt = await sendBatch(redis, "scans", lined(batch(1, "a", "b")));
  const [entry] = await first.readNew(10);
  expect(entry).toMatchObject({ id: receipt, batch: batch(1, "a", "b") });
  expect(await second.readNew(10)).toEqual([]);
  expect(await isBatchWaiting(redis, "scans", receipt)).toBe(true);
  expect(await second.takeAbandoned(60_000)).toEqual([]);
  await first.finish([receipt]);
  expect(await isBatchWaiting(redis, "scans", receipt)).toBe(false);
  expect(await second.takeAbandoned(0)).toEqual([]);
});

test("a batch that a consumer left behind goes to another", async () => {
  const receipt = await sendBatch(redis, "scans", lined(batch(1, "a")));
  expect(await consumerNamed("gone").readNew(10)).toHaveLength(1);
  expect(await consumerNamed("next").takeAbandoned(0)).toMatchObject([{ id: receipt, batch: batch(1, "a") }]);
});

test("a Redis that was emptied has its group again with the next read", async () => {
  const consumer = consumerNamed("only");
  expect(await consumer.readNew(10)).toEqual([]);
  await redis.flushall();
  const receipt = await sendBatch(redis, "scans", lined(batch(5, "x")));
  expect(await consumer.readNew(10)).toMatchObject([{ id: receipt }]);
  await redis.flushall();
  expect(await consumer.takeAbandoned(0)).toEqual([]);
  await consumer.finish([receipt]);
});

test("a waiting consumer is woken by a batch", async () => {
  const consumer = consumerNamed("waiting");
  // Longer than a test may take: nothing but the batch ends the wait.
  const reading = consumer.readNew(600_000);
  await sendBatch(redis, "scans", lined(batch(1, "a")));
  expect(await reading).toHaveLength(1);
});

test.each([
  ["a record of each kind of text", ['{"a":"b"}', "", "Grüße 😀", "\r\t\u2028"]],
  ["a single empty record", [""]],
  ["no record", []],
])("a batch with %s arrives as it was sent", async (_what, records) => {
  const sent = batch(7, ...records);
  await sendBatch(redis, "scans", lined(sent));
  expect(await consumerNamed("reader").readNew(10)).toMatchObject([{ batch: sent }]);
});

test("a batch that lies in the stream as one JSON text is read, too", async () => {
  const sent = batch(7, "a", "b");
  await redis.xadd("qrf:events:scans", "*", "batch", JSON.stringify(sent));
  expect(await consumerNamed("reader").readNew(10)).toMatchObject([{ batch: sent }]);
});

test.each([
  ["no batch", ["rubbish", "1"]],
  ["no JSON", ["batch", "{"]],
  ["a foreign spool", ["batch", JSON.stringify({ ...batch(1, "a"), spool_id: "../etc" })]],
  ["a range that runs backwards", ["batch", JSON.stringify({ ...batch(1, "a"), from_sequence: 2 })]],
  ["fewer lines than it says", ["head", JSON.stringify({ ...batch(1), count: 3 }), "lines", "a\nb"]],
  ["no lines", ["head", JSON.stringify({ ...batch(1), records: undefined, count: 1 })]],
  ["a record that is not text", ["batch", JSON.stringify({ ...batch(1), records: [1] })]],
])("an entry with %s is delivered as unreadable", async (_what, fields) => {
  await redis.xadd("qrf:events:scans", "*", ...fields);
  expect(await consumerNamed("reader").readNew(10)).toMatchObject([{ batch: null }]);
});

test("a full stream takes no more, so that the rest waits on the disks of the spools", async () => {
  const fill = redis.pipeline();
  for (let count = 0; count < 2_000; count++) fill.xadd("qrf:events:scans", "*", "batch", "{}");
  await fill.exec();
  await expect(sendBatch(redis, "scans", lined(batch(1, "a")))).rejects.toThrow(/full/);
  await expect(sendBatch(redis, "calls", lined(batch(1, "a")))).resolves.toMatch(/-/);
});

test("an acknowledgement never goes back", async () => {
  expect(await readAck(redis, spool_id)).toBeNull();
  for (const sequence of [0, 12, 7]) await writeAck(redis, spool_id, sequence);
  expect(await readAck(redis, spool_id)).toBe(12);
});
