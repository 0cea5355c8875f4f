// The law of conservation: every 302 that a client received is one row, and every row is counted once.
import type { Db } from "@qrfactory/db/client";

/** Counts of the ledger for the scans that were sent. */
export type Account = {
  rows: number;
  /** Answered by 302, and no row. */
  lost: number;
  /** Rows beyond the first of a scan. */
  doubled: number;
  /** Written down, but the client never heard: its connection was cut between the two. */
  unanswered: number;
  /**
   * Rows, of whatever run, less what the codes have counted, the bots, and what led to a fallback: 0 when all is in.
   */
  uncounted: number;
};

/** Compares the rows of the ledger with the marks of the scans of `run` that were answered. */
export async function account(db: Db, run: string, answered: ReadonlySet<string>): Promise<Account> {
  const all = await db.$queryRaw<{ mark: string | null; rows: number; apart: number }[]>`
    SELECT referrer_host AS mark, count(*)::int AS rows, 
      count(*) FILTER (WHERE bot_class IS NOT NULL OR served = 'fallback')::int AS apart FROM scans GROUP BY 1`;
  const [counted] = await db.$queryRaw<{ scans: number }[]>`
    SELECT coalesce(sum(scan_count), 0)::int AS scans FROM dynamic_codes`;
  const found = all.flatMap(({ mark, rows }) => (mark?.endsWith(run) ? { mark, rows } : []));
  const marks = new Set(found.map(({ mark }) => mark));
  const rows = found.reduce((sum, one) => sum + one.rows, 0);
  const countable = all.reduce((sum, one) => sum + one.rows - one.apart, 0);
  return {
    rows,
    lost: [...answered].filter((mark) => !marks.has(mark)).length,
    doubled: rows - found.length,
    unanswered: found.filter(({ mark }) => !answered.has(mark)).length,
    uncounted: countable - (counted?.scans ?? 0),
  };
}
