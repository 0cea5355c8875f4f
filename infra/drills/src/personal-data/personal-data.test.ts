// Nothing personal rests anywhere. Scans and calls with marks in everything that a device or a customer sends go
// through all services, two of which are frozen and killed on the way; every row, every key and every file is searched
// for the marks, in any spelling: while the scans wait in their spool and in the stream of the state Redis, with its
// append-only file, and again when they are taken in.
import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { crc32, deflateSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { connectDatabase, type Db, withPatience } from "@qrfactory/db/client";
import { freePort } from "@qrfactory/processes/ports";
import type { StartedProcess } from "@qrfactory/processes/process";
import { type Redis, startRedis } from "@qrfactory/processes/redis";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { createTestDatabase, type TestDatabase } from "@qrfactory/testing/database";
import { Redis as Client } from "ioredis";
import type { Status } from "../region.js";
import { answered, managementEnvironment, startService } from "../service.js";

const startTimeoutMs = 30_000;
const temp = makeTempDirectory("qrfactory-personal-");
const logs: string[] = [];
type Service = { url: string; process: StartedProcess; restart(): Promise<void> };
const running: Service[] = [];

let database: TestDatabase;
let db: Db;
let stores: Record<"state" | "replica" | "cache", Redis>;
let services: Record<"redirect" | "render" | "management" | "worker", Service>;

async function start(script: string, env: Record<string, string>): Promise<Service> {
  const port = await freePort();
  const told = { LOG_LEVEL: "trace", TRUSTED_PROXIES: "127.0.0.0/8", STATE_REDIS_URL: stores.state.url };
  const launch = () => startService(script, { PORT: String(port), ...told, ...env }, (line) => logs.push(line));
  const service: Service = {
    url: `http://127.0.0.1:${port}`,
    process: await launch(),
    /** On the same port and directories, once it has ended. */
    async restart() {
      await service.process.exited;
      service.process = await launch();
    },
  };
  running.push(service);
  return service;
}

beforeAll(async () => {
  database = await createTestDatabase();
  db = connectDatabase(database.url, { ...withPatience, poolMax: 2 });
  const startStore = (role: "state" | "cache" | "replica", replicaOf?: string) =>
    startRedis({ role, durable: false, dataDirectory: join(temp.path, role), ...(replicaOf && { replicaOf }) });
  const state = await startStore("state");
  stores = { state, replica: await startStore("replica", state.url), cache: await startStore("cache") };
  const central = {
    ...managementEnvironment(database.url, state.url),
    RENDER_CACHE_URL: stores.cache.url,
    OBJECT_STORE: join(temp.path, "archives"),
  };
  const spool = (name: string) => {
    mkdirSync(join(temp.path, name), { recursive: true });
    return { SPOOL_DIR: join(temp.path, name) };
  };
  const [redirect, render, management, worker] = await Promise.all([
    start("redirect/dist/main.js", {
      REPLICA_REDIS_URL: stores.replica.url,
      REGION: "region-1",
      SNAPSHOT_DIR: join(temp.path, "snapshots"),
      SNAPSHOT_SECONDS: "1",
      VISITOR_SECRET: "a secret for drills",
      ...spool("spool-redirect"),
    }),
    start("render/dist/main.js", { ...central, ...spool("spool-render"), DRAWING_THREADS: "1" }),
    start("management/dist/processes/api.js", central),
    start("management/dist/processes/worker.js", central),
  ]);
  services = { redirect, render, management, worker };
}, 60_000);

afterAll(async () => {
  for (const { process } of running) process.kill("SIGCONT");
  await Promise.all(running.map(({ process }) => process.stop()));
  await db.$disconnect();
  for (const store of Object.values(stores)) await store.stop();
  await database.drop();
  temp.remove();
});

/** Addresses of people, with other spellings of each. */
const addresses: Record<string, string[]> = {
  "198.51.100.77": ["198.51.100.077", "c633644d", "c633:644d", "3325256781", "198-51-100-77"],
  "203.0.113.201": ["cb0071c9", "cb00:71c9", "3405803977", "203-0-113-201"],
  "2001:db8:4321:8765:abcd:ef01:2345:6789": ["20010db843218765abcdef0123456789", "8765:abcd", "0db8:4321:8765"],
  "2001:DB8:9999:0:0:0:0:BEEF": ["2001:db8:9999::beef", "20010db8999900000000000000000000beef"],
};

/** Personal data sent of each kind; no part of it may be found again but the host of the referrer. */
const userAgent = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 SecretAgent/77.4711";
const sent = {
  userAgent: "SecretAgent/77.4711",
  userAgentWhole: "iPhone OS 19_1 like",
  language: "gsw-CH-x-langmark",
  referrerPath: "/diary/of-a-scanner",
  referrerQuery: "refmark=4f1c",
  query: "querymark=9d2e",
  wifiPassword: "wifi-pass-Xk42zQ",
  wifiName: "Net of Mrs Marker",
  text: "a payload that nobody keeps 8c1b",
  codePassword: "open-sesame-5b7a",
  wrongPassword: "wrong-sesame-6c8d",
  accountPassword: "account-pass-7e9f",
  guessedPassword: "guessed-pass-3a2b",
};

/** A grey PNG of noise, so that its compressed bytes are like no other file's. */
const logo = (() => {
  const chunk = (type: string, data: Buffer) => {
    const bytes = Buffer.alloc(data.length + 12);
    bytes.writeUInt32BE(data.length, 0);
    bytes.write(type, 4, "latin1");
    data.copy(bytes, 8);
    bytes.writeUInt32BE(crc32(bytes.subarray(4, -4)), data.length + 8);
    return bytes;
  };
  const [width, height, grey8] = [40, 40, [8, 0, 0, 0, 0]];
  const noise = (n: number) => (n % (width + 1) === 0 ? 0 : (n * 7_919 + (n >> 3) * 104_729) % 256);
  const rows = Buffer.from(Array.from({ length: (width + 1) * height }, (_, n) => noise(n)));
  const header = Buffer.from([0, 0, 0, width, 0, 0, 0, height, ...grey8]);
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.of()),
  ]);
})();

