import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { connectDatabase, type Db } from "@qrfactory/db/client";
import { findUnpublishedCodes, markCodesPublished } from "@qrfactory/db/dynamic-codes";
import { type EventStore, openEventStore } from "@qrfactory/db/ingest";
import type { CallEvent, ScanEvent } from "@qrfactory/domain/events";
import {
  eventStream,
  isBatchWaiting,
  makeEventConsumer,
  readAck,
  type SentBatch,
  sendBatch,
} from "@qrfactory/replica/event-stream";
import { createLog } from "@qrfactory/runtime/log";
import { connectRedis } from "@qrfactory/runtime/redis";
import { makeShipper } from "@qrfactory/spool/shipper";
import { openSpool } from "@qrfactory/spool/spool";
import { createTestDatabase, type TestDatabase } from "@qrfactory/testing/database";
import { startTcpProxy, type TcpProxy } from "@qrfactory/testing/proxy";
import { type Redis as Server, startRedis } from "@qrfactory/testing/redis";
import { makeTempDirectory } from "@qrfactory/testing/temp";
import { until } from "@qrfactory/testing/until";
import type { Place } from "@qrfactory/visitor/geolocation";
import fc from "fast-check";
import type { Redis } from "ioredis";
import { type Ingest, startIngest } from "./ingest.js";
import { makePublisher } from "./publish.js";

const temp = makeTempDirectory("ingest-");
const log = createLog({ service: "test", level: "silent" });
/** What the workers warned of. */
const warnings: string[] = [];
log.warn = (_details: unknown, message?: string) => void warnings.push(message ?? "");
let database: TestDatabase;
/** Between the worker and its database, so that the database can be taken away. */
let proxy: TcpProxy;
let server: Server;
let db: Db;
let store: EventStore;
let redis: Redis;
let ingest: Ingest | null = null;
let code: { id: string; workspaceId: string };

beforeAll(async () => {
  database = await createTestDatabase();
  const target = new URL(database.url);
  proxy = await startTcpProxy({ host: target.hostname, port: Number(target.port) });
  const throughProxy = new URL(database.url);
  throughProxy.hostname = "127.0.0.1";
  throughProxy.port = String(proxy.port);
  db = connectDatabase(database.url);
  store = openEventStore(throughProxy.href, { queryTimeoutMs: 1_000 });
  server = await startRedis({ role: "state", dataDirectory: join(temp.path, "redis") });
  redis = connectRedis({ url: server.url, name: "test", commandTimeoutMs: 2_000 });
  await until(() => redis.status === "ready");
});

beforeEach(async () => {
  await redis.flushall();
  const workspaceId = randomUUID();
  await db.workspace.create({ data: { id: workspaceId, name: "Test" } });
  const id = randomUUID();
  const shortId = `T${randomUUID().slice(0, 8)}`.toUpperCase();
  await db.dynamicCode.create({
    data: { id, workspaceId, shortId, name: "Test", destinationUrl: "https://example.com" },
  });
  code = { id, workspaceId };
});

afterEach(async () => {
  await ingest?.stop();
  ingest = null;
});

afterAll(async () => {
  redis.disconnect();
  await db.$disconnect();
  await store.close();
  await proxy.close();
  await server.stop();
  await database.drop();
  temp.remove();
});

/** What is where: a table in place of a database. */
const places: Record<string, Place> = { "203.0.113.0/24": { country: "AT", region: "Vienna", city: "Vienna" } };
const locate = (network: string): Place => places[network] ?? { country: null, region: null, city: null };

function take(): void {
  const intervals = { abandonedAfterMs: 300, claimIntervalMs: 100 };
  ingest = startIngest({ store, locate, stateRedisUrl: server.url, log, ...intervals });
}

const iphone =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";

function scan(more: Partial<ScanEvent> = {}): ScanEvent {
  return {
    id: randomUUID(),
    at: Date.now(),
    code_id: code.id,
    workspace_id: code.workspaceId,
    version: 1,
    region: "eu-1",
    network: "203.0.113.0/24",
    visitor: "0123456789abcdef",
    user_agent: iphone,
    language: "de-AT,de;q=0.9",
    referrer_host: "news.example",
    prefetch: false,
    ...more,
  };
}

