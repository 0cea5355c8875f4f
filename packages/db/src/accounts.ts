// Users, workspaces, their members, and the refresh tokens of their log-ins.
import { randomUUID } from "node:crypto";
import { ApiError } from "@qrfactory/domain/errors";
import type { PlanName } from "@qrfactory/domain/plans";
import type { Role } from "@qrfactory/domain/roles";
import { type Db, isTaken, type Tx } from "./client.js";

export type Account = { userId: string; email: string; createdAt: Date };
export type Workspace = { workspaceId: string; name: string; plan: PlanName; createdAt: Date };
export type Membership = { user: Account; workspace: Workspace; role: Role };

type NewAccount = { email: string; passwordHash: string; workspaceName: string; plan: PlanName };

/** Creates a user who owns a new workspace; throws `conflict` when the e-mail address has an account. */
export async function createAccount(db: Db, account: NewAccount): Promise<Membership> {
  const [userId, workspaceId] = [randomUUID(), randomUUID()];
  try {
    await db.$transaction([
      db.user.create({ data: { id: userId, email: account.email, passwordHash: account.passwordHash } }),
      db.workspace.create({ data: { id: workspaceId, name: account.workspaceName, plan: account.plan } }),
      db.member.create({ data: { workspaceId, userId, role: "owner" } }),
    ]);
  } catch (error) {
    if (!isTaken(error)) throw error;
    throw new ApiError("conflict", "There is already an account with this e-mail address; log in instead.");
  }
  return getMembership(db, userId, workspaceId);
}

/** The user's id, password hash and first workspace, or null when nobody has this address. */
export async function findLogin(db: Db, email: string) {
  const user = await db.user.findUnique({
    where: { email },
    select: {
      id: true,
      passwordHash: true,
      memberships: { select: { workspaceId: true }, orderBy: { createdAt: "asc" }, take: 1 },
    },
  });
  const workspaceId = user?.memberships[0]?.workspaceId;
  return user && workspaceId ? { userId: user.id, passwordHash: user.passwordHash, workspaceId } : null;
}

/** The membership that a session speaks for, or null when it no longer exists. */
export async function findMembership(db: Db, userId: string, workspaceId: string): Promise<Membership | null> {
  const member = await db.member.findUnique({
    where: { workspaceId_userId: { workspaceId, userId } },
    include: { user: true, workspace: true },
  });
  if (!member) return null;
  const { user, workspace } = member;
  return {
    user: { userId, email: user.email, createdAt: user.createdAt },
    workspace: {
      workspaceId,
      name: workspace.name,
      plan: workspace.plan as PlanName,
      createdAt: workspace.createdAt,
    },
    role: member.role as Role,
  };
}

async function getMembership(db: Db, userId: string, workspaceId: string): Promise<Membership> {
  const membership = await findMembership(db, userId, workspaceId);
  if (!membership) throw new ApiError("not_found", "There is no such membership.");
  return membership;
}

type NewRefreshToken = { hash: Buffer; expiresAt: Date };

/** Starts a family of refresh tokens: one log-in. */
export async function startRefreshFamily(
  db: Db,
  session: { userId: string; workspaceId: string },
  token: NewRefreshToken,
): Promise<void> {
  await db.refreshToken.create({
    data: { tokenHash: Uint8Array.from(token.hash), familyId: randomUUID(), ...session, expiresAt: token.expiresAt },
  });
}

/**
 * Exchanges a refresh token for the next of its family and returns whose session it is. Null when the token is
 * unknown, expired or revoked; a token that was exchanged before also revokes its whole family, because somebody else
 * may hold the one that replaced it.
 */
export async function rotateRefreshToken(
  db: Db,
  hash: Buffer,
  next: NewRefreshToken,
): Promise<{ userId: string; workspaceId: string } | null> {
  const tokenHash = Uint8Array.from(hash);
  return db.$transaction(async (tx) => {
    // One statement decides who spends the token: of two at once, the second sees it spent.
    const spent = await tx.refreshToken.updateManyAndReturn({
      where: { tokenHash, spentAt: null, revokedAt: null, expiresAt: { gt: new Date() } },
      data: { spentAt: new Date() },
    });
    const token = spent[0];
    if (!token) {
      await revokeFamilyOfSpent(tx, tokenHash);
      return null;
    }
    const { familyId, userId, workspaceId } = token;
    await tx.refreshToken.create({
      data: { tokenHash: Uint8Array.from(next.hash), familyId, userId, workspaceId, expiresAt: next.expiresAt },
    });
    return { userId, workspaceId };
  });
}

async function revokeFamilyOfSpent(tx: Tx, tokenHash: Uint8Array<ArrayBuffer>): Promise<void> {
  const token = await tx.refreshToken.findUnique({ where: { tokenHash } });
  if (!token?.spentAt) return;
  await tx.refreshToken.updateMany({
    where: { familyId: token.familyId, revokedAt: null },
    data: { revokedAt: new Date() },
  });
}

/** Revokes the family of a token: a log-out. Unknown tokens are no error, so that a log-out may be repeated. */
export async function revokeRefreshFamily(db: Db, hash: Buffer): Promise<void> {
  const token = await db.refreshToken.findUnique({ where: { tokenHash: Uint8Array.from(hash) } });
  if (!token) return;
  await db.refreshToken.updateMany({
    where: { familyId: token.familyId, revokedAt: null },
    data: { revokedAt: new Date() },
  });
}

/** Deletes refresh tokens that expired, at most `limit` at once; returns how many went. */
export async function deleteExpiredRefreshTokens(db: Db, limit: number): Promise<number> {
  return db.$executeRaw`
    DELETE FROM refresh_tokens WHERE ctid IN (
      SELECT ctid FROM refresh_tokens WHERE expires_at <= now() LIMIT ${limit})`;
}
