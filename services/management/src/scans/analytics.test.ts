// Every number of a report against one that is computed another way: here, in JavaScript, from the rows.
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { connectDatabase, withPatience } from "@qrfactory/db/client";
import type { ScanRow } from "@qrfactory/db/scans/ingest/rows";
import { type Api, expectProblem, type Send, startApi } from "../api.fixture.js";
import { bucketOf, type Expected, type Report, reportOf } from "./expected-report.fixture.js";
import { scanRow, seededScans, summarise, takeIn } from "./scans.fixture.js";

let api: Api;
let as: Send;
let rows: ScanRow[];
/** The short id of the busy code and of one with few scans. */
const [busy, quiet] = ["BUSY-1", "QUIET-1"];
const ids: Record<string, string> = {};
beforeAll(async () => {
  api = await startApi();
  const person = await api.signUp();
  as = person.as;
  await api.setPlan(person.workspaceId, "enterprise");
  for (const short_id of [busy, quiet]) {
    const tags = short_id === quiet ? ["few"] : [];
    const body = { name: short_id, short_id, destination_url: "https://example.com", tags };
    ids[short_id] = (await as("POST", "/api/v1/dynamic", { body })).body.id;
  }
  rows = seededScans(person.workspaceId, ids[busy] as string, ids[quiet] as string);
  await takeIn(api.database.url, rows);
});
afterAll(() => api.close());

async function read(path: string, query: object): Promise<Report> {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) search.set(name, String(value));
  const answer = await as("GET", `${path}?${search}`);
  expect([answer.status, answer.text.slice(0, 300)]).toEqual([200, expect.anything()]);
  return answer.body;
}

/** The report with the local time of each bucket in place of its moment; codes have a test of their own. */
function comparable(report: Report & Record<string, unknown>, asked: Expected) {
  const { top_codes, complete_from, ...rest } = report;
  const timeseries = (report.timeseries as unknown as { start: string; scans: number; unique_visitors: number }[]).map(
    ({ start, ...counts }) => ({ bucket: bucketOf(new Date(start), asked), ...counts }),
  );
  return { ...rest, timeseries };
}

const ranges = [
  ["UTC", "day", "2026-10-01T00:00:00Z", "2026-11-06T00:00:00Z"],
  ["UTC", "month", "2026-10-01T00:00:00Z", "2026-11-06T00:00:00Z"],
  ["Europe/Vienna", "day", "2026-09-30T22:00:00Z", "2026-11-05T23:00:00Z"],
  ["Europe/Vienna", "hour", "2026-10-23T22:00:00Z", "2026-10-26T23:00:00Z"],
  ["Asia/Kolkata", "day", "2026-09-30T18:30:00Z", "2026-11-05T18:30:00Z"],
  ["Asia/Kathmandu", "hour", "2026-10-24T18:15:00Z", "2026-10-27T18:15:00Z"],
  ["America/St_Johns", "week", "2026-10-04T12:34:56Z", "2026-11-03T01:23:45Z"],
  ["America/New_York", "day", "2026-10-05T04:00:00Z", "2026-10-25T19:12:34Z"],
  ["Asia/Kolkata", "week", "2026-10-25T18:30:00Z", "2026-11-05T18:30:00Z"],
  ["Australia/Lord_Howe", "day", "2026-10-01T00:00:00Z", "2026-10-31T12:00:00Z"],
] as const;
const cases = ranges.flatMap(([timezone, interval, from, to]) =>
  [false, true].map((include_bots) => [timezone, interval, from, to, include_bots] as const),
);

