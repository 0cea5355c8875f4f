// Scans and calls as they are taken in, in batches of a spool.
import { randomUUID } from "node:crypto";
import type { StoredBatch } from "./ingest.js";
import type { CallRow, ScanRow } from "./rows.js";

/** The scan of a phone that was led to its destination. */
export function makeScan(scan: Partial<ScanRow> & Pick<ScanRow, "code_id" | "workspace_id">): ScanRow {
  const unknown = { network: null, visitor: null, device: null, os: null, browser: null, language: null };
  const nowhere = { referrer_host: null, country: null, region_name: null, city: null, district: null };
  return {
    ...{
      sequence: 1,
      id: randomUUID(),
      scanned_at: new Date(),
      code_version: 1,
      region: "eu-1",
      served: "destination",
    },
    ...{ ...unknown, ...nowhere, bot_class: null, variant: null, rule: null, rule_id: null, variant_id: null },
    ...scan,
  };
}

/** A call of a key that delivered an image for a credit. */
export function makeCall(call: Partial<CallRow> & Pick<CallRow, "workspace_id" | "key_id">): CallRow {
  return {
    ...{ sequence: 1, id: randomUUID(), called_at: new Date(), request_id: "r", endpoint: "generate", status: 200 },
    ...{ cache: "MISS", cache_key: "a", format: "png", duration_ms: 1, credits: 1 },
    ...call,
  };
}

/** Rows as one batch of a spool that begins with the record `from`. */
export function makeBatch<Row>(rows: Row[], { spoolId = randomUUID(), from = 1 } = {}): StoredBatch<Row> {
  return { spoolId, from, until: from + rows.length, rows, deadLetters: [] };
}
