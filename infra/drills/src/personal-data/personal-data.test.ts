// Nothing personal rests anywhere. Scans and calls with marks in everything that a device or a customer sends go
// through all services, two of which are frozen and killed on the way; every row, every key and every file is searched
// for the marks, in any spelling: while the scans wait in their spool and in the stream of the state Redis, with its
// append-only file, and again when they are taken in.
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { until } from "@qrfactory/processes/until";
import { Redis as Client } from "ioredis";
import type { Status } from "../region.js";
import { answered } from "../service.js";
import { addresses, logo, marksIn, sent, userAgent } from "./marks.fixture.js";
import { db, killAndRestart, logs, services, stores, textOf, textOfDatabase, textOfFiles } from "./stack.fixture.js";

const takenInMsMax = 30_000;
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
    timeoutMs: takenInMsMax,
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