describe.each(["rows", "summaries", "summaries and late rows"])("a report read from %s", (source) => {
  beforeAll(async () => {
    if (source === "summaries") {
      await summarise(api.database.url, "2026-10-03T00:00:00Z", "2026-11-06T00:00:00Z", "2026-10-25T00:00:00Z");
    }
    if (source !== "summaries and late rows") return;
    const { code_id: id, workspace_id: workspaceId } = rows[0] as ScanRow;
    const late = ["2026-10-25T00:30:00Z", "2026-10-31T23:59:59.999Z", "2026-11-01T00:00:00Z"].map((at) =>
      scanRow({ id, workspaceId }, at, { visitor: "late" }),
    );
    await takeIn(api.database.url, late);
    rows.push(...late);
  });

  test.each(cases)("is right in %s by %s from %s to %s, machines included: %s", async (...asked) => {
    const [timezone, interval, from, to, include_bots] = asked;
    const query = { timezone, interval, from, to, include_bots };
    expect(comparable(await read("/api/v1/analytics", query), query)).toEqual(reportOf(rows, query));
    for (const shortId of [busy, quiet]) {
      const ofCode = rows.filter(({ code_id }) => code_id === ids[shortId]);
      expect(comparable(await read(`/api/v1/dynamic/${shortId}/analytics`, query), query)).toEqual(
        reportOf(ofCode, query),
      );
    }
  });

  test("filters by what is known, and by what is not", async () => {
    const asked = {
      timezone: "UTC",
      interval: "day",
      from: "2026-10-01T00:00:00Z",
      to: "2026-11-06T00:00:00Z",
      include_bots: false,
    };
    const tables: [object, (row: ScanRow) => boolean][] = [
      [{ country: "FR,AT" }, ({ country }) => country === "FR" || country === "AT"],
      [{ country: "-AT" }, ({ country }) => country !== "AT"],
      [{ country: "unknown", device: "-unknown" }, ({ country, device }) => country === null && device !== null],
      [{ os: "Android", serving_region: "us-1" }, ({ os, region }) => os === "Android" && region === "us-1"],
    ];
    for (const [filter, keeps] of tables) {
      const report = await read("/api/v1/analytics", { ...asked, ...filter });
      expect(comparable(report, asked)).toEqual(reportOf(rows.filter(keeps), asked));
    }
    const withFallback = { ...asked, include_fallback: true };
    const all = await read("/api/v1/analytics", withFallback);
    expect(comparable(all, asked)).toEqual(reportOf(rows, withFallback));
    const only = await read("/api/v1/analytics", { ...asked, served: "fallback,APP" });
    const led = rows.filter(({ served }) => served === "fallback" || served === "app");
    expect(comparable(only, asked)).toEqual(reportOf(led, withFallback));
  });

  test("names the busiest codes", async () => {
    const { top_codes } = (await read("/api/v1/analytics", { from: "2026-10-01", to: "2026-11-05" })) as unknown as {
      top_codes: { short_id: string; scans: number }[];
    };
    const people = rows.filter(({ bot_class, served }) => bot_class === null && served !== "fallback");
    const ofBusy = people.filter(({ code_id }) => code_id === ids[busy]).length;
    expect(top_codes.map(({ short_id, scans }) => [short_id, scans])).toEqual([
      [busy, ofBusy],
      [quiet, people.length - ofBusy],
    ]);
    const first = await read("/api/v1/analytics", { from: "2026-10-01", to: "2026-11-05", top: "1" });
    expect((first as unknown as { top_codes: object[] }).top_codes).toEqual([top_codes[0]]);
  });
});

test("a day on which the clocks change has 25 or 23 hours", async () => {
  const hours = async (date: string) => {
    const query = { from: date, to: date, interval: "hour", timezone: "Europe/Vienna" };
    return (await read("/api/v1/analytics", query)).timeseries.length;
  };
  expect([await hours("2026-10-25"), await hours("2026-03-29"), await hours("2026-10-26")]).toEqual([25, 23, 24]);
});

test("a tag narrows a workspace down to its codes", async () => {
  const asked = {
    timezone: "UTC",
    interval: "day",
    from: "2026-10-01T00:00:00Z",
    to: "2026-11-06T00:00:00Z",
    include_bots: false,
  };
  const report = comparable(await read("/api/v1/analytics", { ...asked, tag: "few" }), asked);
  expect(report).toEqual(
    reportOf(
      rows.filter(({ code_id }) => code_id === ids[quiet]),
      asked,
    ),
  );
});

test("a comparison counts the time just before, and says by how much it changed", async () => {
  const { previous, changes, total_scans } = (await read("/api/v1/analytics", {
    ...{ from: "2026-10-20", to: "2026-10-26", compare: "previous" },
  })) as unknown as {
    previous: { from: string; total_scans: number; timeseries: object[] };
    changes: { total_scans: number };
    total_scans: number;
  };
  const before = await read("/api/v1/analytics", { from: "2026-10-13", to: "2026-10-19" });
  expect(previous).toMatchObject({ from: "2026-10-13T00:00:00.000Z", total_scans: before.total_scans });
  expect(previous.timeseries).toEqual(before.timeseries);
  expect(changes.total_scans).toBeCloseTo((total_scans - before.total_scans) / before.total_scans, 3);
});

