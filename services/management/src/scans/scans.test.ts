// Lists and exports of single scans, and the live counter.
import { get } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { ScanRow } from "@qrfactory/db/scans/ingest/rows";
import { until } from "@qrfactory/processes/until";
import { type Api, expectProblem, type Send, startApi } from "../api.fixture.js";
import { scanRow, takeIn } from "./scans.fixture.js";

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

async function signUpWithCode(): Promise<{
  as: Send;
  token: string;
  code: { id: string; workspaceId: string };
  shortId: string;
}> {
  const { as, workspaceId, session } = await api.signUp();
  await api.setPlan(workspaceId, "enterprise");
  const body = { name: "Code", destination_url: "https://example.com" };
  const { id, short_id } = (await as("POST", "/api/v1/dynamic", { body })).body;
  return { as, token: session.access_token, code: { id, workspaceId }, shortId: short_id };
}

/** Scans a second apart, every third at the moment of the one before it. */
const scansOf = (code: { id: string; workspaceId: string }, count: number, more: Partial<ScanRow> = {}) =>
  Array.from({ length: count }, (_, i) =>
    scanRow(code, new Date(Date.parse("2026-10-31T23:59:30Z") + (i - (i % 3 === 2 ? 1 : 0)) * 1_000), more),
  );

const latestFirst = (a: ScanRow, b: ScanRow) =>
  b.scanned_at.getTime() - a.scanned_at.getTime() || (a.id < b.id ? 1 : -1);

test("pages of scans stay right while scans are added, at the same moment too", async () => {
  const { as, code, shortId } = await signUpWithCode();
  const rows = scansOf(code, 100);
  await takeIn(api.database.url, rows);
  const seen: string[] = [];
  let cursor: string | null = null;
  for (let page = 0; page === 0 || cursor !== null; page++) {
    const query = new URLSearchParams({ limit: "7", ...(cursor && { cursor }) });
    const { body } = await as("GET", `/api/v1/dynamic/${shortId}/scans/?${query}`);
    seen.push(...body.results.map(({ id }: { id: string }) => id));
    cursor = body.next_cursor;
    await takeIn(api.database.url, [scanRow(code, "2026-11-01T12:00:00Z")]);
  }
  expect(seen).toEqual(rows.sort(latestFirst).map(({ id }) => id));
});

test("a scan shows what the contract names, and nothing of an address", async () => {
  const { as, code, shortId } = await signUpWithCode();
  await takeIn(api.database.url, [
    scanRow(code, "2026-10-31T10:00:00Z", { bot_class: "preview", referrer_host: "a.example" }),
  ]);
  const { body, text } = await as("GET", "/api/v1/scans");
  expect(body.results).toEqual([
    {
      ...{ id: expect.any(String), short_id: shortId, scanned_at: "2026-10-31T10:00:00.000Z", country: "AT" },
      ...{ region: "Vienna", city: "Vienna", device: "phone", os: "iOS", browser: "Safari", language: "de" },
      ...{ referrer: "a.example", variant: null, bot_class: "preview", serving_region: "eu-1" },
      ...{ visitor: "0123456789abcdef", code_name: expect.any(String), served: "destination" },
      ...{ rule_id: null, variant_id: null, district: null },
    },
  ]);
  expect(text).not.toContain("203.0.113");
});

test("lists hold what the filters leave", async () => {
  const { as, code } = await signUpWithCode();
  await takeIn(api.database.url, [...scansOf(code, 5, { country: "FR" }), ...scansOf(code, 4, { country: null })]);
  const count = async (query: string) => (await as("GET", `/api/v1/scans?${query}`)).body.results.length;
  expect(await count("country=FR")).toBe(5);
  expect(await count("country=unknown")).toBe(4);
  expect(await count("country=-FR&from=2026-10-31T23:59:31Z")).toBe(3);
  expect(await count("bot_class=-unknown")).toBe(0);
  const inAnyCase = [
    "country=fr",
    "country=fr,Unknown&language=DE&device=mobile&os=ios&bot_class=UNKNOWN",
    "country=-fr",
  ];
  expect(await Promise.all(inAnyCase.map(count))).toEqual([5, 9, 4]);
});

