// Cities and districts of the database that is installed, in rows of today and of before.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { connectDatabase, type Db, withPatience } from "@qrfactory/db/client";
import { cityOfName, districtOfName } from "@qrfactory/db/scans/city-names";
import { cityOf } from "@qrfactory/domain/cities";
import { createLog } from "@qrfactory/runtime/log";
import { openGeolocation } from "@qrfactory/visitor/geolocation";
import { type Api, startApi } from "../api.fixture.js";
import { scanRow, takeIn } from "./scans.fixture.js";

let api: Api;
let db: Db;
beforeAll(async () => {
  api = await startApi();
  db = connectDatabase(api.database.url, { ...withPatience, poolMax: 1 });
});
afterAll(async () => {
  await db.$disconnect();
  await api.close();
});

test("PostgreSQL finds the city and the district in every name as ingest does", async () => {
  const { locate, stop } = await openGeolocation({ log: createLog({ service: "test", level: "silent" }) });
  const names = new Set([
    "Vienna",
    " (x)",
    "",
    "a(b) (c)",
    "a (b",
    "Frankfurt (Oder)",
    "Frankfurt (Oder) (Mitte)",
    "a (x) (Oder)",
  ]);
  for (let a = 1; a < 224; a++) {
    for (let b = 0; b < 256; b += 2) {
      const { city, district } = locate(`${a}.${b}.16.0/24`);
      if (city !== null) names.add(city);
      if (district !== null) names.add(district);
    }
  }
  stop();
  expect([...names].filter((name) => name.includes("(")).length).toBeGreaterThan(500);
  const found = await db.$queryRawUnsafe<{ name: string; city: string; district: string | null }[]>(
    `SELECT name, ${cityOfName("name")} AS city, ${districtOfName("name")} AS district FROM unnest($1::text[]) AS name`,
    [...names],
  );
  const expected = [...names].map((name) => {
    const city = cityOf(name);
    return { name, city, district: city === name ? null : name };
  });
  expect(found).toEqual(expected);
});

test("cities are one, districts are apart, and both can be asked for, whenever a scan was taken in", async () => {
  const { as, workspaceId } = await api.signUp();
  const { body } = await as("POST", "/api/v1/dynamic", {
    body: { name: "Code", destination_url: "https://example.com" },
  });
  const places: [city: string | null, district: string | null][] = [
    ...([
      ["Vienna (Leopoldstadt)", null],
      ["Vienna", "Vienna (Leopoldstadt)"],
      ["Vienna", "Vienna (Neubau)"],
    ] as const),
    ...([
      ["Vienna", ""],
      ["Zurich (Own)", ""],
      [null, ""],
      ["Frankfurt (Oder)", null],
    ] as const),
  ].map(([city, district]) => [city, district]);
  const rows = places.map(([city, district]) =>
    scanRow({ id: body.id, workspaceId }, "2026-11-01T12:00:00Z", { city, district }),
  );
  await takeIn(api.database.url, rows);
  const range = "from=2026-11-01&to=2026-11-01";
  const read = async (query: string) => (await as("GET", `/api/v1/analytics?${range}&${query}`)).body;
  const { cities, districts, total_scans } = await read("");
  expect(cities).toEqual([
    { key: "Vienna", scans: 4 },
    ...["Frankfurt (Oder)", "Zurich (Own)", "unknown"].map((key) => ({ key, scans: 1 })),
  ]);
  expect(districts).toEqual([
    { key: "unknown", scans: 4 },
    { key: "Vienna (Leopoldstadt)", scans: 2 },
    { key: "Vienna (Neubau)", scans: 1 },
  ]);
  expect(total_scans).toBe(7);
  expect((await read("city=Vienna")).total_scans).toBe(4);
  expect((await read("district=Vienna (Leopoldstadt)")).total_scans).toBe(2);
  expect((await read("city=Vienna&district=unknown")).total_scans).toBe(1);
  const { results } = (await as("GET", `/api/v1/scans?${range}&district=Vienna (Leopoldstadt)`)).body;
  expect(results.map((scan: { city: string; district: string }) => [scan.city, scan.district])).toEqual([
    ["Vienna", "Vienna (Leopoldstadt)"],
    ["Vienna", "Vienna (Leopoldstadt)"],
  ]);
});
