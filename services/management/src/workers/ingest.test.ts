import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { findUnpublishedCodes, markCodesPublished } from "@qrfactory/db/codes/codes";
import { botClasses, type CallEvent, type ScanEvent } from "@qrfactory/domain/events";
import { until } from "@qrfactory/processes/until";
import { isBatchWaiting, sendBatch } from "@qrfactory/state/streams/event-stream";
import { makePublisher } from "../publication/publisher.js";
import { batch, type IngestRig, startIngestRig } from "./ingest.fixture.js";

let rig: IngestRig;

beforeAll(async () => {
  rig = await startIngestRig();
});

beforeEach(() => rig.reset());

afterEach(() => rig.stopWorkers());

afterAll(() => rig.close());

test("a scan becomes a row within moments", async () => {
  rig.startWorker();
  const event = rig.scan();
  const sent = batch(1, [event]);
  const entry = await sendBatch(rig.redis, "scans", sent);
  await rig.acked(sent.spool_id, 1);
  const [row] = await rig.rows();
  expect(row).toMatchObject({
    id: event.id,
    scanned_at: new Date(event.at),
    workspace_id: rig.code.workspaceId,
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
  expect(await rig.counted()).toEqual({ scans: 1, last: event.at });
  await until(async () => !(await isBatchWaiting(rig.redis, "scans", entry)));
});

test.each(botClasses)("a %s makes a row and is counted apart", async (bot_class) => {
  rig.startWorker();
  const sent = batch(1, [rig.scan({ bot_class })]);
  await sendBatch(rig.redis, "scans", sent);
  await rig.acked(sent.spool_id, 1);
  expect(await rig.rows()).toMatchObject([{ bot_class }]);
  expect(await rig.counted()).toEqual({ scans: 0, last: null });
  expect((await rig.rollups()).ofHours).toMatchObject([{ scans: 0, bots: 1 }]);
});

test("a record of the older form makes the row that its region would describe today, without the device's texts", async () => {
  rig.startWorker();
  const googlebot = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
  const program = { device: "other", os: null, browser: null };
  const cases: [object, Partial<ScanEvent>][] = [
    [{}, {}],
    [{ user_agent: googlebot }, { ...program, bot_class: "bot" }],
    [{ user_agent: "WhatsApp/2.23.20.0 A" }, { ...program, bot_class: "preview" }],
    [{ prefetch: true }, { bot_class: "prefetch" }],
    [{ language: "fr;q=0.5,en_GB;q=0.9" }, { language: "en" }],
    [{ language: "*" }, { language: null }],
  ];
  const older = cases.map(([texts]) => rig.olderScan(texts));
  const sent = batch(1, [...older, rig.scan()]);
  await sendBatch(rig.redis, "scans", sent);
  await rig.acked(sent.spool_id, older.length + 1);
  const rows = await rig.rows();
  for (const [index, [, expected]] of cases.entries()) {
    const { device, os, browser, bot_class, language } = rig.scan(expected);
    const row = rows.find(({ id }) => id === older[index]?.id);
    expect(row).toMatchObject({ device, os, browser, bot_class, language });
  }
  expect(JSON.stringify(rows)).not.toMatch(/Mozilla|iPhone|curl\/|de-AT/);
  // One that is damaged is put aside without them, too.
  const damaged = batch(1, [{ ...rig.olderScan(), visitor: "nobody" }]);
  await sendBatch(rig.redis, "scans", damaged);
  await rig.acked(damaged.spool_id, 1);
  const [letter] = await rig.db.deadLetter.findMany({ where: { spoolId: damaged.spool_id } });
  expect(letter?.record).toMatch(/"nobody"/);
  expect(letter?.record).not.toMatch(/Mozilla|de-AT/);
});

test("what can never become a row is put aside with its reason and holds nobody up", async () => {
  rig.startWorker();
  const good = [rig.scan(), rig.scan()];
  const sent = batch(1, [
    good[0],
    "no json",
    { ...rig.scan(), visitor: "nobody" },
    rig.scan({ at: Date.UTC(2001, 0, 1) }),
    rig.scan({ referrer_host: "a\u0000b" }),
    good[1],
  ]);
  await sendBatch(rig.redis, "scans", sent);
  await rig.acked(sent.spool_id, 6);
  expect((await rig.rows()).map((row) => row.id).sort()).toEqual(good.map((event) => event.id).sort());
  expect(await rig.counted()).toMatchObject({ scans: 2 });
  const letters = await rig.db.deadLetter.findMany({ where: { spoolId: sent.spool_id }, orderBy: { sequence: "asc" } });
  expect(letters.map((letter) => Number(letter.sequence))).toEqual([2, 3, 4, 5]);
  expect(letters.every((letter) => letter.reason.length > 0 && !/Mozilla|Phone/.test(letter.record))).toBe(true);

  await sendBatch(rig.redis, "scans", sent);
  await sendBatch(rig.redis, "scans", batch(7, [rig.scan()], { spool_id: sent.spool_id }));
  await rig.acked(sent.spool_id, 7);
  expect(await rig.db.deadLetter.count({ where: { spoolId: sent.spool_id } })).toBe(4);
});

test("what waits of several spools goes in together, each acknowledged, a record that is refused among them", async () => {
  const refused = rig.scan({ at: Date.UTC(2001, 0, 1) });
  const sent = [
    batch(1, [rig.scan(), rig.scan()]),
    batch(1, [rig.scan(), refused, rig.scan()]),
    batch(1, [rig.scan({ bot_class: "prefetch" })]),
  ];
  for (const each of sent) await sendBatch(rig.redis, "scans", each);
  rig.startWorker();
  await Promise.all(sent.map(({ spool_id, count }) => rig.acked(spool_id, count)));
  expect(await rig.rows()).toHaveLength(5);
  expect(await rig.counted()).toMatchObject({ scans: 4 });
  const letters = await rig.db.deadLetter.findMany({
    where: { spoolId: { in: sent.map(({ spool_id }) => spool_id) } },
  });
  expect(letters.map(({ spoolId, sequence }) => [spoolId, Number(sequence)])).toEqual([[sent[1]?.spool_id, 2]]);
  const { ofHours, ofRows } = await rig.rollups();
  expect(ofHours).toEqual(ofRows);
});

test("records of two regions with one id and one time are one row, counted once, together or one after the other", async () => {
  const both = [rig.scan(), rig.scan()];
  const others = both.map((event) => ({ ...event, region: "us-1", device: "other" }));
  // In one transaction.
  const [first, second] = [batch(1, [both[0]]), batch(1, [others[0]])];
  for (const each of [first, second]) await sendBatch(rig.redis, "scans", each);
  rig.startWorker();
  for (const each of [first, second]) await rig.acked(each.spool_id, 1);
  for (const each of [batch(1, [both[1]]), batch(1, [others[1]])]) {
    await sendBatch(rig.redis, "scans", each);
    await rig.acked(each.spool_id, 1);
  }
  expect((await rig.rows()).map(({ id }) => id).sort()).toEqual(both.map(({ id }) => id).sort());
  expect(await rig.counted()).toMatchObject({ scans: 2 });
  const { ofHours, ofRows } = await rig.rollups();
  expect(ofHours).toEqual(ofRows);
});

test("which variant a scan was led to is kept", async () => {
  rig.startWorker();
  const sent = batch(1, [rig.scan(), rig.scan({ variant: 0 }), rig.scan({ variant: 9 })]);
  await sendBatch(rig.redis, "scans", sent);
  await rig.acked(sent.spool_id, 3);
  expect((await rig.rows()).map((row) => row.variant).sort()).toEqual([0, 9, null]);
});

test("which rule a scan was led by is kept by its id, which regions do not know", async () => {
  const rules = [{ when: { country: "AT" }, destination_url: "https://example.com/at", id: "mine" }];
  const fields = { rules: [{ when: { os: "iOS" }, destination_url: "https://example.com/ios" }, ...rules] };
  const change = { version: 1, destinationUrl: "https://example.com", changedBy: "user:test", fields };
  await rig.db.dynamicCodeChange.create({ data: { codeId: rig.code.id, ...change } });
  rig.startWorker();
  const sent = batch(1, [rig.scan({ rule: 1 }), rig.scan({ rule: 0 }), rig.scan({ rule: 2 }), rig.scan()]);
  await sendBatch(rig.redis, "scans", sent);
  await rig.acked(sent.spool_id, 4);
  const ids = (await rig.rows()).map((row) => row.rule_id).sort();
  expect(ids).toEqual(["mine", null, null, expect.stringMatching(/^rule_[0-9a-f]{12}$/)]);
});

test("what was led to a fallback is a row and nothing else; records of before are what they were", async () => {
  rig.startWorker();
  const sent = batch(1, [
    ...[rig.scan({ served: "fallback" }), rig.scan({ served: "fallback", bot_class: "bot" })],
    ...[rig.scan({ served: "app" }), rig.scan(), rig.scan({ variant: 1 })],
  ]);
  await sendBatch(rig.redis, "scans", sent);
  await rig.acked(sent.spool_id, 5);
  const rows = await rig.rows();
  expect(rows.map(({ served }) => served).sort()).toEqual(["app", "destination", "fallback", "fallback", "variant"]);
  expect((await rig.counted()).scans).toBe(3);
  expect((await rig.rollups()).ofHours).toMatchObject([{ scans: 3, bots: 0 }]);
});

test("of a code made for a number of scans, those of people are published as they are counted, until it is used up", async () => {
  await rig.db.dynamicCode.update({ where: { id: rig.code.id }, data: { maxScans: 3 } });
  const publisher = makePublisher(rig);
  const { shortId } = await rig.db.dynamicCode.findUniqueOrThrow({ where: { id: rig.code.id } });
  const published = async () => {
    await publisher.publishPending();
    const row = JSON.parse((await rig.redis.hget("qrf:codes", shortId)) ?? "null");
    return [row.version, row.limit];
  };
  const isWaiting = async () => (await findUnpublishedCodes(rig.db, 1_000)).some(({ id }) => id === rig.code.id);
  expect(await published()).toEqual([1, { max: 3, used: 0 }]);
  rig.startWorker();
  const send = async (...events: ScanEvent[]) => {
    const sent = batch(1, events);
    await sendBatch(rig.redis, "scans", sent);
    await rig.acked(sent.spool_id, events.length);
  };
  await send(rig.scan(), rig.scan({ bot_class: "prefetch" }), rig.scan({ bot_class: "bot" }));
  await send(rig.scan({ served: "fallback" }));
  expect(await published()).toEqual([1, { max: 3, used: 1 }]);
  const [before] = await rig.db.dynamicCode.findMany({ where: { id: rig.code.id } });
  await send(rig.scan(), rig.scan());
  // A row read before these were counted does not say that they are published.
  await markCodesPublished(rig.db, before ? [before] : []);
  expect(await isWaiting()).toBe(true);
  expect(await published()).toEqual([1, { max: 3, used: 3 }]);
  await send(rig.scan());
  expect(await isWaiting()).toBe(false);
});

test("a scan of a code that is gone is kept", async () => {
  rig.startWorker();
  const orphan = rig.scan({ code_id: randomUUID() });
  const sent = batch(1, [orphan]);
  await sendBatch(rig.redis, "scans", sent);
  await rig.acked(sent.spool_id, 1);
  expect(await rig.db.$queryRaw`SELECT id FROM scans WHERE code_id = ${orphan.code_id}::uuid`).toEqual([
    { id: orphan.id },
  ]);
});

test("calls add their credits to the day on which they were made, once", async () => {
  rig.startWorker();
  const key_id = randomUUID();
  const at = Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth(), 1, 23, 59, 59);
  const call = (more: Partial<CallEvent> = {}): CallEvent => ({
    id: randomUUID(),
    at,
    workspace_id: rig.code.workspaceId,
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
  await sendBatch(rig.redis, "calls", sent);
  await sendBatch(rig.redis, "calls", sent);
  await sendBatch(rig.redis, "calls", batch(4, [call({ at: at + 2_000 })], { spool_id: sent.spool_id }));
  await rig.acked(sent.spool_id, 4);
  const days = await rig.db.usageDaily.findMany({ where: { keyId: key_id }, orderBy: { day: "asc" } });
  const month = new Date(at).toISOString().slice(0, 7);
  expect(days.map((day) => [day.day.toISOString().slice(0, 10), day.renders])).toEqual([
    [`${month}-01`, 4],
    [`${month}-02`, 2],
  ]);
});
