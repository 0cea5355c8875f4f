import { randomUUID } from "node:crypto";
import { request } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import type { LiveCode } from "@qrfactory/codes/published/published";
import { type ScanEvent, scanEvent, scanRecord } from "@qrfactory/domain/events";
import { until } from "@qrfactory/processes/until";
import { createHttpServer } from "@qrfactory/runtime/http/serve";
import { createTable, type Table } from "@qrfactory/state/codes/table/table";
import { type Listening, listen } from "@qrfactory/testing/http";
import { fetchOurs } from "@qrfactory/testing/http-message";
import { firstSettled } from "@qrfactory/testing/order";
import { type AppOptions, createApp, makeTakeScan } from "./app.js";
import { type FastLane, openFastLane } from "./fast-lane.js";
import { routingOptions } from "./routing.fixture.js";
import { ledToDestination, makeDescribeScan, makeReadScanner } from "./scan/scan.js";

const now = Date.UTC(2026, 10, 21, 12);
const code: LiveCode = {
  schema: 1,
  id: randomUUID(),
  workspace_id: randomUUID(),
  short_id: "7K2MWX9P",
  version: 3,
  destination_url: "https://example.com/landing?utm=1#top",
  is_active: true,
  expires_at: null,
  fallback_url: null,
};
const iphone =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) " +
  "Version/17.5 Mobile/15E148 Safari/604.1";
const fallback_url = "https://example.com/later";
const describeScan = makeDescribeScan({
  region: "eu-1",
  visitorSecret: "a secret for tests",
});

let table: Table;
let lookUp: AppOptions["lookUp"];
let scans: ScanEvent[];
let recordScan: AppOptions["recordScan"];
let service: Listening;
let lane: FastLane;
const orphans: string[] = [];

function appOptions(): AppOptions {
  return {
    table: { find: (shortId) => table.find(shortId) },
    lookUp: (shortId) => lookUp(shortId),
    describeScan,
    ...routingOptions(),
    recordScan: (scan) => recordScan(scan),
    noteOrphan: (shortId) => void orphans.push(shortId),
    onLost: () => {},
    status: () => ({ status: "ok", version: "1", components: {} }),
    observeRequest: () => {},
    observeScan: () => {},
    now: () => now,
  };
}

beforeAll(async () => {
  const server = createHttpServer(createApp(appOptions()));
  lane = openFastLane(server, makeTakeScan(appOptions()));
  service = await listen(server);
});
afterAll(async () => {
  lane.close();
  await service.close();
});

beforeEach(() => {
  table = createTable();
  table.apply(code);
  table.apply({ ...code, short_id: "PAUSED", is_active: false });
  table.apply({ ...code, short_id: "PAUSED-2", is_active: false, fallback_url });
  table.apply({ ...code, short_id: "EXPIRED", expires_at: new Date(now).toISOString() });
  table.apply({ ...code, short_id: "EXPIRED-2", expires_at: "2026-11-21T11:00:00Z", fallback_url });
  table.apply({ ...code, short_id: "NOT-YET", expires_at: "2026-11-21T12:00:00.001Z", fallback_url });
  table.apply({ schema: 1, id: code.id, short_id: "DELETED", version: 9, deleted: true });
  lookUp = async () => "absent";
  scans = [];
  recordScan = async (scan) => void scans.push(scan);
});

const get = (path: string, init: RequestInit = {}) => fetchOurs(service.url + path, { redirect: "manual", ...init });

/** Sends bytes as they are and returns everything that comes back until the other side closes. */
function sendRaw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(service.port, "127.0.0.1");
    let received = "";
    socket.setEncoding("latin1").on("data", (chunk) => {
      received += chunk;
    });
    socket.on("error", reject).on("close", () => resolve(received));
    socket.write(bytes);
  });
}