test("an export shows moments by the clocks of its zone, and the names of codes", async () => {
  const { as, code } = await signUpWithCode();
  const body = { name: "=Menu, spring", destination_url: "https://example.com" };
  const menu = (await as("POST", "/api/v1/dynamic", { body })).body;
  const moments = ["2026-10-25T00:59:59.999Z", "2026-10-25T01:00:00Z"];
  await takeIn(
    api.database.url,
    moments.map((at) => scanRow({ ...code, id: menu.id }, at)),
  );
  const read = async (query: string) => (await as("GET", `/api/v1/scans/export?${query}`)).text.trim().split("\n");
  const rows = (await read("format=ndjson&timezone=Europe/Vienna")).map((line) => JSON.parse(line));
  expect(rows.map(({ scanned_at, code_name }) => [scanned_at, code_name])).toEqual([
    ["2026-10-25T02:59:59.999+02:00", body.name],
    ["2026-10-25T02:00:00.000+01:00", body.name],
  ]);
  const [header = "", first = ""] = await read("format=csv&timezone=Asia/Kathmandu");
  expect(header.split(",")).toContain("code_name");
  expect(first).toContain("2026-10-25T06:44:59.999+05:45");
  expect(first).toContain(`"'=Menu, spring"`);
  expect((await read("format=csv"))[1]).toContain(moments[0]);
});

test("lists and exports of a workspace are narrowed down to a tag or a folder, as its reports are", async () => {
  const { as, code, shortId } = await signUpWithCode();
  const body = { name: "Menu", destination_url: "https://example.com", tags: ["menu"], folder: "Vienna" };
  const menu = (await as("POST", "/api/v1/dynamic", { body })).body;
  await takeIn(api.database.url, [...scansOf(code, 3), ...scansOf({ ...code, id: menu.id }, 4)]);
  for (const [query, scans] of [
    ["tag=menu", 4],
    ["tag=none,Menu", 4],
    ["folder=Vienna&country=AT", 4],
    ["tag=menu&folder=Graz", 0],
    ["", 7],
  ] as const) {
    const report = await as("GET", `/api/v1/analytics?from=2026-10-31&to=2026-11-01&${query}`);
    const list = await as("GET", `/api/v1/scans?${query}`);
    const file = await as("GET", `/api/v1/scans/export?format=ndjson&${query}`);
    const exported = file.text.split("\n").length - 1;
    expect([report.body.total_scans, list.body.results.length, exported]).toEqual([scans, scans, scans]);
  }
  for (const path of ["scans", "scans/export"]) {
    expectProblem(await as("GET", `/api/v1/dynamic/${shortId}/${path}?tag=menu`), 400, "validation_failed");
  }
});

test.each([
  "cursor=abc",
  `cursor=${Buffer.from('["2026-10-31T00:00:00Z","x"]').toString("base64url")}`,
  "limit=1000",
  "page=1",
])("a list refuses the query %s", async (query) => {
  const { as } = await signUpWithCode();
  expectProblem(await as("GET", `/api/v1/scans?${query}`), 400, "validation_failed");
});

test("an export holds every scan once, the oldest first, and is safe in a spreadsheet", async () => {
  const { as, code, shortId } = await signUpWithCode();
  const city = '=HYPERLINK("https://evil.example")';
  const rows = scansOf(code, 5_000, { city, region_name: "+1", browser: "\ttab" });
  await takeIn(api.database.url, rows);
  const expected = rows
    .sort(latestFirst)
    .reverse()
    .map(({ id }) => id);
  const csv = await as("GET", `/api/v1/dynamic/${shortId}/scans/export/?format=csv`);
  expect(csv.headers.get("content-type")).toBe("text/csv; charset=utf-8");
  const [header, ...lines] = csv.text.trimEnd().split("\n");
  expect(header).toMatch(/^id,short_id,scanned_at,country/);
  expect(lines.map((line) => line.slice(0, 36))).toEqual(expected);
  expect(lines[0]).toContain(`'+1,"'=HYPERLINK(""https://evil.example"")"`);
  expect(lines[0]).toContain("'\ttab");
  const ndjson = await as("GET", "/api/v1/scans/export?format=ndjson");
  const documents = ndjson.text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(documents.map(({ id }) => id)).toEqual(expected);
  expect(documents[0].city).toBe(city);
});

