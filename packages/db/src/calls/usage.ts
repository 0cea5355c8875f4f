// Credits used, as the ledger has them: one row for each key and day, added to when calls are taken in.
import { dayMs } from "@qrfactory/domain/duration";
import { type PlanName, plans } from "@qrfactory/domain/plan/plans";
import type { Db, Tx } from "../client.js";

/** Renders of a UTC day, `2026-11-21`. */
export type DayUsage = { day: string; renders: number };
/** Usage of a key; its columns are null for usage by people at a dashboard. */
export type KeyUsage = { keyId: string | null; keyPrefix: string | null; name: string | null; renders: number };

const monthStart = (month: string) => new Date(`${month}-01T00:00:00Z`);

function monthRange(month: string): { gte: Date; lt: Date } {
  const start = monthStart(month);
  return { gte: start, lt: new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1, 1)) };
}

/** Credits of a workspace in a UTC month (`2026-11`). */
export async function countRenders(db: Db, workspaceId: string, month: string): Promise<number> {
  const key = { workspaceId_month: { workspaceId, month: monthStart(month) } };
  const row = await db.usageMonthly.findUnique({ where: key, select: { renders: true } });
  return row?.renders ?? 0;
}

/** Renders of a month beyond the quota, and the shares of the quota that were reached, each with its moment. */
export type MonthlyBill = {
  overage: { enabled: boolean; rendersMax: number | null; renders: number };
  thresholds: { type: string; reachedAt: Date }[];
};

/** The bill of a workspace for a UTC month: renders beyond the quota, as far as they are taken in. */
export async function getMonthlyBill(db: Db, workspaceId: string, month: string): Promise<MonthlyBill> {
  const start = monthStart(month);
  const [workspace, row, thresholds] = await Promise.all([
    db.workspace.findUniqueOrThrow({ where: { id: workspaceId } }),
    db.usageMonthly.findUnique({ where: { workspaceId_month: { workspaceId, month: start } } }),
    db.quotaThreshold.findMany({
      where: { workspaceId, month: start },
      select: { type: true, reachedAt: true },
      orderBy: { renders: "asc" },
    }),
  ]);
  const { overageEnabled: enabled, overageRendersMax: rendersMax } = workspace;
  const from = row?.overageFrom ?? (enabled ? plans[workspace.plan as PlanName].rendersPerMonth : null);
  const renders = row && from !== null ? Math.max(0, row.renders - from) : 0;
  return { overage: { enabled, rendersMax, renders }, thresholds };
}

/**
 * Fixes from which render on the current month is paid for one by one, when an overage begins, ends, or goes on with
 * another plan: never one that was used before. Only a new plan moves what was fixed.
 */
export async function fixOverage(tx: Tx, workspaceId: string, plan: PlanName, isNewPlan = false): Promise<void> {
  const quota = plans[plan].rendersPerMonth;
  if (!Number.isFinite(quota)) return;
  await tx.$executeRaw`
    INSERT INTO usage_monthly AS u (workspace_id, month, overage_from)
    VALUES (${workspaceId}::uuid, date_trunc('month', now() AT TIME ZONE 'UTC')::date, ${quota}::int)
    ON CONFLICT (workspace_id, month) DO UPDATE SET overage_from =
      CASE WHEN u.overage_from IS NULL OR ${isNewPlan} THEN greatest(${quota}::int, u.renders) ELSE u.overage_from END`;
}

/** Renders of a workspace in a calendar month (UTC), `2026-11`. */
export type MonthUsage = { workspaceId: string; month: string; renders: number };

/**
 * The ledger's sums that changed since a moment, in the order of workspaces and months, at most `limit` after the one
 * that `after` names.
 */
export async function listMonthlyUsage(
  db: Db,
  { since, after, limit }: { since: Date; after: MonthUsage | null; limit: number },
): Promise<MonthUsage[]> {
  return db.$queryRaw<MonthUsage[]>`
    SELECT workspace_id AS "workspaceId", to_char(month, 'YYYY-MM') AS month, renders FROM usage_monthly
    WHERE updated_at >= ${since}::timestamptz
      AND (workspace_id, month) >
        (${after?.workspaceId ?? zeroId}::uuid, ${monthStart(after?.month ?? "2000-01")}::date)
    ORDER BY usage_monthly.workspace_id, usage_monthly.month LIMIT ${limit}`;
}

/** Before every other id. */
const zeroId = "00000000-0000-0000-0000-000000000000";

/** Credits by day of a UTC month; days without any are left out. */
export async function listDailyUsage(db: Db, workspaceId: string, month: string): Promise<DayUsage[]> {
  const rows = await db.usageDaily.groupBy({
    by: ["day"],
    where: { workspaceId, day: monthRange(month) },
    _sum: { renders: true },
    orderBy: { day: "asc" },
  });
  return rows.map((row) => ({ day: row.day.toISOString().slice(0, 10), renders: row._sum.renders ?? 0 }));
}

/** Credits that a key has used on the last `days` days, today among them. */
export async function countKeyRenders(db: Db, keyId: string, days: number): Promise<number> {
  const since = new Date(Date.now() - (days - 1) * dayMs);
  const { _sum } = await db.usageDaily.aggregate({
    where: { keyId, day: { gte: new Date(since.toISOString().slice(0, 10)) } },
    _sum: { renders: true },
  });
  return _sum.renders ?? 0;
}

/** Credits by key in a UTC month, the busiest first; revoked keys are in it, they were used, and dashboards as one. */
export async function listKeyUsage(db: Db, workspaceId: string, month: string): Promise<KeyUsage[]> {
  return db.$queryRaw<KeyUsage[]>`
    SELECT k.id AS "keyId", k.key_prefix AS "keyPrefix", k.name, sum(u.renders)::int AS renders
    FROM usage_daily u LEFT JOIN api_keys k ON k.id = u.key_id
    WHERE u.workspace_id = ${workspaceId}::uuid
      AND u.day >= ${monthRange(month).gte}::date AND u.day < ${monthRange(month).lt}::date
    GROUP BY k.id ORDER BY renders DESC, k.id`;
}