function batch(first_sequence: number, events: unknown[], more: Partial<SentBatch> = {}): SentBatch {
  const records = events.map((event) => (typeof event === "string" ? event : JSON.stringify(event)));
  const lines = Buffer.from(records.join("\n"));
  return {
    spool_id: randomUUID(),
    from_sequence: first_sequence,
    first_sequence,
    count: records.length,
    lines,
    ...more,
  };
}

/** A spool of its own with the shipper that the services have, only quicker to notice a loss. */
function openShipping(name: string) {
  const spool = openSpool({ directory: join(temp.path, name) });
  const shipper = makeShipper({ spool, ...eventStream(redis, "scans"), resendAfterMs: 100, batchRecordsMax: 20 });
  const append = (count: number) =>
    Promise.all(Array.from({ length: count }, () => spool.append(JSON.stringify(scan()))));
  return { spool, shipper, append };
}

const rows = () => db.$queryRaw<Record<string, unknown>[]>`SELECT * FROM scans WHERE code_id = ${code.id}::uuid`;
const counted = async () => {
  const row = await db.dynamicCode.findUniqueOrThrow({ where: { id: code.id } });
  return { scans: Number(row.scanCount), last: row.lastScannedAt?.getTime() ?? null };
};
/** What the hours say of the code, and what its rows say. */
const rollups = async () => {
  const ofHours = await db.$queryRaw`
    SELECT hour, workspace_id, scans::int, bots::int FROM scan_hourly WHERE code_id = ${code.id}::uuid ORDER BY hour`;
  const ofRows = await db.$queryRaw`
    SELECT date_trunc('hour', scanned_at, 'UTC') AS hour, workspace_id,
      count(*) FILTER (WHERE bot_class IS NULL)::int AS scans, count(bot_class)::int AS bots
    FROM scans WHERE code_id = ${code.id}::uuid GROUP BY 1, 2 ORDER BY 1`;
  return { ofHours, ofRows };
};
const acked = (spoolId: string, sequence: number) => until(async () => (await readAck(redis, spoolId)) === sequence);

test("a scan becomes a row within moments: what may be kept of it, and nothing of the device's own text", async () => {
  take();
  const event = scan();
  const sent = batch(1, [event]);
  const entry = await sendBatch(redis, "scans", sent);
  await acked(sent.spool_id, 1);
  const [row] = await rows();
  expect(row).toMatchObject({
    id: event.id,
    scanned_at: new Date(event.at),
    workspace_id: code.workspaceId,
    code_version: 1,
    region: "eu-1",
    network: "203.0.113.0/24",
    visitor: "0123456789abcdef",
    language: "de",
    referrer_host: "news.example",
    device: "phone",
    os: "iOS",
    browser: "Safari",
    country: "AT",
    region_name: "Vienna",
    city: "Vienna",
    bot_class: null,
  });
  expect(JSON.stringify(row)).not.toMatch(/Mozilla|iPhone/);
  expect(await counted()).toEqual({ scans: 1, last: event.at });
  await until(async () => !(await isBatchWaiting(redis, "scans", entry)));
});

test.each([
  [
    "a search engine",
    { user_agent: "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)" },
    "bot",
  ],
  ["a script", { user_agent: "curl/8.5.0" }, "bot"],
  ["the preview of a messenger", { user_agent: "WhatsApp/2.23.20.0 A" }, "preview"],
  ["a browser that asks ahead", { prefetch: true }, "prefetch"],
])("%s makes a row and is counted apart", async (_who, more, botClass) => {
  take();
  const sent = batch(1, [scan(more)]);
  await sendBatch(redis, "scans", sent);
  await acked(sent.spool_id, 1);
  expect(await rows()).toMatchObject([{ bot_class: botClass }]);
  expect(await counted()).toEqual({ scans: 0, last: null });
  expect((await rollups()).ofHours).toMatchObject([{ scans: 0, bots: 1 }]);
});

