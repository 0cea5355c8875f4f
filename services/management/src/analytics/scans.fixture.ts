// Scans for tests: rows made from a seed, taken in as the worker does it, and the summaries of the days they fall into.
import { randomUUID } from "node:crypto";
import { connectDatabase } from "@qrfactory/db/client";
import { openEventStore, type ScanRow } from "@qrfactory/db/ingest";
import { ensurePartitions } from "@qrfactory/db/partitions";
import { openSummaryStore } from "@qrfactory/db/summary-store";

const dayMs = 24 * 60 * 60_000;

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
    ...{ city: "Vienna", variant: null, bot_class: null },
    ...more,
  };
}

/** Makes partitions for the scans and takes them in, each once. */
export async function takeIn(databaseUrl: string, rows: ScanRow[]): Promise<void> {
  const db = connectDatabase(databaseUrl, { poolMax: 1 });
  const months = new Set(rows.map(({ scanned_at }) => scanned_at.toISOString().slice(0, 7)));
  for (const month of months) await ensurePartitions(db, new Date(`${month}-15T00:00:00Z`));
  await db.$disconnect();
  const store = openEventStore(databaseUrl, { poolMax: 1 });
  const batch = { spoolId: randomUUID(), from: 1, until: rows.length + 1, rows, deadLetters: [] };
  await store.store({ kind: "scans", batches: [batch] });
  await store.close();
}

/** Makes the summaries of the days of a range, and of the month it begins in. */
export async function summarise(databaseUrl: string, from: string, to: string): Promise<void> {
  const store = openSummaryStore(databaseUrl);
  try {
    for (let at = Date.parse(from); at < Date.parse(to); at += dayMs) await store.summarise("day", new Date(at));
    await store.summarise("month", new Date(`${from.slice(0, 7)}-01T00:00:00Z`));
  } finally {
    await store.close();
  }
}

/** A seeded source of numbers in [0, 1): mulberry32. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