test("totals stay when rows are dropped at the end of their time", async () => {
  const code = { id: ids[quiet] as string, workspaceId: (rows[0] as ScanRow).workspace_id };
  const old = ["2025-01-30T10:00:00Z", "2025-01-30T10:59:59Z", "2025-02-01T00:00:00Z"].map((at) => scanRow(code, at));
  await takeIn(api.database.url, [...old, scanRow(code, "2025-02-01T05:00:00Z", { bot_class: "bot" })]);
  const query = { from: "2025-01-01", to: "2025-02-28", interval: "month" };
  const before = await read(`/api/v1/dynamic/${quiet}/analytics`, query);
  const db = connectDatabase(api.database.url, { ...withPatience, poolMax: 1 });
  await db.$executeRaw`DELETE FROM scans WHERE scanned_at < '2025-02-01T01:00:00Z'`;
  const after = await read(`/api/v1/dynamic/${quiet}/analytics`, query);
  await db.workspace.update({ where: { id: code.workspaceId }, data: { retentionMonths: 240 } });
  const keptLonger = await read(`/api/v1/dynamic/${quiet}/analytics`, query);
  await db.workspace.update({ where: { id: code.workspaceId }, data: { retentionMonths: null } });
  await db.$disconnect();
  expect(before).toMatchObject({ total_scans: 3, bots: 1, timeseries: [{ scans: 2 }, { scans: 1 }] });
  expect(after).toMatchObject({ total_scans: 3, bots: 1, timeseries: [{ scans: 2 }, { scans: 1 }] });
  // The visitors are not known any more, and the report says so.
  const thirteenMonthsAgo = new Date();
  thirteenMonthsAgo.setUTCMonth(thirteenMonthsAgo.getUTCMonth() - 13);
  const differsByMs = Date.parse(after.complete_from as string) - thirteenMonthsAgo.getTime();
  expect(Math.abs(differsByMs)).toBeLessThan(4 * 86_400_000);
  const from = new Date(Date.now() - 360 * 86_400_000).toISOString();
  const year = await read("/api/v1/analytics", { from });
  const compared = await read("/api/v1/analytics", { from, compare: "previous" });
  expect([keptLonger, year].map((report) => report.complete_from)).toEqual([null, null]);
  expect(compared.complete_from).toEqual(expect.any(String));
});

test("by default the last thirty days are meant, each with a bucket", async () => {
  const report = await read(`/api/v1/dynamic/${quiet}/analytics`, {});
  expect(report.timeseries).toHaveLength(30);
});

test.each([
  ["interval=minute", "interval"],
  ["timezone=Mars%2FOlympus", "timezone"],
  ["timezone=%27%3BDROP", "timezone"],
  ["from=yesterday", "from"],
  ["from=2026-11-02&to=2026-11-01", "from"],
  ["from=2026-01-01&to=2026-11-01&interval=hour", "interval"],
  ["from=1800-01-01", "from"],
  ["from=0000-01-01", "from"],
  ["to=9999-12-31", "to"],
  ["from=2026-10-01&from=2026-10-02", "from"],
  ["include_bots=yes", "include_bots"],
  ["country=", "country"],
  ["country=FR%00", "country"],
  ["top=100000", "top"],
  ["compare=all", "compare"],
  ["country=AT,Austria", "country"],
  ["country=-%27%3B%20DROP%20TABLE", "country"],
  ["language=de-AT", "language"],
  ["language=%25", "language"],
  ["device=iphone", "device"],
  ["bot_class=human", "bot_class"],
  ["referrer=https%3A%2F%2Fnews.example%2Fa", "referrer"],
  ["colour=red", "colour"],
  ["__proto__=1", "__proto__"],
])("the query %s is refused by its field", async (query, field) => {
  const answer = await as("GET", `/api/v1/analytics?${query}`);
  expectProblem(answer, 400, "validation_failed");
  expect(Object.keys(answer.body.errors)).toContain(field);
});

test.each([
  ["country=Austria", "Use AT."],
  ["country=Österreich", "Use AT."],
  ["country=uk", "Use GB."],
  ["country=Narnia", "ISO 3166-1"],
  ["language=de-AT", "Use de; regions are not kept."],
  ["language=Deutsch", "Use de; regions are not kept."],
  ["device=iphone", "phone, tablet, desktop"],
  ["referrer=https://news.example/a?b", "Use the host alone: news.example."],
])("the filter %s says what would match", async (filter, words) => {
  const [name = "", value = ""] = filter.split("=");
  const { body } = await as("GET", `/api/v1/analytics?${new URLSearchParams({ [name]: value })}`);
  expect(body.errors[name]).toEqual([expect.stringContaining(words)]);
  expect(body.errors[name][0]).toContain(JSON.stringify(value));
});

test.each(["region='; DROP TABLE scans; --", "city=\\", "browser={a,b}", 'os="x', "serving_region=%25"])(
  "the filter %s is a value like any other",
  async (filter) => {
    const [name, value] = filter.split("=") as [string, string];
    expect(await read("/api/v1/analytics", { [name]: value, from: "2026-10-01" })).toMatchObject({ total_scans: 0 });
  },
);
