// The rows that events become.

/**
 * A row of `scans`; null stands for unknown. `sequence`, its number in the spool, and `rule`, the index of the rule
 * that matched, are in no column.
 */
export type ScanRow = {
  sequence: number;
  id: string;
  scanned_at: Date;
  code_id: string;
  workspace_id: string;
  code_version: number;
  region: string;
  network: string | null;
  visitor: string | null;
  device: string | null;
  os: string | null;
  browser: string | null;
  language: string | null;
  referrer_host: string | null;
  country: string | null;
  region_name: string | null;
  city: string | null;
  /** With its city; empty where none is known. Null is a row of before. */
  district: string | null;
  bot_class: string | null;
  /** Index of the variant that was drawn. */
  variant: number | null;
  rule: number | null;
  /** Of the rule and the variant; found by their places when the row is stored. */
  rule_id: string | null;
  variant_id: string | null;
  /** Of `servedKinds`; scans that were led to a fallback are not counted. */
  served: string;
};

/** A row of `calls`. */
export type CallRow = {
  sequence: number;
  id: string;
  called_at: Date;
  workspace_id: string;
  key_id: string;
  request_id: string;
  endpoint: string;
  status: number;
  cache: string;
  cache_key: string;
  format: string;
  duration_ms: number;
  credits: number;
};