test("batches that come twice, overlapping, in any order and to two workers make one row and one count a scan", async () => {
  take();
  const other = startIngest({
    store,
    locate,
    stateRedisUrl: server.url,
    log,
    abandonedAfterMs: 1,
    claimIntervalMs: 10,
  });
  const parts = fc.array(fc.record({ first: fc.integer({ min: 1, max: 12 }), count: fc.integer({ min: 1, max: 6 }) }), {
    maxLength: 8,
  });
  const kinds = fc.array(fc.record({ prefetch: fc.boolean(), hoursAgo: fc.integer({ min: 0, max: 3 }) }), {
    minLength: 17,
    maxLength: 17,
  });
  let total = 0;
  let people = 0;
  await fc.assert(
    fc.asyncProperty(parts, kinds, async (deliveries, sorts) => {
      const spool_id = randomUUID();
      const events = sorts.map(({ prefetch, hoursAgo }) => scan({ prefetch, at: Date.now() - hoursAgo * 3_600_000 }));
      const all = [...deliveries, { first: 1, count: 17 }];
      for (const { first, count } of all) {
        await sendBatch(redis, "scans", batch(first, events.slice(first - 1, first - 1 + count), { spool_id }));
      }
      await acked(spool_id, 17);
      total += 17;
      people += sorts.filter(({ prefetch }) => !prefetch).length;
      expect(await counted()).toMatchObject({ scans: people });
      expect(await rows()).toHaveLength(total);
      const { ofHours, ofRows } = await rollups();
      expect(ofHours).toEqual(ofRows);
    }),
    { numRuns: 15 },
  );
  await other.stop();
});

test("only what is committed from the first record on without a gap is acknowledged", async () => {
  take();
  const spool_id = randomUUID();
  await sendBatch(redis, "scans", batch(6, [scan(), scan()], { spool_id }));
  await acked(spool_id, 0);
  await sendBatch(redis, "scans", batch(1, [scan(), scan(), scan()], { spool_id }));
  await acked(spool_id, 3);
  // Numbers 4 and 5 were lost on the spool's disk: it says that there is nothing between.
  await sendBatch(redis, "scans", batch(8, [scan()], { spool_id, from_sequence: 4 }));
  await acked(spool_id, 8);
  expect(await counted()).toMatchObject({ scans: 6 });
});

test("what can never become a row is put aside with its reason and holds nobody up", async () => {
  take();
  const good = [scan(), scan()];
  const sent = batch(1, [
    good[0],
    "no json",
    { ...scan(), visitor: "nobody" },
    scan({ at: Date.UTC(2001, 0, 1) }),
    scan({ referrer_host: "a\u0000b" }),
    good[1],
  ]);
  await sendBatch(redis, "scans", sent);
  await acked(sent.spool_id, 6);
  expect((await rows()).map((row) => row.id).sort()).toEqual(good.map((event) => event.id).sort());
  expect(await counted()).toMatchObject({ scans: 2 });
  const letters = await db.deadLetter.findMany({ where: { spoolId: sent.spool_id }, orderBy: { sequence: "asc" } });
  expect(letters.map((letter) => Number(letter.sequence))).toEqual([2, 3, 4, 5]);
  expect(letters.every((letter) => letter.reason.length > 0 && !/Mozilla|Phone/.test(letter.record))).toBe(true);

  await sendBatch(redis, "scans", sent);
  await sendBatch(redis, "scans", batch(7, [scan()], { spool_id: sent.spool_id }));
  await acked(sent.spool_id, 7);
  expect(await db.deadLetter.count({ where: { spoolId: sent.spool_id } })).toBe(4);
});

