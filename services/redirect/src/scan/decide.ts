// Where a scan of a row leads. Most codes have one destination, and for them it is a comparison; for the others the
// row's routing is made ready once for each version, and codes/route decides.

import type { LiveRow } from "@qrfactory/codes/published/row-bytes";
import { compileRoutes, type Decision, endOf, type Routes, route } from "@qrfactory/codes/routing/route";
import { makeRecent } from "@qrfactory/visitor/memo";
import type { CountryDatabase } from "./country-database.js";
import type { Scanner } from "./scan.js";
import type { Uses } from "./uses.js";
import { isPerson, type VisitorOf } from "./visitor.js";

/** Routings that are kept ready, or twice as many; with fifty rules each some 20 kB. */
const routesMax = 2_000;

/** Facts that decisions may ask for. */
export type DecideOptions = { visitorOf: VisitorOf; uses: Uses; countryDatabase: Pick<CountryDatabase, "isOpen"> };

/** Decisions about scans of rows. */
export type Decide = {
  /** Null when the visitor's country has to be known first: open the database and ask again. */
  decide(row: LiveRow, scanner: Scanner, at: number, isUnlocked?: boolean): Decision | null;
  /** Whether a code has a password, also where its end comes before the question. */
  hasPassword(row: LiveRow): boolean;
  /** A scan is answered with where it leads. */
  count(row: LiveRow, scanner: Scanner): void;
};

/** Whether a code has one destination, always and for everybody. */
export const isPlain = (row: LiveRow): boolean => row.readExtra === null && row.limit === null;

/** Makes the decision, which asks nobody and keeps routings ready. */
export function makeDecide({ visitorOf, uses, countryDatabase }: DecideOptions): Decide {
  const ready = makeRecent<{ version: number; routes: Routes }>(routesMax);

  function routesOf(row: LiveRow): Routes {
    if (row.readExtra === null) return compileRoutes(row.destinationUrl, null);
    const known = ready.get(row.id);
    if (known?.version === row.version) return known.routes;
    const routes = compileRoutes(row.destinationUrl, JSON.parse(row.readExtra()));
    ready.set(row.id, { version: row.version, routes });
    return routes;
  }

  return {
    decide(row, scanner, at, isUnlocked = false) {
      const { isActive, expiresAt, fallbackUrl } = row;
      const state = { isActive, expiresAt, fallbackUrl, isUsedUp: uses.isUsedUp(row) };
      const routes = routesOf(row);
      if (routes.asksCountry && !countryDatabase.isOpen() && endOf(state, at) === null) return null;
      return route(state, routes, visitorOf(scanner, row.id), at, { isUnlocked });
    },
    hasPassword: (row) => routesOf(row).passwordHash !== null,
    count(row, scanner) {
      if (row.limit !== null && isPerson(scanner)) uses.take(row);
    },
  };
}