test.each(["/q/7K2MWX9P", "/q/7k2mwx9p", "/Q/7K2MWX9P", "/q/7K2MWX9P/", "/7K2MWX9P", "/7k2mwx9p/", "/q/7K2MWX9P?a=b"])(
  "%s leads to the destination",
  async (path) => {
    const response = await get(path, { headers: { "X-Request-Id": "my-id.1" } });
    expect(response.status).toBe(302);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      location: code.destination_url,
      "cache-control": "private, no-store",
      "referrer-policy": "no-referrer-when-downgrade",
      "x-request-id": "my-id.1",
      "content-length": "0",
    });
    expect(await response.text()).toBe("");
    expect(scans).toHaveLength(1);
  },
);

test("a scan is written down, without its address and the texts of its device, before it is answered", async () => {
  let write = () => {};
  let isAnswered = false;
  recordScan = (scan) => {
    scans.push(scan);
    return new Promise((resolve) => {
      write = resolve;
    });
  };
  const answered = get("/q/7K2MWX9P", {
    headers: {
      "User-Agent": iphone,
      "Accept-Language": "de-AT,de;q=0.9",
      Referer: "https://news.example:8443/article?id=1",
      "X-Forwarded-For": "1.2.3.4, 203.0.113.77",
    },
  }).then((response) => {
    isAnswered = true;
    return response;
  });
  await until(() => scans.length === 1);
  expect(isAnswered).toBe(false);
  write();
  expect((await answered).status).toBe(302);

  const [scan] = scans;
  expect(scanEvent.parse(scan)).toEqual({
    id: expect.any(String),
    at: now,
    code_id: code.id,
    workspace_id: code.workspace_id,
    version: 3,
    region: "eu-1",
    network: "203.0.113.0/24",
    visitor: expect.stringMatching(/^[0-9a-f]{16}$/),
    device: "phone",
    os: "iOS",
    browser: "Safari",
    language: "de",
    referrer_host: "news.example",
    bot_class: null,
    served: "destination",
  });
  expect(scanRecord(scan as ScanEvent)).not.toMatch(/203\.0\.113\.77|Mozilla|iPhone|17_5|de-AT|article/);
});

test("a visitor is the same all day and another one tomorrow", async () => {
  const request = { userAgent: "Phone", peer: "203.0.113.7" };
  const readScanner = makeReadScanner([]);
  const row = table.find(code.short_id);
  const visitorAt = (at: number, from = request) =>
    describeScan(readScanner(from), row as never, at, ledToDestination).visitor;
  expect(visitorAt(now)).toBe(visitorAt(now + 3_600_000));
  expect(visitorAt(now)).not.toBe(visitorAt(now + 86_400_000));
  expect(visitorAt(now)).not.toBe(visitorAt(now, { ...request, peer: "203.0.113.8" }));
});

test("a scan that cannot be written down is answered all the same", async () => {
  recordScan = () => Promise.reject(new Error("broken"));
  expect((await get("/q/7K2MWX9P")).status).toBe(302);
});

test("a HEAD is answered as a GET and never counted", async () => {
  const response = await get("/q/7K2MWX9P", { method: "HEAD" });
  expect([response.status, response.headers.get("location")]).toEqual([302, code.destination_url]);
  const missing = await get("/q/MISSING", { method: "HEAD" });
  expect([missing.status, missing.headers.get("content-type")]).toEqual([404, "text/html; charset=utf-8"]);
  expect(scans).toEqual([]);
});

test.each([
  ["PAUSED", 410, null],
  ["PAUSED-2", 302, fallback_url],
  ["EXPIRED", 410, null],
  ["EXPIRED-2", 302, fallback_url],
  ["NOT-YET", 302, code.destination_url],
  ["DELETED", 404, null],
])("the code %s answers %s to %s", async (shortId, status, location) => {
  const response = await get(`/q/${shortId}`);
  expect([response.status, response.headers.get("location")]).toEqual([status, location]);
  // A 302 that a client received is a scan, wherever it led.
  const served = location === fallback_url ? "fallback" : "destination";
  expect(scans.map((scan) => scan.served)).toEqual(status === 302 ? [served] : []);
  if (status !== 302) {
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.text()).toMatch(/<h1>This code/);
  }
});