type Sent = { method?: string; headers?: Record<string, string>; body?: string | URLSearchParams };

/** Sends a request that comes from `address`, as the proxy in front says. */
const from = (address: string, url: string, { headers, ...rest }: Sent = {}) =>
  fetch(url, {
    redirect: "manual",
    headers: {
      "User-Agent": userAgent,
      "Accept-Language": `${sent.language},en;q=0.5`,
      Referer: `https://social.example.com${sent.referrerPath}?${sent.referrerQuery}`,
      "X-Forwarded-For": address,
      ...headers,
    },
    ...rest,
  });

async function ask<Body>(address: string, url: string, body: object, headers = {}, status = 201): Promise<Body> {
  // A COMMIT whose reply came too late may have been made.
  const json = { "Content-Type": "application/json", "Idempotency-Key": randomUUID(), ...headers };
  const send = () => from(address, url, { method: "POST", headers: json, body: JSON.stringify(body) });
  const response = await answered(send);
  const bytes = Buffer.from(await response.arrayBuffer());
  if (response.status !== status) throw new Error(`${url} answered ${response.status}: ${bytes}`);
  return (/json/.test(response.headers.get("content-type") ?? "") ? JSON.parse(bytes.toString()) : bytes) as Body;
}

const [home, work, phone, other] = Object.keys(addresses) as [string, string, string, string];

