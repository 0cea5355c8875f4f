// Scans for tests: rows made from a seed, taken in as the worker does it, and the summaries of the days they fall into.
import { randomUUID } from "node:crypto";
import { connectDatabase, withPatience } from "@qrfactory/db/client";
import { openEventStore } from "@qrfactory/db/scans/ingest/ingest";
import type { ScanRow } from "@qrfactory/db/scans/ingest/rows";
import { ensurePartitions } from "@qrfactory/db/scans/retention/partitions";
import { openSummaryStore } from "@qrfactory/db/scans/summaries/summary-store";

const hourMs = 60 * 60_000;
const dayMs = 24 * hourMs;

/** A scan with little known of it. */
export function scanRow(
  code: { id: string; workspaceId: string },
  at: string | Date,
  more: Partial<ScanRow> = {},
): ScanRow {
  return {
    ...{ sequence: 0, id: randomUUID(), scanned_at: new Date(at), code_id: code.id, workspace_id: code.workspaceId },
    ...{ code_version: 1, region: "eu-1", network: "203.0.113.0/24", visitor: "0123456789abcdef", device: "phone" },
    ...{ os: "iOS", browser: "Safari", language: "de", referrer_host: null, country: "AT", region_name: "Vienna" },
    ...{ city: "Vienna", district: null, bot_class: null, served: "destination" },
    ...{ variant: null, variant_id: null, rule: null, rule_id: null },
    ...more,
  };
}

/** Makes partitions for the scans and takes them in, each once. */
export async function takeIn(databaseUrl: string, rows: ScanRow[]): Promise<void> {
  const db = connectDatabase(databaseUrl, { ...withPatience, poolMax: 1 });
  const months = new Set(rows.map(({ scanned_at }) => scanned_at.toISOString().slice(0, 7)));
  for (const month of months) await ensurePartitions(db, new Date(`${month}-15T00:00:00Z`));
  await db.$disconnect();
  const store = openEventStore(databaseUrl, { poolMax: 1 });
  const batch = { spoolId: randomUUID(), from: 1, until: rows.length + 1, rows, deadLetters: [] };
  await store.store({ kind: "scans", batches: [batch] });
  await store.close();
}

/** Makes the summaries of the days of a range, of the month it begins in, and of the hours of one day. */
export async function summarise(databaseUrl: string, from: string, to: string, hoursOf: string): Promise<void> {
  const store = openSummaryStore(databaseUrl);
  try {
    for (let hour = 0; hour < 24; hour++) {
      await store.summarise("hour", new Date(Date.parse(hoursOf) + hour * hourMs));
    }
    for (let at = Date.parse(from); at < Date.parse(to); at += dayMs) await store.summarise("day", new Date(at));
    await store.summarise("month", new Date(`${from.slice(0, 7)}-01T00:00:00Z`));
  } finally {
    await store.close();
  }
}

/** A seeded source of numbers in [0, 1): mulberry32. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** As rows are taken in now, and as they were before, with the district in the name of the city. */
const cities = [
  { city: "Wien", district: null },
  { city: "Wien (Neubau)", district: null },
  { city: "Wien", district: "Wien (Neubau)" },
  { city: "Paris", district: "" },
  { city: "Paris (Le Marais)", district: null },
  { city: null, district: null },
];

/**
 * Three thousand scans of two codes from 3 October to 5 November 2026, nine tenths of the busy one; the clocks of
 * Vienna go back on the 25th.
 */
export function seededScans(workspaceId: string, busyId: string, quietId: string): ScanRow[] {
  const next = random(20_261_025);
  const any = <T>(values: T[]): T => values[Math.floor(next() ** 2 * values.length)] as T;
  const start = Date.parse("2026-10-03T00:00:00Z");
  return Array.from({ length: 3_000 }, () => {
    // A fifth of all on one day, so that it is summarised for the code, too.
    const day = next() < 0.2 ? 22 : Math.floor(next() * 33);
    // Half of these in two hours, for the same.
    const isInRush = day === 22 && next() < 0.5;
    const time = isInRush ? 18 * 3_600_000 + next() * 7_200_000 : next() * 86_400_000;
    const at = new Date(start + day * 86_400_000 + Math.floor(time));
    const id = next() < 0.9 ? busyId : quietId;
    return scanRow({ id, workspaceId }, at, {
      visitor: next() < 0.02 ? null : `visitor-${Math.floor(next() * 60)}`,
      country: any(["AT", "FR", "US", null]),
      region_name: any(["Vienna", "Île-de-France", null]),
      ...any(cities),
      device: any(["phone", "tablet", null]),
      os: any(["iOS", "Android"]),
      browser: any(["Safari", "Chrome", "Firefox"]),
      language: any(["de", "fr", null]),
      referrer_host: any([null, "example.com"]),
      region: any(["eu-1", "us-1"]),
      variant: any([null, 0, 1, 10]),
      bot_class: next() < 0.1 ? any(["bot", "preview", "prefetch"]) : null,
      served: any(["destination", "variant", "fallback", "app"]),
      rule_id: any([null, "rule_a", "rule_b"]),
    });
  });
}
