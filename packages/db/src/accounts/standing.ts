// The standing of a workspace: its plan, and whether it is frozen. Creations and edits hold the standing in their
// transaction, so that nothing is created after a suspension, a lapse or a smaller plan has been committed.
//
// Locks are taken in this order: the workspace, its codes or keys, the lock on the number of its active codes.
import { ApiError } from "@qrfactory/domain/http/errors";
import { type Entitlements, type Freeze, frozenProblem } from "@qrfactory/domain/plan/freeze";
import { type PlanName, plans, smallestPlan } from "@qrfactory/domain/plan/plans";
import { type Db, prepared, type Tx } from "../client.js";
import { Prisma, type Workspace } from "../generated/client.js";

/** Plan of a workspace and the reason it is frozen for, null when it is not. */
export type Standing = {
  plan: PlanName;
  frozen: Freeze | null;
  /** More codes are active than the plan includes, whatever else froze the workspace. */
  isOverLimit: boolean;
};

/** Columns that decide the standing. */
export type StandingColumns = Pick<Workspace, "plan" | "suspendedAt" | "lapsedAt" | "overLimitAt">;

/** The columns that a standing is read from. */
const standingColumns = { plan: true, suspendedAt: true, lapsedAt: true, overLimitAt: true } as const;

/** Columns that decide what a workspace is entitled to. */
export type EntitlingColumns = StandingColumns & Pick<Workspace, "overageEnabled" | "overageRendersMax">;

/** The columns that a standing is read from, of the row `w` in a statement written out. */
export const standingNames = Prisma.sql`
  w.plan, w.suspended_at AS "suspendedAt", w.lapsed_at AS "lapsedAt", w.over_limit_at AS "overLimitAt"`;

/** The columns that tell what a workspace is entitled to, for `include` and `select`. */
export const entitlingColumns = { ...standingColumns, overageEnabled: true, overageRendersMax: true } as const;

/** The same of the row `w` in a statement written out. */
export const entitlingNames = Prisma.sql`${standingNames},
  w.overage_enabled AS "overageEnabled", w.overage_renders_max AS "overageRendersMax"`;

/** Columns of a workspace by which services serve its callers. */
export function entitlementsOf({ overageEnabled, overageRendersMax, ...columns }: EntitlingColumns): Entitlements {
  const { plan, frozen } = standingOf(columns);
  const isPaid = overageEnabled && plans[plan].overageUsd !== null;
  return { plan, frozen, overage: isPaid ? { renders_max: overageRendersMax } : null };
}

/** The refusal for a workspace that is not there. */
export const noSuchWorkspace = () => new ApiError("not_found", "There is no such workspace.");

/** The standing that a workspace's columns say. */
export function standingOf({ plan, suspendedAt, lapsedAt, overLimitAt }: StandingColumns): Standing {
  const frozen = suspendedAt ? "suspended" : lapsedAt ? "lapsed" : overLimitAt ? "over_limit" : null;
  return { plan: plan as PlanName, frozen, isOverLimit: overLimitAt !== null };
}

/**
 * Holds a workspace as it is until the end of the transaction: for `update` alone, to `share` beside others who do not
 * change it. Throws `not_found` when it is deleted.
 */
export async function holdWorkspace(tx: Db | Tx, workspaceId: string, hold: "update" | "share"): Promise<Standing> {
  const lock = hold === "update" ? Prisma.sql`FOR NO KEY UPDATE` : Prisma.sql`FOR SHARE`;
  const rows = await tx.$queryRaw<StandingColumns[]>`${prepared}
    SELECT ${standingNames} FROM workspaces w WHERE id = ${workspaceId}::uuid AND deleted_at IS NULL ${lock}`;
  if (!rows[0]) throw noSuchWorkspace();
  return standingOf(rows[0]);
}

/** Holds a workspace in which something is created or edited; throws `plan_limit` or `forbidden` when it is frozen. */
export async function holdUnfrozen(
  tx: Db | Tx,
  workspaceId: string,
  hold: "update" | "share" = "share",
): Promise<Standing> {
  const standing = await holdWorkspace(tx, workspaceId, hold);
  if (standing.frozen) throw frozenProblem(standing.frozen, standing.plan);
  return standing;
}

/**
 * Throws `plan_limit` when the plan has no room for this many more active codes, and as `holdUnfrozen` does. Counts
 * under a lock, so that two creations at once cannot share the last place.
 */
export async function requireRoomForActive(tx: Tx, workspaceId: string, more = 1): Promise<void> {
  await requireRoom(tx, workspaceId, (await holdUnfrozen(tx, workspaceId)).plan, more);
}

/** The same of a workspace that is held already. */
export async function requireRoom(tx: Tx, workspaceId: string, planName: PlanName, more: number): Promise<void> {
  const plan = plans[planName];
  if (!Number.isFinite(plan.activeCodesMax)) return;
  // Not the workspace's row: of two that share it neither could have it alone.
  const lock = `active codes ${workspaceId}`;
  await tx.$queryRaw`${prepared} SELECT pg_advisory_xact_lock(hashtextextended(${lock}, 0))::text`;
  const wanted = (await countActiveCodes(tx, workspaceId)) + more;
  if (wanted <= plan.activeCodesMax) return;
  const larger = smallestPlan((other) => other.activeCodesMax >= wanted);
  throw new ApiError(
    "plan_limit",
    `The plan ${plan.name} includes ${plan.activeCodesMax} active dynamic codes; the plan ${larger} allows more.`,
  );
}

/** Codes that are neither paused nor deleted. */
export function countActiveCodes(db: Db | Tx, workspaceId: string): Promise<number> {
  return db.dynamicCode.count({ where: { workspaceId, isActive: true, deletedAt: null } });
}

/**
 * Notes whether more codes are active than the plan includes; the workspace is held for `update`. Every key is
 * published again when that makes a difference: their records tell render.
 */
export async function settleOverLimit(tx: Tx, workspaceId: string, { plan, isOverLimit }: Standing): Promise<void> {
  const isOver = (await countActiveCodes(tx, workspaceId)) > plans[plan].activeCodesMax;
  if (isOver === isOverLimit) return;
  await tx.workspace.update({ where: { id: workspaceId }, data: { overLimitAt: isOver ? new Date() : null } });
  await touchKeyRecords(tx, workspaceId);
}

/** Makes the records of a workspace's keys new, so that they are published with its plan and standing. */
export async function touchKeyRecords(tx: Tx, workspaceId: string): Promise<void> {
  await tx.apiKey.updateMany({ where: { workspaceId, revokedAt: null }, data: { version: { increment: 1 } } });
}
