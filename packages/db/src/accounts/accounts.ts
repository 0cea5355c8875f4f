// Users, workspaces, and who belongs to which.
import { randomUUID } from "node:crypto";
import type { Role } from "@qrfactory/domain/access/roles";
import { ApiError } from "@qrfactory/domain/http/errors";
import { type Entitlements, frozenProblem } from "@qrfactory/domain/plan/freeze";
import type { PlanName } from "@qrfactory/domain/plan/plans";
import { type Actor, noOrigin, type Origin, recordAudit } from "../audit/audit.js";
import { type Db, isTaken, type Tx } from "../client.js";
import type { Workspace as WorkspaceRow } from "../generated/client.js";
import { entitlementsOf, noSuchWorkspace } from "./standing.js";

/** A user without the password's hash. */
export type Account = { userId: string; email: string; emailVerified: boolean; createdAt: Date };
/** A workspace with what it is entitled to. */
export type Workspace = Entitlements & { workspaceId: string; name: string; createdAt: Date };
/** A user in a workspace, with the role there. */
export type Membership = { user: Account; workspace: Workspace; role: Role };

type NewAccount = {
  email: string;
  passwordHash: string;
  workspaceName: string;
  plan: PlanName;
  /** Default: a command, which has no address. */
  origin?: Origin;
};

/** Creates a user who owns a new workspace; throws `conflict` when the e-mail address has an account. */
export async function createAccount(db: Db, account: NewAccount): Promise<Membership> {
  const [userId, workspaceId] = [randomUUID(), randomUUID()];
  try {
    await db.$transaction(async (tx) => {
      await tx.user.create({ data: { id: userId, email: account.email, passwordHash: account.passwordHash } });
      await tx.workspace.create({ data: { id: workspaceId, name: account.workspaceName, plan: account.plan } });
      await tx.member.create({ data: { workspaceId, userId, role: "owner" } });
      const actor = { kind: "user", id: userId, ...(account.origin ?? noOrigin) } as const;
      await recordAudit(tx, actor, { workspaceId, action: "workspace.created", target: workspaceId });
    });
  } catch (error) {
    if (!isTaken(error)) throw error;
    throw new ApiError("conflict", "There is already an account with this e-mail address; log in instead.");
  }
  return getMembership(db, userId, workspaceId);
}

/** Workspaces that one person may own: an agency has one for each client, a script would make thousands. */
export const ownedWorkspacesMax = 50;

/**
 * Creates another workspace of a user, on the plan free; throws `conflict` when they own `ownedWorkspacesMax`,
 * `forbidden` when one of theirs is suspended: a suspension is not left behind by a click.
 */
export async function createWorkspace(tx: Tx, name: string, owner: Actor): Promise<Workspace> {
  const userId = owner.id;
  // Of creations at once each sees what the others made.
  await tx.$queryRaw`SELECT 1 FROM users WHERE id = ${userId}::uuid FOR NO KEY UPDATE`;
  if ((await tx.member.count({ where: { userId, role: "owner" } })) >= ownedWorkspacesMax) {
    throw new ApiError("conflict", `You own ${ownedWorkspacesMax} workspaces, which is the most; delete one first.`);
  }
  const suspended = { userId, role: "owner", workspace: { suspendedAt: { not: null } } };
  if ((await tx.member.count({ where: suspended })) > 0) throw frozenProblem("suspended", "free");
  const row = await tx.workspace.create({ data: { id: randomUUID(), name, plan: "free" } });
  await tx.member.create({ data: { workspaceId: row.id, userId, role: "owner" } });
  await recordAudit(tx, owner, { workspaceId: row.id, action: "workspace.created", target: row.id });
  return toWorkspace(row);
}

/** A user's id, password hash and workspaces, the oldest membership first; null when nobody has this address. */
export async function findLogin(db: Db, email: string) {
  const user = await db.user.findUnique({
    where: { email },
    select: {
      id: true,
      passwordHash: true,
      memberships: { select: { workspaceId: true }, orderBy: [{ createdAt: "asc" }, { id: "asc" }] },
    },
  });
  if (!user) return null;
  const workspaceIds = user.memberships.map(({ workspaceId }) => workspaceId);
  return { userId: user.id, passwordHash: user.passwordHash, workspaceIds };
}

/** The membership that a session speaks for, or null when it no longer exists. */
async function findMembership(db: Db, userId: string, workspaceId: string): Promise<Membership | null> {
  const member = await db.member.findUnique({
    where: { workspaceId_userId: { workspaceId, userId } },
    include: { user: true, workspace: true },
  });
  if (!member) return null;
  const { user, workspace } = member;
  return {
    user: { userId, email: user.email, emailVerified: user.emailVerifiedAt !== null, createdAt: user.createdAt },
    workspace: toWorkspace(workspace),
    role: member.role as Role,
  };
}

/** Every workspace of a user with the role there, the oldest membership first. */
export async function listWorkspaces(db: Db, userId: string): Promise<{ workspace: Workspace; role: Role }[]> {
  const rows = await db.member.findMany({
    where: { userId },
    include: { workspace: true },
    orderBy: [{ createdAt: "asc" }, { id: "asc" }],
  });
  return rows.map((row) => ({ workspace: toWorkspace(row.workspace), role: row.role as Role }));
}

function toWorkspace(row: WorkspaceRow): Workspace {
  return { workspaceId: row.id, name: row.name, ...entitlementsOf(row), createdAt: row.createdAt };
}

/** As `findMembership`; throws `not_found`. */
export async function getMembership(db: Db, userId: string, workspaceId: string): Promise<Membership> {
  const membership = await findMembership(db, userId, workspaceId);
  if (!membership) throw noSuchWorkspace();
  return membership;
}

/** The password hash of a user, or null when there is no such user. */
export async function findPasswordHash(db: Db, userId: string): Promise<string | null> {
  const user = await db.user.findUnique({ where: { id: userId }, select: { passwordHash: true } });
  return user?.passwordHash ?? null;
}
