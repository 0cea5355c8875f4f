// From what a client says of time to two moments. PostgreSQL knows when a day of a time zone begins.
import { invalidField } from "@qrfactory/domain/errors";
import type { Reader } from "./analytics-store.js";
import { sqlState } from "./client.js";
import type { Stretch } from "./scan-scope.js";

/** Each an RFC 3339 moment or a date of the time zone, all of which is meant. */
export type AskedRange = {
  from?: string | undefined;
  to?: string | undefined;
  timezone: string;
  /** Without `from` everything is meant, not the last 30 days. */
  wholeByDefault?: boolean;
};

/** Days up to the last one, this included. */
const daysByDefault = 30;

/** Ten years, so that no arithmetic leaves what PostgreSQL and JavaScript know. */
const rangeMsMax = 3_660 * 24 * 60 * 60_000;

/** Nobody scanned before. */
const earliest = "2020-01-01T00:00:00Z";
const earliestMoment = new Date("2000-01-01T00:00:00Z");

/** Throws `validation_failed` for a range that is empty, too long or in a time zone that nobody knows. */
export async function resolveRange(reader: Reader, asked: AskedRange, now: Date): Promise<Stretch> {
  const isDate = (text: string | undefined) => text !== undefined && !text.includes("T");
  const from = asked.from ?? (asked.wholeByDefault ? earliest : null);
  const text = `
    WITH last AS (
      SELECT CASE WHEN $4 THEN ($2::text::date + 1)::timestamp AT TIME ZONE $5 ELSE coalesce($2::text::timestamptz, $6) END AS until)
    SELECT until, CASE
        WHEN $3 THEN $1::text::date::timestamp AT TIME ZONE $5
        WHEN $1::text IS NOT NULL THEN $1::text::timestamptz
        ELSE (date_trunc('day', (until - interval '1 ms') AT TIME ZONE $5) - interval '${daysByDefault - 1} days') AT TIME ZONE $5
      END AS since
    FROM last`;
  const values = [from, asked.to ?? null, isDate(asked.from), isDate(asked.to), asked.timezone, now];
  const { rows } = await reader.query<{ since: Date; until: Date }>({ text, values }).catch((error) => {
    if (isUnknownTimezone(error)) throw invalidField("timezone", "Use a name of the IANA time zone database.");
    throw error;
  });
  const [row] = rows;
  if (!row) throw new Error("A range has two ends.");
  const range = { from: row.since, to: row.until };
  if (range.from >= range.to) throw invalidField("from", "The range must begin before it ends.");
  if (range.from < earliestMoment) throw invalidField("from", "The range must begin in this century.");
  const lengthMs = range.to.getTime() - range.from.getTime();
  if (lengthMs > rangeMsMax) throw invalidField("from", "The range may be ten years long.");
  return range;
}

/** SQLSTATE 22023, invalid parameter value. */
const isUnknownTimezone = (error: unknown) => sqlState(error) === "22023";