/** An account with a key and two codes, one of them locked, from one address. */
async function signUp() {
  const api = `${services.management.url}/api/v1`;
  const person = { email: "marks@example.com", password: sent.accountPassword, workspace_name: "Marks" };
  const session = await ask<{ workspace: { id: string }; access_token: string }>(home, `${api}/auth/signup`, person);
  await db.workspace.update({ where: { id: session.workspace.id }, data: { plan: "enterprise" } });
  const asOwner = { Authorization: `Bearer ${session.access_token}` };
  const key = await ask<{ raw_key: string }>(phone, `${api}/keys`, { name: "Shop" }, asOwner);
  const code = { name: "Menu", destination_url: "https://example.com/menu", forward_query: true };
  for (const short_id of ["OPEN-1", "LOCKED-1"]) {
    const more = short_id === "LOCKED-1" ? { password: sent.codePassword } : {};
    await ask(work, `${api}/dynamic?${sent.query}`, { ...code, ...more, short_id }, asOwner, 400);
    await ask(work, `${api}/dynamic`, { ...code, ...more, short_id }, asOwner);
  }
  await ask(other, `${api}/auth/login`, { email: person.email, password: sent.guessedPassword }, {}, 401);
  return { "X-Api-Key": key.raw_key };
}

/** Images of what nobody else is to know, and refusals of the same. */
async function draw(asShop: Record<string, string>): Promise<void> {
  const generate = `${services.render.url}/api/v1/generate`;
  const wifi = { ssid: sent.wifiName, password: sent.wifiPassword, security: "WPA" };
  for (const [address, format] of [
    [home, "png"],
    [other, "svg"],
    [phone, "pdf"],
  ] as const) {
    await ask(address, generate, { data_type: "wifi", payload: wifi, format, size: 300 }, asShop, 200);
  }
  const logoText = logo.toString("base64");
  await ask(work, generate, { data_type: "text", data: sent.text, logo: logoText, size: 600 }, asShop, 200);
  await ask(work, generate, { data_type: "wifi", payload: { ...wifi, security: sent.wifiPassword } }, asShop, 400);
  await ask(work, generate, { data_type: "text", data: sent.text, size: 1 }, asShop, 400);
}

/**
 * Scans of every address by every path there is, with nobody to take them in. Halfway the region is frozen with scans
 * under way, answers them when it thaws, and is killed after that. Returns the number of scans.
 */
async function scan(): Promise<number> {
  const { redirect, worker } = services;
  const open = `${redirect.url}/q/OPEN-1`;
  const locked = `${redirect.url}/q/LOCKED-1`;
  for (const url of [open, locked]) {
    await until(async () => (await from(home, url, { method: "HEAD" })).status < 400, {
      what: `Publication of ${url}`,
    });
  }
  worker.process.kill("SIGSTOP");
  const scanFrom = async (address: string) => {
    expect((await from(address, `${open}?${sent.query}`)).status).toBe(302);
    const typed = (password: string) =>
      from(address, `${locked}?${sent.query}`, { method: "POST", body: new URLSearchParams({ password }) });
    expect((await typed(sent.wrongPassword)).status).toBe(403);
    expect((await typed(sent.codePassword)).status).toBe(302);
    expect((await from(address, `${redirect.url}/q/NOBODY-1?${sent.query}`)).status).toBe(404);
  };
  await scanFrom(home);
  await scanFrom(work);
  redirect.process.kill("SIGSTOP");
  const late = scanFrom(other);
  await pause(frozenMs);
  redirect.process.kill("SIGCONT");
  await late;
  await killAndRestart(redirect);
  await scanFrom(phone);
  return 2 * Object.keys(addresses).length;
}

const frozenMs = 500;

async function killAndRestart(service: Service): Promise<void> {
  service.process.kill("SIGKILL");
  await service.restart();
}

/** All text of a Redis, whatever its type: compression of the dumped values would hide it. */
async function textOf(store: Redis): Promise<string> {
  const client = new Client(store.url);
  try {
    await client.config("SET", "rdbcompression", "no");
    const texts: string[] = [];
    for await (const keys of client.scanStream({ count: 1_000 }) as AsyncIterable<string[]>) {
      for (const key of keys) texts.push(key, (await client.dumpBuffer(key))?.toString("latin1") ?? "");
    }
    return texts.join("\n");
  } finally {
    client.disconnect();
  }
}

