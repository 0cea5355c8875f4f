// Workspaces as an operator sees and changes them: plans, suspensions, lapses. Every change is in the audit trail, and
// in the records of the workspace's keys that render goes by.
import { ApiError } from "@qrfactory/domain/http/errors";
import type { Freeze } from "@qrfactory/domain/plan/freeze";
import { type PlanName, plans } from "@qrfactory/domain/plan/plans";
import { type Actor, recordAudit } from "../audit/audit.js";
import { fixOverage } from "../calls/usage.js";
import type { Db, Tx } from "../client.js";
import { Prisma, type Workspace } from "../generated/client.js";
import { type KeyPublication, listKeyPublications } from "../keys/api-keys.js";
import {
  entitlingNames,
  holdUnfrozen,
  holdWorkspace,
  noSuchWorkspace,
  settleOverLimit,
  standingOf,
  touchKeyRecords,
} from "./standing.js";

/** A workspace as the operator's list shows it. */
export type WorkspaceSummary = {
  id: string;
  name: string;
  plan: PlanName;
  frozen: Freeze | null;
  createdAt: Date;
  /** E-mail addresses, the first one first. */
  owners: string[];
};

type SummaryRow = Workspace & { owners: string[] };

const summaries = (where: Prisma.Sql, limit: number) => Prisma.sql`
  SELECT w.id, w.name, w.created_at AS "createdAt", w.retention_months AS "retentionMonths", ${entitlingNames},
    ARRAY(SELECT u.email FROM members m JOIN users u ON u.id = m.user_id
          WHERE m.workspace_id = w.id AND m.role = 'owner' ORDER BY m.created_at, m.id) AS owners
  FROM workspaces w WHERE w.deleted_at IS NULL AND ${where}
  ORDER BY w.created_at DESC, w.id LIMIT ${limit}`;

/** Workspaces whose name, id or owner's address holds `search`, the newest first. */
export async function findWorkspaces(db: Db, search: string, limit: number): Promise<WorkspaceSummary[]> {
  const holds = (text: string) => Prisma.sql`strpos(lower(${Prisma.raw(text)}), lower(${search})) > 0`;
  const matches = Prisma.sql`(${holds("w.name")} OR ${holds("w.id::text")} OR EXISTS (
    SELECT FROM members m JOIN users u ON u.id = m.user_id
    WHERE m.workspace_id = w.id AND m.role = 'owner' AND ${holds("u.email")}))`;
  const rows = await db.$queryRaw<SummaryRow[]>(summaries(matches, limit));
  return rows.map(toSummary);
}

function toSummary(row: SummaryRow): WorkspaceSummary {
  const { id, name, createdAt, owners } = row;
  const { plan, frozen } = standingOf(row);
  return { id, name, plan, frozen, createdAt, owners };
}

/** A workspace as the operator sees it alone, with the numbers of what is in it. */
export type WorkspaceDetails = WorkspaceSummary &
  Pick<
    Workspace,
    "suspendedAt" | "lapsedAt" | "overLimitAt" | "overageEnabled" | "overageRendersMax" | "retentionMonths"
  > & {
    members: number;
    keys: number;
    codes: number;
    activeCodes: number;
  };

/** Everything that an operator is shown of a workspace; throws `not_found`. */
export async function getWorkspaceDetails(db: Db, workspaceId: string): Promise<WorkspaceDetails> {
  const [row] = await db.$queryRaw<SummaryRow[]>(summaries(Prisma.sql`w.id = ${workspaceId}::uuid`, 1));
  if (!row) throw noSuchWorkspace();
  const [members, keys, codes, activeCodes] = await Promise.all([
    db.member.count({ where: { workspaceId } }),
    db.apiKey.count({ where: { workspaceId, revokedAt: null } }),
    db.dynamicCode.count({ where: { workspaceId, deletedAt: null } }),
    db.dynamicCode.count({ where: { workspaceId, deletedAt: null, isActive: true } }),
  ]);
  const { suspendedAt, lapsedAt, overLimitAt, overageEnabled, overageRendersMax, retentionMonths } = row;
  const columns = { suspendedAt, lapsedAt, overLimitAt, overageEnabled, overageRendersMax, retentionMonths };
  return { ...toSummary(row), ...columns, members, keys, codes, activeCodes };
}

/** An operator's change of a workspace. */
export type WorkspaceChange =
  | { action: "workspace.plan_changed"; plan: PlanName }
  | { action: "workspace.suspended" | "workspace.resumed"; reason: string }
  | { action: "workspace.lapsed" | "workspace.renewed" }
  /** Null is everybody's window. */
  | { action: "workspace.retention_changed"; months: number | null };

