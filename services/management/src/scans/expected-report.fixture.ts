// Reports computed in another way than by the database: here, in JavaScript, from the rows.
import type { ScanRow } from "@qrfactory/db/scans/ingest/rows";
import { cityOf } from "@qrfactory/domain/cities";

/** What a report is asked for. */
export type Expected = {
  short_id?: string;
  from: string;
  to: string;
  timezone: string;
  interval: string;
  include_bots: boolean;
  include_fallback?: boolean;
};

const formatters = new Map<string, Intl.DateTimeFormat>();
const quarterMs = 15 * 60_000;
/** By zone and quarter of an hour, because `Intl` takes its time. */
const localTimes = new Map<string, ReturnType<typeof readLocalTime>>();

/** What the clocks of a time zone show, with their distance from UTC; `2026-10-25 02 GMT+2`. */
function localTime(moment: Date, timeZone: string): ReturnType<typeof readLocalTime> {
  const key = `${timeZone} ${Math.floor(moment.getTime() / quarterMs)}`;
  const known = localTimes.get(key) ?? readLocalTime(moment, timeZone);
  localTimes.set(key, known);
  return known;
}

function readLocalTime(moment: Date, timeZone: string): { date: string; hour: string } {
  const formatter =
    formatters.get(timeZone) ??
    new Intl.DateTimeFormat("en-CA", {
      ...{ timeZone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", hourCycle: "h23" },
      timeZoneName: "longOffset",
    });
  formatters.set(timeZone, formatter);
  const parts = Object.fromEntries(formatter.formatToParts(moment).map(({ type, value }) => [type, value]));
  const date = `${parts.year}-${parts.month}-${parts.day}`;
  return { date, hour: `${date} ${parts.hour} ${parts.timeZoneName}` };
}

/** The bucket of a moment, by the clocks of its zone. */
export function bucketOf(moment: Date, { timezone, interval }: Pick<Expected, "timezone" | "interval">): string {
  const { date, hour } = localTime(moment, timezone);
  if (interval === "hour") return hour;
  if (interval === "month") return date.slice(0, 7);
  if (interval === "day") return date;
  const day = new Date(`${date}T00:00:00Z`);
  day.setUTCDate(day.getUTCDate() - ((day.getUTCDay() + 6) % 7));
  return day.toISOString().slice(0, 10);
}

/** A row of before, whose city may have a district, as one of today. */
function asRead(row: ScanRow): ScanRow {
  if (row.district !== null) return { ...row, district: row.district || null };
  const city = row.city && cityOf(row.city);
  return { ...row, city, district: city === row.city ? null : row.city };
}

/** The report that rows stand for. */
export function reportOf(rows: ScanRow[], asked: Expected) {
  const all = rows.map(asRead);
  const [from, to] = [new Date(asked.from), new Date(asked.to)];
  const answered = all.filter((row) => row.scanned_at >= from && row.scanned_at < to);
  const inRange = answered.filter(({ served }) => asked.include_fallback || served !== "fallback");
  const counted = inRange.filter((row) => asked.include_bots || row.bot_class === null);
  const visitorsOf = (some: ScanRow[]) =>
    new Set(
      some.filter(({ visitor }) => visitor).map((row) => `${row.scanned_at.toISOString().slice(0, 10)} ${row.visitor}`),
    ).size;
  const buckets = new Map<string, ScanRow[]>();
  for (let at = from.getTime(); at < to.getTime(); at += quarterMs) {
    buckets.set(bucketOf(new Date(at), asked), []);
  }
  for (const row of counted) buckets.get(bucketOf(row.scanned_at, asked))?.push(row);
  const keysOf = (some: ScanRow[], field: keyof ScanRow) => {
    const keys = new Map<string, number>();
    for (const row of some)
      keys.set(String(row[field] ?? "unknown"), (keys.get(String(row[field] ?? "unknown")) ?? 0) + 1);
    return [...keys]
      .map(([key, scans]) => ({ key, scans }))
      .sort((a, b) => b.scans - a.scans || (a.key < b.key ? -1 : 1));
  };
  const last = Math.max(...counted.map(({ scanned_at }) => scanned_at.getTime()));
  const bots = inRange.filter(({ bot_class }) => bot_class !== null);
  return {
    total_scans: counted.length,
    unique_visitors: visitorsOf(counted),
    bots: bots.length,
    bot_classes: keysOf(bots, "bot_class"),
    fallbacks: answered.filter(({ served, bot_class }) => served === "fallback" && bot_class === null).length,
    last_scanned_at: counted.length > 0 ? new Date(last).toISOString() : null,
    timeseries: [...buckets].map(([bucket, some]) => ({
      bucket,
      scans: some.length,
      unique_visitors: visitorsOf(some),
    })),
    countries: keysOf(counted, "country"),
    regions: keysOf(counted, "region_name"),
    cities: keysOf(counted, "city"),
    districts: keysOf(counted, "district"),
    devices: keysOf(counted, "device"),
    os: keysOf(counted, "os"),
    browsers: keysOf(counted, "browser"),
    languages: keysOf(counted, "language"),
    referrers: keysOf(counted, "referrer_host"),
    variants: keysOf(counted, "variant"),
    serving_regions: keysOf(counted, "region"),
    served: keysOf(counted, "served"),
    rule_ids: keysOf(counted, "rule_id"),
    variant_ids: keysOf(counted, "variant_id"),
  };
}

/** What the API answers. */
export type Report = ReturnType<typeof reportOf> & { complete_from: string | null };
