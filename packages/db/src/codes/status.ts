// The state of a code in a word, for lists and documents, and the same as a condition for the database.
import { stateOf } from "@qrfactory/codes/published/publication";
import { endOf } from "@qrfactory/codes/routing/route";
import type { Db } from "../client.js";
import { type DynamicCode, Prisma } from "../generated/client.js";

/** `scheduled` is paused with a change that waits to activate it; else as a scan would find the code. */
export const codeStatuses = ["active", "scheduled", "expired", "used_up", "paused"] as const;
/** State of a code as lists filter by it. */
export type CodeStatus = (typeof codeStatuses)[number];

/** The status of a code; `isScheduled` says that an activation waits. */
export function statusOf(row: DynamicCode, isScheduled: boolean, now: number = Date.now()): CodeStatus {
  const end = endOf(stateOf(row), now);
  if (end === "paused") return isScheduled ? "scheduled" : "paused";
  return end === "used" ? "used_up" : (end ?? "active");
}

/** Of these codes the ids of those that a waiting change will activate; only the paused are asked about. */
export async function findScheduled(db: Db, rows: readonly DynamicCode[]): Promise<ReadonlySet<string>> {
  const paused = rows.flatMap(({ id, isActive }) => (isActive ? [] : [id]));
  if (paused.length === 0) return new Set();
  const found = await db.$queryRaw<{ code_id: string }[]>`
    SELECT DISTINCT code_id FROM scheduled_changes
    WHERE code_id = ANY(${paused}::uuid[]) AND failure IS NULL AND changes @> '{"isActive":true}'`;
  return new Set(found.map(({ code_id }) => code_id));
}

const isExpired = Prisma.sql`(expires_at IS NOT NULL AND expires_at <= now())`;
const isUsedUp = Prisma.sql`(max_scans IS NOT NULL AND scan_count >= max_scans)`;
const awaitsActivation = Prisma.sql`id IN (
  SELECT code_id FROM scheduled_changes WHERE failure IS NULL AND changes @> '{"isActive":true}')`;

/** Status → the condition on rows of `dynamic_codes`, in the order in which `statusOf` decides. */
export const statusConditions: Record<CodeStatus, Prisma.Sql> = {
  active: Prisma.sql`is_active AND NOT ${isExpired} AND NOT ${isUsedUp}`,
  expired: Prisma.sql`is_active AND ${isExpired}`,
  used_up: Prisma.sql`is_active AND NOT ${isExpired} AND ${isUsedUp}`,
  scheduled: Prisma.sql`NOT is_active AND ${awaitsActivation}`,
  paused: Prisma.sql`NOT is_active AND NOT (${awaitsActivation})`,
};