/**
 * Changes a workspace and returns its keys, to be published; none when it was so already. A smaller plan freezes a
 * workspace of more active codes than it includes. Throws `not_found`.
 */
export async function changeWorkspace(
  db: Db,
  workspaceId: string,
  change: WorkspaceChange,
  actor: Actor,
): Promise<KeyPublication[]> {
  return db.$transaction(async (tx) => {
    await holdWorkspace(tx, workspaceId, "update");
    const was = await tx.workspace.findUniqueOrThrow({ where: { id: workspaceId } });
    const data = effectOf(change, was);
    if (!data) return [];
    const now = await tx.workspace.update({ where: { id: workspaceId }, data });
    if (change.action === "workspace.plan_changed" && was.overageEnabled) {
      if (now.overageEnabled) await fixOverage(tx, workspaceId, change.plan, true);
      else await fixOverage(tx, workspaceId, was.plan as PlanName);
    }
    await touchKeyRecords(tx, workspaceId);
    await settleOverLimit(tx, workspaceId, standingOf(now));
    await recordAudit(tx, actor, { workspaceId, action: change.action, details: detailsOf(change, was) });
    return listKeyPublications(tx, workspaceId);
  });
}

/** New values of the columns; null when nothing changes. */
function effectOf(change: WorkspaceChange, was: Workspace): Prisma.WorkspaceUpdateInput | null {
  switch (change.action) {
    case "workspace.plan_changed": {
      if (change.plan === was.plan) return null;
      // A return to a plan with overage asks for the decision again.
      const isOffered = plans[change.plan].overageUsd !== null;
      return { plan: change.plan, ...(!isOffered && { overageEnabled: false, overageRendersMax: null }) };
    }
    case "workspace.suspended":
      return was.suspendedAt ? null : { suspendedAt: new Date() };
    case "workspace.resumed":
      return was.suspendedAt ? { suspendedAt: null } : null;
    case "workspace.lapsed":
      return was.lapsedAt ? null : { lapsedAt: new Date() };
    case "workspace.renewed":
      return was.lapsedAt ? { lapsedAt: null } : null;
    case "workspace.retention_changed":
      return change.months === was.retentionMonths ? null : { retentionMonths: change.months };
  }
}

function detailsOf(change: WorkspaceChange, was: Workspace): Record<string, unknown> {
  if ("plan" in change) return { from: was.plan, to: change.plan };
  if ("months" in change) return { from: was.retentionMonths, to: change.months };
  return "reason" in change ? { reason: change.reason } : {};
}

/** Whether and how far a workspace pays for renders beyond its plan. */
export type OverageChoice = { enabled: boolean; rendersMax?: number | null };

/** Settings of a workspace; throws `not_found`. */
export async function getOverage(db: Db, workspaceId: string): Promise<Required<OverageChoice>> {
  const row = await db.workspace.findUnique({ where: { id: workspaceId } });
  if (!row) throw noSuchWorkspace();
  return { enabled: row.overageEnabled, rendersMax: row.overageRendersMax };
}

/**
 * Sets what a workspace pays for beyond its plan and returns its keys, to be published; throws `plan_limit` where no
 * plan offers it.
 */
export async function setOverage(
  tx: Tx,
  workspaceId: string,
  { enabled, rendersMax }: OverageChoice,
  actor: Actor,
): Promise<KeyPublication[]> {
  const { plan } = await holdUnfrozen(tx, workspaceId, "update");
  if (enabled && plans[plan].overageUsd === null) {
    const offering = Object.values(plans).filter(({ overageUsd }) => overageUsd !== null);
    const names = offering.map(({ name, overageUsd }) => `${name} (${overageUsd} USD a render)`).join(", ");
    throw new ApiError("plan_limit", `The plan ${plan} has no renders beyond its quota; these have: ${names}.`);
  }
  const data = { overageEnabled: enabled, ...(rendersMax !== undefined && { overageRendersMax: rendersMax }) };
  const was = await tx.workspace.findUniqueOrThrow({ where: { id: workspaceId } });
  if (was.overageEnabled !== enabled) await fixOverage(tx, workspaceId, plan);
  await tx.workspace.update({ where: { id: workspaceId }, data });
  await touchKeyRecords(tx, workspaceId);
  const details = { overage_enabled: enabled, ...(rendersMax !== undefined && { overage_renders_max: rendersMax }) };
  await recordAudit(tx, actor, { workspaceId, action: "workspace.overage_changed", details });
  return listKeyPublications(tx, workspaceId);
}
