// Words and bounds of reports on scans that the API and the database share.
import type { Served } from "./events.js";

/** What scans are counted by, besides time. */
export const scanDimensionNames = [
  "country",
  "region",
  "city",
  "device",
  "os",
  "browser",
  "language",
  "referrer",
  "variant",
  "serving_region",
  "bot_class",
  "served",
  "rule_id",
  "variant_id",
  "district",
] as const;

/** One of them. */
export type ScanDimension = (typeof scanDimensionNames)[number];

/** Scans that ended at the fallback of their code. */
export const fallbackKey = "fallback" satisfies Served;

/** The word for what is not known of a scan. */
export const unknownKey = "unknown";

/** Lengths of the buckets of a course of time. */
export const intervals = ["hour", "day", "week", "month"] as const;

/** One of them. */
export type Interval = (typeof intervals)[number];

/** Days for which scans of ids that lead nowhere can be asked for. */
export const orphanDaysMax = 60;