/** Every row of every table, bytes in hex. */
async function textOfDatabase(): Promise<string> {
  const tables = await db.$queryRaw<{ name: string }[]>`
    SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'`;
  const texts: string[] = [];
  for (const { name } of tables) {
    const rows = await db.$queryRawUnsafe<{ row: string }[]>(`SELECT t::text AS row FROM ${name} AS t`);
    for (const { row } of rows) texts.push(`${name} ${row}`);
  }
  return texts.join("\n");
}

function textOfFiles(): string {
  const files = readdirSync(temp.path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => `${name} ${readFileSync(join(parentPath, name), "latin1")}`).join("\n");
}

/** Needles of the search: text as it is and as encodings change it. */
const spellings = (text: string) => {
  const bytes = Buffer.from(text);
  const plain = [text, encodeURIComponent(text), new URLSearchParams({ text }).toString().slice("text=".length)];
  return [...plain, bytes.toString("hex"), bytes.toString("base64").replace(/.{0,3}$/, "")];
};

const marks: [what: string, text: string][] = [
  ...Object.entries(addresses).flatMap(([address, more]) =>
    [...spellings(address), ...more].map((text): [string, string] => [`address ${address}`, text]),
  ),
  ...Object.entries(sent).flatMap(([what, text]) => spellings(text).map((it): [string, string] => [what, it])),
  // Base64 and bytes from the middle of the logo's picture.
  ["logo", logo.subarray(60, 120).toString("base64").slice(0, 60)],
  ["logo", logo.subarray(60, 90).toString("latin1")],
];

/** Every mark that stands in a place, with the text around it. */
function marksIn(places: Record<string, string>, when: string): string[] {
  return Object.entries(places).flatMap(([place, text]) => {
    const lower = text.toLowerCase();
    return marks.flatMap(([what, mark]) => {
      const at = lower.indexOf(mark.toLowerCase());
      return at < 0 ? [] : `${what} in ${place} ${when}: ${JSON.stringify(text.slice(Math.max(0, at - 80), at + 80))}`;
    });
  });
}

test("of those who scan and of what customers draw, no address, user agent, query, payload or password stays anywhere", async () => {
  const asShop = await signUp();
  await draw(asShop);
  await killAndRestart(services.render);
  const scans = await scan();
  const client = new Client(stores.state.url);
  await until(async () => (await client.xlen("qrf:events:scans")) > 0, { what: "The way to the stream" });
  await until(async () => {
    const status = (await (await fetch(`${services.redirect.url}/api/status/`)).json()) as Status;
    return status.components.shipper?.scans_waiting === 0;
  });
  client.disconnect();
  const waiting = { "state Redis": await textOf(stores.state), files: textOfFiles() };
  // They are there: in the stream, in its append-only file and in the spool.
  expect(waiting["state Redis"]).toContain("social.example.com");
  const kept = waiting.files.split('"referrer_host":"social.example.com"').length - 1;
  expect(kept).toBeGreaterThanOrEqual(2 * scans);
  services.worker.process.kill("SIGCONT");

  const expectedCalls = 4;
  await until(async () => (await db.scan.count()) === scans && (await db.call.count()) === expectedCalls, {
    timeoutMs: startTimeoutMs,
    what: "Ingest of everything",
  });
  const places: Record<string, string> = {
    database: await textOfDatabase(),
    "state Redis": await textOf(stores.state),
    "regional replica": await textOf(stores.replica),
    "render cache": await textOf(stores.cache),
    files: textOfFiles(),
    logs: logs.join("\n"),
  };
  const found = [...marksIn(waiting, "before they were taken in"), ...marksIn(places, "in the end")];
  expect(found).toEqual([]);
  // The search does find what is kept on purpose.
  expect(places.database).toContain("social.example.com");
  expect(places.database).toContain("198.51.100.0/24");
  expect(places["state Redis"]).toContain("https://example.com/menu");
  expect(places.logs).toContain('"route":"/api/v1/generate"');
}, 60_000);
