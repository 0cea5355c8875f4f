// From what a client says of time to two moments. PostgreSQL knows when a day of a time zone begins.
import { dayMs } from "@qrfactory/domain/duration";
import { invalidField } from "@qrfactory/domain/http/errors";
import { sqlState } from "../../client.js";
import type { Stretch } from "../scope.js";
import type { Reader } from "./analytics-store.js";

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
const rangeMsMax = 3_660 * dayMs;

/** Nobody scanned before. */
const earliest = "2020-01-01T00:00:00Z";
const earliestMoment = new Date("2000-01-01T00:00:00Z");

/** Throws `validation_failed` for a range that is empty, too long or in a time zone that nobody knows. */
export async function resolveRange(reader: Reader, asked: AskedRange, now: Date): Promise<Stretch> {
  const isDate = (text: string | undefined) => text !== undefined && !text.includes("T");
  // PostgreSQL knows no offsets from 16 hours on, which RFC 3339 allows.
  const toValue = (text: string | undefined) => (text === undefined || isDate(text) ? text : new Date(text));
  const from = asked.from ?? (asked.wholeByDefault ? earliest : undefined);
  const text = `
    WITH last AS (
      SELECT CASE WHEN $4 THEN ($2::text::date + 1)::timestamp AT TIME ZONE $5
        ELSE coalesce($2::text::timestamptz, $6) END AS until)
    SELECT until, CASE
        WHEN $3 THEN $1::text::date::timestamp AT TIME ZONE $5
        WHEN $1::text IS NOT NULL THEN $1::text::timestamptz
        ELSE (date_trunc('day', (until - interval '1 ms') AT TIME ZONE $5)
          - interval '${daysByDefault - 1} days') AT TIME ZONE $5
      END AS since
    FROM last`;
  const values = [toValue(from), toValue(asked.to), isDate(asked.from), isDate(asked.to), asked.timezone, now];
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

/**
 * The range of the same length just before one. Before whole days of the time zone come as many days, whatever the
 * clocks did meanwhile: a week is compared with a week.
 */
export async function previousRange(reader: Reader, { from, to }: Stretch, timezone: string): Promise<Stretch> {
  const { rows } = await reader.query<{ since: Date | null }>({
    text: `
      WITH days AS (SELECT ($1::timestamptz AT TIME ZONE $3)::date AS first,
        ($2::timestamptz AT TIME ZONE $3)::date AS next)
      SELECT CASE WHEN first::timestamp AT TIME ZONE $3 = $1 AND next::timestamp AT TIME ZONE $3 = $2
        THEN (first - (next - first))::timestamp AT TIME ZONE $3 END AS since
      FROM days`,
    values: [from, to, timezone],
  });
  return { from: rows[0]?.since ?? new Date(2 * from.getTime() - to.getTime()), to: from };
}

/** SQLSTATE 22023, invalid parameter value. */
const isUnknownTimezone = (error: unknown) => sqlState(error) === "22023";
