import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { LiveCode } from "@qrfactory/codes/published/published";
import { type ScanEvent, scanEvent } from "@qrfactory/domain/events";
import { type Redis as Server, startRedis } from "@qrfactory/processes/redis";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import type { StatusReport } from "@qrfactory/runtime/http/status";
import { connectRedis } from "@qrfactory/runtime/redis";
import { findFamily } from "@qrfactory/runtime/redis-keys";
import {
  markTablePublished,
  publishCode,
  publishCodes,
  writeHeartbeat,
} from "@qrfactory/state/codes/publishing/publish";
import { haveRegions } from "@qrfactory/state/codes/publishing/regions";
import { makeEventConsumer, writeAck } from "@qrfactory/state/streams/event-stream";
import { listStrayKeys } from "@qrfactory/testing/redis-keys";
import type { Redis } from "ioredis";
import { type Region, startRegion } from "./process.fixture.js";

const temp = makeTempDirectory("redirect-");
let primary: Server;
let replica: Server;
let redis: Redis;
let blocking: Redis;
let region: Region;
let heart: NodeJS.Timeout;

const code = (short_id: string, version = 1): LiveCode => ({
  schema: 1,
  id: randomUUID(),
  workspace_id: randomUUID(),
  short_id,
  version,
  destination_url: `https://example.com/${short_id}/${version}`,
  is_active: true,
  expires_at: null,
  fallback_url: null,
});
const codes = Array.from({ length: 20 }, (_, index) => code(`CODE-${index}`));
/** Published later on. */
const atOnce = Array.from({ length: 50 }, (_, index) => code(`AT-ONCE-${index}`));
const newer = Array.from({ length: 50 }, (_, index) => code(`NEW-${index}`));

async function publishAll(rows: LiveCode[]): Promise<void> {
  await publishCodes(redis, rows);
  await markTablePublished(redis, { generation: randomUUID(), count: rows.length, at: Date.now() });
}

const scan = (path = "/q/CODE-1") => fetch(region.url + path, { redirect: "manual" });
const status = async () => (await (await fetch(`${region.url}/api/status/`)).json()) as StatusReport;

/** Every scan that was shipped, by its id, as the ingest worker would see it; acknowledged as it goes. */
async function collect(into: Map<string, ScanEvent>): Promise<void> {
  const consumer = makeEventConsumer({ kind: "scans", redis, blocking, consumer: "test" });
  for (const { id, batch } of await consumer.readNew(20)) {
    for (const record of batch?.records ?? []) {
      const event = scanEvent.parse(JSON.parse(record));
      into.set(event.id, event);
    }
    if (batch) await writeAck(redis, batch.spool_id, batch.first_sequence + batch.records.length - 1);
    await consumer.finish([id]);
  }
}

/** The referring hosts of these scans: the load below puts another one into each request. */
const markersOf = (scans: Map<string, ScanEvent>) =>
  [...scans.values()].map((event) => event.referrer_host).filter((marker) => marker.startsWith("client"));

beforeAll(async () => {
  const directory = join(temp.path, "region");
  mkdirSync(directory);
  primary = await startRedis({ role: "state", durable: false, dataDirectory: join(temp.path, "primary") });
  replica = await startRedis({ role: "replica", dataDirectory: join(temp.path, "replica"), replicaOf: primary.url });
  redis = connectRedis({ url: primary.url, name: "test" });
  blocking = connectRedis({ url: primary.url, name: "test-blocking", commandTimeoutMs: 1_000 });
  region = await startRegion({ directory, replicaUrl: replica.url, stateUrl: primary.url });
  heart = setInterval(() => void writeHeartbeat(redis).catch(() => {}), 200);
});

afterAll(async () => {
  clearInterval(heart);
  await region.process.stop();
  redis.disconnect();
  blocking.disconnect();
  await replica.stop();
  await primary.stop();
  temp.remove();
});

