// Queries of scans with awkward clocks, offsets and names of places.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type Api, type Send, startApi } from "../api.fixture.js";
import { scanRow, takeIn } from "./scans.fixture.js";

let api: Api;
let as: Send;
let code: { id: string; workspaceId: string };
beforeAll(async () => {
  api = await startApi();
  const person = await api.signUp();
  as = person.as;
  const { body } = await as("POST", "/api/v1/dynamic", { body: { name: "A", destination_url: "https://example.com" } });
  code = { id: body.id, workspaceId: person.workspaceId };
});
afterAll(() => api.close());

async function read(query: Record<string, string>) {
  const answer = await as("GET", `/api/v1/analytics?${new URLSearchParams(query)}`);
  expect([answer.status, answer.text.slice(0, 300)]).toEqual([200, expect.anything()]);
  return answer.body;
}

test("days are compared with as many days, also over a change of the clocks, and moments with as much time", async () => {
  const before = async (from: string, to: string, timezone = "Europe/Vienna") => {
    const { previous } = await read({ from, to, timezone, compare: "previous" });
    return [previous.from, previous.to];
  };
  const week = ["2026-10-18T22:00:00.000Z", "2026-10-25T23:00:00.000Z"];
  expect(await before("2026-10-26", "2026-11-01")).toEqual(week);
  expect(await before("2026-10-25T23:00:00Z", "2026-11-01T23:00:00Z")).toEqual(week);
  expect(await before("2026-03-29", "2026-03-29")).toEqual(["2026-03-27T23:00:00.000Z", "2026-03-28T23:00:00.000Z"]);
  // Cuba's clocks go forward at midnight: that day begins at one.
  expect(await before("2026-03-08", "2026-03-08", "America/Havana")).toEqual([
    "2026-03-07T05:00:00.000Z",
    "2026-03-08T05:00:00.000Z",
  ]);
  const hours = ["2026-10-24T20:00:00.000Z", "2026-10-25T00:00:00.000Z"];
  expect(await before("2026-10-25T00:00:00Z", "2026-10-25T04:00:00Z")).toEqual(hours);
});

test.each([
  ["CET", "Europe/Vienna"],
  ["IST", "Asia/Kolkata"],
  ["EST5EDT", "America/New_York"],
  ["utc", "UTC"],
])("the zone %s has the days of %s", async (short, long) => {
  const days = async (timezone: string) => (await read({ from: "2026-07-01", to: "2026-07-02", timezone })).timeseries;
  expect(await days(short)).toEqual(await days(long));
});

test("every offset of RFC 3339 names a moment", async () => {
  for (const [from, to] of [
    ["2026-07-02T00:00:00+23:59", "2026-07-01T23:59:00-16:00"],
    ["2026-07-01T00:01:00Z", "2026-07-02T15:59:00Z"],
  ] as const) {
    const { timeseries } = await read({ from, to, interval: "hour" });
    expect([timeseries[0].start, timeseries.length]).toEqual(["2026-07-01T00:00:00.000Z", 40]);
  }
});

test("in quotes the value of a filter may hold commas, a minus and quotes", async () => {
  const cities = ["Cologne (Innenstadt, Cologne)", "Bonn", "-Berg", 'The "Hague"', null];
  await takeIn(
    api.database.url,
    cities.map((city) => scanRow(code, "2026-11-01T12:00:00Z", { city, district: "" })),
  );
  const named = async (city: string) =>
    (await read({ from: "2026-11-01", to: "2026-11-01", city })).cities.map(({ key }: { key: string }) => key).sort();
  expect(await named('"Cologne (Innenstadt, Cologne)"')).toEqual(["Cologne (Innenstadt, Cologne)"]);
  expect(await named('Bonn , "Cologne (Innenstadt, Cologne)"')).toEqual(["Bonn", "Cologne (Innenstadt, Cologne)"]);
  expect(await named('-"Cologne (Innenstadt, Cologne)",-unknown,-Bonn')).toEqual(["-Berg", 'The "Hague"']);
  expect(await named('"-Berg","The ""Hague"""')).toEqual(["-Berg", 'The "Hague"']);
  expect(await named('The "Hague",--Berg')).toEqual(['The "Hague"']);
  const refused = await Promise.all(
    ['""', "Bonn,", ",Bonn", "-", '-""'].map((city) => as("GET", `/api/v1/analytics?${new URLSearchParams({ city })}`)),
  );
  expect(refused.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400]);
});
