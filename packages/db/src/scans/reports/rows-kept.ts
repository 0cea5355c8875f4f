// Since when a workspace's single scans are there: older ones may have been dropped at the end of their time.
import { dayMs } from "@qrfactory/domain/duration";
import { scansKeptMonths } from "../retention/rules.js";
import type { Reader } from "./analytics-store.js";

/** So many calendar months are never shorter: what is younger is there, without asking. */
const surelyKeptMs = scansKeptMonths * 30 * dayMs;

/** Whether rows of a moment are there in every workspace. */
export const isSurelyKept = (at: Date): boolean => at.getTime() > Date.now() - surelyKeptMs;

/** The moment before which rows may be gone; null when `from` is not before it. */
export async function findRowsKeptSince(reader: Reader, workspaceId: string, from: Date): Promise<Date | null> {
  if (isSurelyKept(from)) return null;
  const { rows } = await reader.query<{ since: Date }>({
    text: `
      SELECT now() - make_interval(months => GREATEST(retention_months, ${scansKeptMonths})) AS since
      FROM workspaces WHERE id = $1`,
    values: [workspaceId],
  });
  const since = rows[0]?.since;
  return since && from < since ? since : null;
}