test("what waits of several spools goes in together, each acknowledged, a record that is refused among them", async () => {
  const refused = scan({ at: Date.UTC(2001, 0, 1) });
  const sent = [batch(1, [scan(), scan()]), batch(1, [scan(), refused, scan()]), batch(1, [scan({ prefetch: true })])];
  for (const each of sent) await sendBatch(redis, "scans", each);
  take();
  await Promise.all(sent.map(({ spool_id, count }) => acked(spool_id, count)));
  expect(await rows()).toHaveLength(5);
  expect(await counted()).toMatchObject({ scans: 4 });
  const letters = await db.deadLetter.findMany({ where: { spoolId: { in: sent.map(({ spool_id }) => spool_id) } } });
  expect(letters.map(({ spoolId, sequence }) => [spoolId, Number(sequence)])).toEqual([[sent[1]?.spool_id, 2]]);
  const { ofHours, ofRows } = await rollups();
  expect(ofHours).toEqual(ofRows);
});

test("which variant a scan was led to is kept", async () => {
  take();
  const sent = batch(1, [scan(), scan({ variant: 0 }), scan({ variant: 9 })]);
  await sendBatch(redis, "scans", sent);
  await acked(sent.spool_id, 3);
  expect((await rows()).map((row) => row.variant).sort()).toEqual([0, 9, null]);
});

test("of a code made for a number of scans, those of people are published as they are counted, until it is used up", async () => {
  await db.dynamicCode.update({ where: { id: code.id }, data: { maxScans: 3 } });
  const publisher = makePublisher({ db, redis });
  const { shortId } = await db.dynamicCode.findUniqueOrThrow({ where: { id: code.id } });
  const published = async () => {
    await publisher.publishPending();
    const row = JSON.parse((await redis.hget("qrf:codes", shortId)) ?? "null");
    return [row.version, row.limit];
  };
  const isWaiting = async () => (await findUnpublishedCodes(db, 1_000)).some(({ id }) => id === code.id);
  expect(await published()).toEqual([1, { max: 3, used: 0 }]);
  take();
  const send = async (...events: ScanEvent[]) => {
    const sent = batch(1, events);
    await sendBatch(redis, "scans", sent);
    await acked(sent.spool_id, events.length);
  };
  await send(scan(), scan({ prefetch: true }), scan({ user_agent: "curl/8" }));
  expect(await published()).toEqual([1, { max: 3, used: 1 }]);
  const [before] = await db.dynamicCode.findMany({ where: { id: code.id } });
  await send(scan(), scan());
  // What was read before these were counted does not say that they are published.
  await markCodesPublished(db, before ? [before] : []);
  expect(await isWaiting()).toBe(true);
  expect(await published()).toEqual([1, { max: 3, used: 3 }]);
  await send(scan());
  expect(await isWaiting()).toBe(false);
});

test("a scan of a code that is gone is kept", async () => {
  take();
  const orphan = scan({ code_id: randomUUID() });
  const sent = batch(1, [orphan]);
  await sendBatch(redis, "scans", sent);
  await acked(sent.spool_id, 1);
  expect(await db.$queryRaw`SELECT id FROM scans WHERE code_id = ${orphan.code_id}::uuid`).toEqual([{ id: orphan.id }]);
});

test("calls add their credits to the day on which they were made, once", async () => {
  take();
  const key_id = randomUUID();
  const at = Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth(), 1, 23, 59, 59);
  const call = (more: Partial<CallEvent> = {}): CallEvent => ({
    id: randomUUID(),
    at,
    workspace_id: code.workspaceId,
    key_id,
    request_id: "r1",
    endpoint: "generate",
    status: 200,
    cache: "MISS",
    cache_key: "a".repeat(64),
    format: "png",
    duration_ms: 1.5,
    credits: 1,
    ...more,
  });
  const events = [call(), call({ credits: 3 }), call({ at: at + 1_000 })];
  const sent = batch(1, events);
  await sendBatch(redis, "calls", sent);
  await sendBatch(redis, "calls", sent);
  await sendBatch(redis, "calls", batch(4, [call({ at: at + 2_000 })], { spool_id: sent.spool_id }));
  await acked(sent.spool_id, 4);
  const days = await db.usageDaily.findMany({ where: { keyId: key_id }, orderBy: { day: "asc" } });
  const month = new Date(at).toISOString().slice(0, 7);
  expect(days.map((day) => [day.day.toISOString().slice(0, 10), day.renders])).toEqual([
    [`${month}-01`, 4],
    [`${month}-02`, 2],
  ]);
});

