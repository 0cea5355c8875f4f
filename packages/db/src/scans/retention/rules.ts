// Retention windows: every table whose rows end, in one place. All else stays: codes, deleted ones too,
// because they are printed; keys until they are revoked, and then as the names of who made what; and all totals.

/** A calendar month counts from any day to the same day; PostgreSQL's own `interval`. */
type Window = `${number} months` | `${number} days` | "0";

/** The window of a table's rows, after which they are removed. */
export type RetentionRule = {
  table: string;
  /** The column that the window counts from; with the window `0` it says itself when the row ends. */
  column: string;
  window: Window;
  /** Whether a workspace may have a longer window (`retention_months`); the table has a `workspace_id` then. */
  mayBeLonger?: true;
  /** Condition on the rows, SQL. */
  only?: string;
  /** Partitioned by month: whole months are dropped where that is possible. */
  isPartitioned?: true;
};

/** How long single scans are kept where the workspace has no longer window, in calendar months. */
export const scansKeptMonths = 13;

/** Windows by table; a table that is not listed keeps its rows. */
export const retentionRules: RetentionRule[] = [
  { table: "scans", column: "scanned_at", window: `${scansKeptMonths} months`, mayBeLonger: true, isPartitioned: true },
  { table: "calls", column: "called_at", window: "13 months", mayBeLonger: true, isPartitioned: true },
  { table: "audit_events", column: "at", window: "13 months", mayBeLonger: true },
  { table: "bulk_jobs", column: "finished_at", window: "13 months", mayBeLonger: true },
  // Reports need hours of the days that their range cuts, mostly the first and the last of thirty or twice thirty.
  { table: "scan_summaries", column: "start", window: "62 days", only: "span = 'hour'" },
  { table: "events", column: "created_at", window: "30 days" },
  { table: "dead_letters", column: "created_at", window: "30 days" },
  // 24 hours from the first claim.
  { table: "idempotency_keys", column: "expires_at", window: "0" },
  { table: "invitations", column: "expires_at", window: "0" },
  { table: "mailed_tokens", column: "expires_at", window: "0" },
  { table: "refresh_tokens", column: "expires_at", window: "0" },
  { table: "retention_runs", column: "ran_at", window: "90 days" },
];
