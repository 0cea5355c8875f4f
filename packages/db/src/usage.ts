// Credits used, as the ledger has them: one row for each key and day, added to when calls are taken in.
import type { Db } from "./client.js";

export type DayUsage = { day: string; renders: number };
export type KeyUsage = { keyId: string; keyPrefix: string; name: string; renders: number };

const monthStart = (month: string) => new Date(`${month}-01T00:00:00Z`);

function monthRange(month: string): { gte: Date; lt: Date } {
  const start = monthStart(month);
  return { gte: start, lt: new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1, 1)) };
}

/** Credits of a workspace in a UTC month (`2026-11`). */
export async function countRenders(db: Db, workspaceId: string, month: string): Promise<number> {
  const sum = await db.usageDaily.aggregate({
    where: { workspaceId, day: monthRange(month) },
    _sum: { renders: true },
  });
  return sum._sum.renders ?? 0;
}

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

/** Credits by key in a UTC month, the busiest first; revoked keys are in it, they were used. */
export async function listKeyUsage(db: Db, workspaceId: string, month: string): Promise<KeyUsage[]> {
  return db.$queryRaw<KeyUsage[]>`
    SELECT k.id AS "keyId", k.key_prefix AS "keyPrefix", k.name, sum(u.renders)::int AS renders
    FROM usage_daily u JOIN api_keys k ON k.id = u.key_id
    WHERE u.workspace_id = ${workspaceId}::uuid
      AND u.day >= ${monthRange(month).gte}::date AND u.day < ${monthRange(month).lt}::date
    GROUP BY k.id ORDER BY renders DESC, k.id`;
}