test("a region without a full table says so and answers 503; then it serves and knows what does not exist", async () => {
  expect((await scan()).status).toBe(503);
  const early = await fetch(`${region.url}/api/status/`);
  expect([early.status, early.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(await early.json()).toMatchObject({ status: "down", components: { table: { status: "down" } } });
  await publishAll(codes);
  await until(async () => (await scan()).status === 302);
  await until(async () => (await scan("/q/UNKNOWN")).status === 404);
  await until(async () => (await status()).status === "ok");
});

test("a code that every region has is served at once", async () => {
  for (const row of atOnce) {
    await publishCode(redis, row);
    expect([await haveRegions(redis), (await scan(`/q/${row.short_id}`)).status]).toEqual([true, 302]);
  }
});

// The walk, at `npm run walk`, holds it to a second in every region.
test("an edit is served when it was published", async () => {
  await publishCode(redis, { ...(codes[3] as LiveCode), version: 2, destination_url: "https://example.com/new" });
  const leadsTo = async () => (await scan("/q/CODE-3")).headers.get("location");
  await until(async () => (await leadsTo()) === "https://example.com/new");
});

test("every 302 that a client received is shipped after kill -9 under load, and none is made twice", async () => {
  const answered = new Set<string>();
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  let stop = false;
  let clients = 0;
  const send = (marker: string) =>
    new Promise<void>((resolve) => {
      const options = { agent, headers: { Referer: `https://${marker}/` } };
      const req = request(`${region.url}/q/CODE-${clients++ % 20}`, options, (res) => {
        if (res.statusCode === 302) answered.add(marker);
        res.resume().on("close", resolve);
      });
      req.on("error", () => setTimeout(resolve, 5)).end();
    });
  const load = Array.from({ length: 32 }, async (_, client) => {
    for (let n = 0; !stop; n++) await send(`client-${client}.scan-${n}`);
  });

  const seen = new Map<string, ScanEvent>();
  for (let round = 1; round <= 2; round++) {
    const before = answered.size;
    await until(() => answered.size > before + 1_000, { timeoutMs: 10_000 });
    await region.killAndRestart();
  }
  const before = answered.size;
  await until(() => answered.size > before + 200, { timeoutMs: 10_000 });
  stop = true;
  await Promise.all(load);
  agent.destroy();
  await until(async () => {
    await collect(seen);
    const shipped = new Set(markersOf(seen));
    return [...answered].every((marker) => shipped.has(marker));
  });
  const markers = markersOf(seen);
  expect(new Set(markers).size).toBe(markers.length);
  // A scan that was written down just before a kill may have lost its answer: at most one a client and kill.
  expect(markers.length - answered.size).toBeLessThanOrEqual(2 * 32);
});

test("codes newer than the snapshot are never 404, whatever is killed, and known with everything else dead", async () => {
  await until(async () => (await status()).components.snapshots?.written_at);
  const served = async (rows: LiveCode[]) => {
    for (const { short_id } of rows) expect([short_id, (await scan(`/q/${short_id}`)).status]).toEqual([short_id, 302]);
  };
  await publishCodes(redis, newer.slice(0, 25));
  await until(async () => (await scan("/q/NEW-24")).status === 302);
  // Some arrive while the region is down: it has only heard of them from the replica.
  region.process.kill("SIGKILL");
  await region.process.exited;
  await publishCodes(redis, newer.slice(25));
  await region.start();
  await served(newer);
  await until(async () => (await status()).components.table?.current);
  expect((await scan("/q/UNKNOWN")).status).toBe(404);

  region.process.kill("SIGKILL");
  await Promise.all([region.process.exited, primary.kill(), replica.kill()]);
  await region.start();
  await served([...codes, ...newer]);
  expect(Number((await status()).components.journal?.rows_restored)).toBeGreaterThanOrEqual(50);
  expect((await scan("/q/UNKNOWN")).status).toBe(503);
  await Promise.all([primary.restart(), replica.restart()]);
  await until(() => redis.status === "ready");
  await publishAll([...codes, ...atOnce, ...newer]);
  await until(async () => (await status()).components.table?.current, { timeoutMs: 10_000 });
}, 30_000);

test("with the primary frozen, killed or empty and the replica gone, every known code is answered", async () => {
  const allAnswered = async () => {
    for (const { short_id } of codes) expect((await scan(`/q/${short_id}`)).status).toBe(302);
    // A region that has heard nothing for seconds does not know what does not exist.
    const isCurrent = (await status()).components.table?.current;
    expect((await scan("/q/UNKNOWN")).status).toBe(isCurrent ? 404 : 503);
  };
  const component = async (name: string) => (await status()).components[name]?.status;

  primary.freeze();
  await allAnswered();
  await until(async () => (await component("shipper")) === "degraded");
  primary.thaw();
  await until(async () => (await component("shipper")) === "ok");

  await redis.flushall();
  await until(async () => (await component("replica")) === "degraded");
  await allAnswered();

  await primary.kill();
  await replica.kill();
  await allAnswered();
  await until(async () => (await component("replica")) === "degraded");
  await primary.restart();
  await replica.restart();
  await until(() => redis.status === "ready");
  await publishAll([...codes, ...atOnce, ...newer]);
  await until(async () => (await status()).status === "ok", { timeoutMs: 10_000 });
});

test("no key in Redis is outside of the table of keys", async () => {
  expect(await listStrayKeys(redis, findFamily)).toEqual([]);
});

test("a stop finishes what is under way, hands over the last scans and exits cleanly", async () => {
  const seen = new Map<string, ScanEvent>();
  await fetch(`${region.url}/q/CODE-5`, { redirect: "manual", headers: { Referer: "https://the.last.one/" } });
  expect(await region.process.stop("SIGTERM")).toEqual({ code: 0, signal: null });
  const last = await until(async () => {
    await collect(seen);
    return [...seen.values()].find((event) => event.referrer_host === "the.last.one");
  });
  expect(last).toMatchObject({ region: "eu-1", code_id: codes[5]?.id });
});

test("without the fast lane scans are answered and written down all the same", async () => {
  const seen = new Map<string, ScanEvent>();
  await region.start(["--no-fast-lane"]);
  await until(async () => (await status()).status === "ok");
  const headers = { Referer: "https://no.lane/" };
  const answer = await fetch(`${region.url}/q/CODE-5`, { redirect: "manual", headers });
  expect([answer.status, answer.headers.get("location")]).toEqual([302, codes[5]?.destination_url]);
  expect(await region.process.stop("SIGTERM")).toEqual({ code: 0, signal: null });
  await until(async () => {
    await collect(seen);
    return [...seen.values()].some((event) => event.referrer_host === "no.lane");
  });
});

test("with everything dead a region starts from its snapshot; with the newest one damaged from the one before", async () => {
  const snapshots = join(temp.path, "region", "snapshots");
  const newest = () => join(snapshots, readdirSync(snapshots).sort().at(-1) as string);
  await publishAll([...codes, ...atOnce, ...newer]);
  await region.start();
  await until(async () => (await status()).status === "ok");
  await publishCode(redis, { ...(codes[3] as LiveCode), version: 9, destination_url: "https://example.com/last" });
  const leadsTo = async () => (await scan("/q/CODE-3")).headers.get("location");
  await until(async () => (await leadsTo()) === "https://example.com/last");
  await region.process.stop("SIGTERM");
  await Promise.all([primary.kill(), replica.kill()]);

  const servesAll = async () => {
    for (const { short_id } of codes) expect((await scan(`/q/${short_id}`)).status).toBe(302);
    expect((await scan("/q/UNKNOWN")).status).toBe(503);
  };
  await region.start();
  await servesAll();
  expect(await leadsTo()).toBe("https://example.com/last");
  expect((await status()).components).toMatchObject({ table: { status: "ok" }, replica: { status: "degraded" } });

  const good = readFileSync(newest());
  const flipped = Buffer.from(good);
  flipped[good.length - 10] = (good.at(-10) as number) ^ 4;
  for (const damaged of [good.subarray(0, -20), flipped]) {
    region.process.kill("SIGKILL");
    await region.process.exited;
    writeFileSync(newest(), damaged);
    await region.start();
    await servesAll();
    expect(await leadsTo()).not.toBe("https://example.com/last");
    expect(region.process.lastLines(200).join("\n")).toContain("a snapshot was refused");
  }
  await Promise.all([primary.restart(), replica.restart()]);
  await until(() => redis.status === "ready");
});
