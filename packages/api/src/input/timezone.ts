// The time zone of a request, in the words of a query.
import { findZone } from "@qrfactory/domain/local-time";
import { z } from "zod";

/**
 * Names that look like those of the IANA database and that the runtime knows, too. PostgreSQL takes a short one, such
 * as CET or IST, for an abbreviation that knows no summer or means another place, so the zone's full name is what it is
 * told.
 */
export const timezoneField = z
  .string()
  .max(64)
  .refine((name) => findZone(name) !== null, "Use a name of the IANA time zone database, such as Europe/Vienna.")
  .transform((name) => (name.includes("/") ? name : (findZone(name) ?? name)));