test.each([
  ["fr-CA,fr;q=0.8,en;q=0.5", "fr", "Ce code est en pause"],
  ["DE", "de", "Dieser Code ist pausiert"],
  ["fi, es;q=0.7, en;q=0.1", "es", "Este código está en pausa"],
  ["pt-BR", "pt", "Este código está em pausa"],
  ["ja", "ja", "このコードは一時停止中です"],
  ["zh-CN,zh;q=0.9", "zh", "此二维码已暂停"],
  ["ar-EG", "ar", "هذا الرمز متوقف مؤقتًا"],
  ["fi", "en", "This code is paused"],
  ["*", "en", "This code is paused"],
  ["nonsense;;q=x,,", "en", "This code is paused"],
  [`${"a,".repeat(100)}fr`, "fr", "Ce code est en pause"],
  // Beyond what is read of a header.
  [`${"a,".repeat(7_000)}fr`, "en", "This code is paused"],
])("who reads %.20s gets a page in %s", async (accepted, language, title) => {
  const response = await get("/q/PAUSED", { headers: { "Accept-Language": accepted } });
  expect([response.status, response.headers.get("content-language")]).toEqual([410, language]);
  expect(response.headers.get("vary")).toBe("Accept-Language");
  const html = await response.text();
  expect(html).toContain(`<html lang="${language}"${language === "ar" ? ' dir="rtl"' : ""}>`);
  expect(html).toContain(`<h1>${title}</h1>`);
  // Nothing is fetched from anywhere: no address stands in it.
  expect(html).not.toMatch(/(src|href|url)\s*[=(]/i);
});

test("paused, expired and unknown codes are told apart", async () => {
  const titles = await Promise.all(
    ["PAUSED", "EXPIRED", "UNKNOWN"].map(
      async (id) => /<h1>(.*)<\/h1>/.exec(await (await get(`/q/${id}`)).text())?.[1],
    ),
  );
  expect(titles).toEqual(["This code is paused", "This code has expired", "This code leads nowhere"]);
});

const nowhere = [
  "/q/UNKNOWN",
  "/q/AB",
  "/q/",
  "/",
  "/q",
  "/q/7K2MWX9P/x",
  "/q/7K2MWX9P%2F",
  "/q/..%2F7K2MWX9P",
  "/q//7K2MWX9P",
  "//q/7K2MWX9P",
  "/q/7K2MWX9P%0d%0aSet-Cookie:a=b",
  "/q/%F0%9F%92%A9",
  "/q/7K2MWX9ſ",
  "/q/%zz",
  "/q/7K2MWX9P;a=b",
  `/q/${"A".repeat(8_000)}`,
  "/favicon.ico",
  "/api/v1/dynamic/",
  "/constructor",
];
test.each(nowhere.map((path) => [path.slice(0, 40), path]))(
  "%s is a page that says so, 404, not to be kept",
  async (_shown, path) => {
    const response = await new Promise<{ status?: number; headers: Record<string, unknown> }>((resolve, reject) => {
      const url = { host: "127.0.0.1", port: service.port, path: encodeURI(path as string).replaceAll("%25", "%") };
      request(url, (res) => {
        res.resume();
        resolve({ status: res.statusCode, headers: res.headers });
      })
        .on("error", reject)
        .end();
    });
    expect(response).toMatchObject({
      status: 404,
      headers: { "cache-control": "no-store", "content-type": "text/html; charset=utf-8" },
    });
    expect(response.headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
    expect(scans).toEqual([]);
  },
);

test("a query never changes where a code leads", async () => {
  const response = await get("/q/7K2MWX9P?url=https://evil.example&destination_url=//evil.example%0d%0aX:1");
  expect(response.headers.get("location")).toBe(code.destination_url);
});

test("an address in absolute form is understood", async () => {
  const answer = await sendRaw("GET http://qr.example/q/7K2MWX9P HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  expect(answer).toMatch(/^HTTP\/1\.1 302 /);
});

test.each(["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])("%s is refused, with what is allowed", async (method) => {
  const response = await get("/q/7K2MWX9P", { method, ...(method === "POST" && { body: "x=1" }) });
  expect(response.status).toBe(405);
  expect(response.headers.get("allow")).toBe("GET, HEAD");
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(await response.json()).toMatchObject({
    status: 405,
    code: "method_not_allowed",
    request_id: response.headers.get("x-request-id"),
  });
  expect(scans).toEqual([]);
});

test("while nobody can say what exists an unknown code is 503, never 404, and a known one is served", async () => {
  lookUp = async () => "away";
  const noted = orphans.length;
  const forPrograms = await get("/q/UNKNOWN");
  expect(forPrograms.status).toBe(503);
  expect(forPrograms.headers.get("retry-after")).toBe("2");
  expect(await forPrograms.json()).toMatchObject({ code: "unavailable" });
  const forPeople = await get("/q/UNKNOWN", { headers: { Accept: "text/html,*/*", "Accept-Language": "fr" } });
  expect(forPeople.status).toBe(503);
  expect(forPeople.headers.get("retry-after")).toBe("2");
  expect(await forPeople.text()).toContain("<h1>Un instant, s’il vous plaît</h1>");
  for (const [path, method] of [
    ["/q/UNKNOWN+", "GET"],
    ["/q/UNKNOWN", "HEAD"],
    ["/q/UNKNOWN", "POST"],
    ["/unknown/", "GET"],
  ] as const) {
    expect((await get(path, { method, ...(method === "POST" && { body: "password=x" }) })).status).toBe(503);
  }
  expect((await get("/q/7K2MWX9P")).status).toBe(302);
  // No id of ours can look like this.
  expect((await get("/favicon.ico")).status).toBe(404);
  expect(orphans.length).toBe(noted);
});

test("a code that a look has found is served as any other", async () => {
  lookUp = async (shortId) => {
    table.apply({ ...code, short_id: shortId });
    return "found";
  };
  expect((await get("/q/new-one")).headers.get("location")).toBe(code.destination_url);
  expect((await get("/q/new-two+")).status).toBe(200);
  expect((await get("/q/new-three", { method: "HEAD" })).status).toBe(302);
  expect(scans).toHaveLength(1);
});

test.each(["/api/health", "/api/health/"])("%s says ok", async (path) => {
  const response = await get(path);
  expect([response.status, await response.json()]).toEqual([200, { status: "ok" }]);
});

test("headers over 16 kB are 431, what is no HTTP is 400, both as problem documents", async () => {
  const tooLarge = await sendRaw(`GET /q/7K2MWX9P HTTP/1.1\r\nHost: x\r\nX-Big: ${"a".repeat(17_000)}\r\n\r\n`);
  expect(tooLarge).toMatch(/^HTTP\/1\.1 431 /);
  expect(tooLarge).toContain('"code":"headers_too_large"');
  for (const bytes of ["rubbish\r\n\r\n", "GET /q/7K2MWX9P HTTP/1.1\r\nHost: x\r\nA\u0000B: c\r\n\r\n"]) {
    const answer = await sendRaw(bytes);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain("application/problem+json");
    expect(answer).toMatch(/X-Request-Id: [0-9a-f-]{36}/);
  }
  expect(scans).toEqual([]);
});

test("clients that drip their headers are cut with 408, and others are served before that", async () => {
  service.server.headersTimeout = 200;
  service.server.requestTimeout = 200;
  const slow = Array.from({ length: 50 }, () => sendRaw("GET /q/7K2MWX9P HTTP/1.1\r\nHost: x\r\nX-Slow: "));
  const other = get("/q/7K2MWX9P");
  expect(await firstSettled({ other, slow: Promise.race(slow) })).toBe("other");
  expect((await other).status).toBe(302);
  for (const answer of await Promise.all(slow)) {
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('"code":"request_timeout"');
  }
});

test("a scan of an id that leads nowhere is noted, in one spelling, and a HEAD is not", async () => {
  orphans.length = 0;
  for (const path of ["/q/nobodys-1", "/Q/NOBODYS-1/", "/nobodys-1"]) {
    expect((await fetchOurs(service.url + path)).status).toBe(404);
  }
  await fetchOurs(`${service.url}/q/nobodys-1`, { method: "HEAD" });
  await fetchOurs(`${service.url}/q/no%20id`);
  expect(orphans).toEqual(["NOBODYS-1", "NOBODYS-1", "NOBODYS-1"]);
});