test("while the database is frozen or gone entries wait, and are taken in when it is back", async () => {
  take();
  const spool_id = randomUUID();
  await sendBatch(redis, "scans", batch(1, [scan()], { spool_id }));
  await acked(spool_id, 1);
  proxy.freeze();
  warnings.length = 0;
  for (let sequence = 2; sequence <= 20; sequence++) {
    await sendBatch(redis, "scans", batch(sequence, [scan()], { spool_id }));
  }
  await until(() => warnings.includes("ingest waits"), { timeoutMs: 10_000 });
  expect(await readAck(redis, spool_id)).toBe(1);
  proxy.thaw();
  await acked(spool_id, 20);
  proxy.reset();
  await sendBatch(redis, "scans", batch(21, [scan()], { spool_id }));
  await acked(spool_id, 21);
  expect(await counted()).toMatchObject({ scans: 21 });
});

test("an entry that a worker took and never finished is taken in by another", async () => {
  const sent = batch(1, [scan()]);
  await sendBatch(redis, "scans", sent);
  const dead = makeEventConsumer({ kind: "scans", redis, blocking: redis, consumer: "dead" });
  await until(async () => (await dead.readNew(50)).length > 0);
  take();
  await acked(sent.spool_id, 1);
  expect(await counted()).toMatchObject({ scans: 1 });
});

test("two workers at once count every scan once", async () => {
  take();
  const other = startIngest({
    store,
    locate,
    stateRedisUrl: server.url,
    log,
    abandonedAfterMs: 1,
    claimIntervalMs: 10,
  });
  const spool_id = randomUUID();
  const events = Array.from({ length: 300 }, () => scan());
  for (let first = 0; first < 300; first += 10) {
    const sent = batch(first + 1, events.slice(first, first + 10), { spool_id });
    await sendBatch(redis, "scans", sent);
    await sendBatch(redis, "scans", sent);
  }
  await acked(spool_id, 300);
  await other.stop();
  expect(await counted()).toMatchObject({ scans: 300 });
  expect(await rows()).toHaveLength(300);
});

test("a database that was set back behind what it had acknowledged gets again what the spool still has", async () => {
  take();
  const { spool, shipper, append } = openShipping("set-back");
  await append(30);
  await until(() => shipper.state().acknowledgedSequence === 30);
  // Ten were acknowledged and are gone.
  await db.$executeRaw`
    WITH lost AS (DELETE FROM scans WHERE id IN (SELECT id FROM scans WHERE code_id = ${code.id}::uuid LIMIT 10) RETURNING 1),
      hours AS (UPDATE scan_hourly SET scans = scans - 10 WHERE code_id = ${code.id}::uuid),
      counted AS (UPDATE dynamic_codes SET scan_count = scan_count - 10 WHERE id = ${code.id}::uuid)
    UPDATE spools SET covered = '{[1,21)}' WHERE spool_id = ${spool.id}::uuid`;
  await append(5);
  await until(() => shipper.state().acknowledgedSequence === 35, { timeoutMs: 10_000 });
  expect(await counted()).toMatchObject({ scans: 35 });
  expect(await rows()).toHaveLength(35);
  await shipper.stop();
  await spool.close();
});

test("a Redis emptied between shipping and taking in costs nothing: the spool ships again, each scan counts once", async () => {
  const { spool, shipper, append } = openShipping("spool");
  const shipped = (count: number) => until(() => shipper.state().waiting === 0 && shipper.state().underWay === count);

  await append(50);
  await shipped(50);
  await redis.flushall();
  take();
  await until(() => shipper.state().acknowledgedSequence === 50);
  // Emptied while the worker is at it, again and again.
  for (let round = 0; round < 3; round++) {
    await append(50);
    await redis.flushall();
  }
  await until(() => shipper.state().acknowledgedSequence === 200, { timeoutMs: 10_000 });
  expect(await counted()).toMatchObject({ scans: 200 });
  expect(await rows()).toHaveLength(200);
  await shipper.stop();
  await spool.close();
});