test("an export of nothing is a table without rows", async () => {
  const { as } = await signUpWithCode();
  expect((await as("GET", "/api/v1/scans/export?format=csv")).text).toMatch(
    /^id,.*visitor,served,rule_id,variant_id,district\n$/,
  );
  expect((await as("GET", "/api/v1/scans/export?format=ndjson")).text).toBe("");
  expectProblem(await as("GET", "/api/v1/scans/export?format=xml"), 400, "validation_failed");
});

test("a live stream tells the number of scans at once, and again when one comes in", async () => {
  const { token, code, shortId } = await signUpWithCode();
  const events: { scans: number; bots: number }[] = [];
  const headers = { authorization: `Bearer ${token}` };
  const request = get(`${api.url}/api/v1/dynamic/${shortId}/analytics/live/`, { headers }, (response) => {
    expect(response.headers["content-type"]).toMatch(/^text\/event-stream/);
    response.on("data", (chunk) => {
      for (const [, data] of String(chunk).matchAll(/^data: (.*)$/gm)) events.push(JSON.parse(data as string));
    });
    response.on("error", () => {});
  });
  request.on("error", () => {});
  await until(() => events.length === 1);
  await takeIn(api.database.url, [scanRow(code, new Date()), scanRow(code, new Date(), { bot_class: "bot" })]);
  await until(() => events.length === 2, { timeoutMs: 10_000 });
  request.destroy();
  expect(events.map(({ scans, bots }) => [scans, bots])).toEqual([
    [0, 0],
    [1, 1],
  ]);
});

test("a HEAD of a live stream is answered at once and holds nothing open", async () => {
  const { token, shortId } = await signUpWithCode();
  const { hostname, port } = new URL(api.url);
  const socket = connect(Number(port), hostname);
  const common = `Host: ${hostname}\r\nAuthorization: Bearer ${token}\r\n`;
  socket.write(`HEAD /api/v1/dynamic/${shortId}/analytics/live HTTP/1.1\r\n${common}\r\n`);
  // On the same connection, where it has to wait for its turn.
  socket.write(`GET /api/health HTTP/1.1\r\n${common}Connection: close\r\n\r\n`);
  let answers = "";
  for await (const bytes of socket) answers += bytes;
  expect(answers.match(/^HTTP\/1\.1 200 OK\r\n|^Content-Type: .*\r\n/gm)).toEqual([
    "HTTP/1.1 200 OK\r\n",
    "Content-Type: text/event-stream; charset=utf-8\r\n",
    "HTTP/1.1 200 OK\r\n",
    "Content-Type: application/json; charset=utf-8\r\n",
  ]);
  expect(answers).toMatch(/\{"status":"ok"\}$/);
});

test("a user may hold twenty live streams open, and gets their places back", async () => {
  const { token } = await signUpWithCode();
  const headers = { authorization: `Bearer ${token}` };
  const abort = new AbortController();
  const open = () => fetch(`${api.url}/api/v1/analytics/live`, { headers, signal: abort.signal });
  const statuses = await Promise.all(Array.from({ length: 21 }, open)).then((all) => all.map(({ status }) => status));
  expect(statuses.filter((status) => status === 200)).toHaveLength(20);
  expect(statuses.filter((status) => status === 429)).toHaveLength(1);
  abort.abort();
  await until(async () => {
    const again = new AbortController();
    const { status } = await fetch(`${api.url}/api/v1/analytics/live`, { headers, signal: again.signal });
    again.abort();
    return status === 200;
  });
});

test("a live stream ends soon after the session of who opened it", async () => {
  const { as, session } = await api.signUp();
  const headers = { authorization: `Bearer ${session.access_token}` };
  const { body } = await fetch(`${api.url}/api/v1/analytics/live`, { headers });
  await as("POST", "/api/v1/auth/logout", { body: { refresh_token: session.refresh_token } });
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  const isAtEnd = async (): Promise<boolean> => (await reader.read()).done || isAtEnd();
  expect(await isAtEnd()).toBe(true);
}, 15_000);
