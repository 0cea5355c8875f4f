// Members of a workspace and the invitations that keep a seat for them. Every change holds the workspace's row, so that
// seats are never exceeded and there is always an owner, whatever happens at the same moment.

import { randomUUID } from "node:crypto";
import type { Role } from "@qrfactory/domain/access/roles";
import type { AuditAction } from "@qrfactory/domain/audit-actions";
import { ApiError } from "@qrfactory/domain/http/errors";
import { type Actor, type Origin, recordAudit } from "../audit/audit.js";
import { bytes, type Db, isTaken, type Tx } from "../client.js";
import { markEmailVerified } from "./mailed-tokens.js";
import {
  getMember,
  type MemberRow,
  requireOtherOwner,
  requireRoleNow,
  requireRoleOver,
  requireSeat,
} from "./member-rows.js";
import { endSessions } from "./sessions.js";
import { holdUnfrozen, holdWorkspace } from "./standing.js";

/** The member who changes members; their role is read under the lock. */
export type Manager = { userId: string; workspaceId: string; actor: Actor };

/** Keeps a seat for an address; throws `forbidden`, `conflict` or `plan_limit`. */
export async function inviteMember(
  tx: Tx,
  by: Manager,
  invited: { email: string; role: Role; tokenHash: Buffer; expiresAt: Date },
): Promise<MemberRow> {
  const { workspaceId } = by;
  const { plan } = await holdUnfrozen(tx, workspaceId, "update");
  requireRoleOver(await requireRoleNow(tx, by, "admin"), invited.role);
  await tx.invitation.deleteMany({ where: { workspaceId, email: invited.email, expiresAt: { lte: new Date() } } });
  const [member, invitation] = [
    await tx.member.findFirst({ where: { workspaceId, user: { email: invited.email } } }),
    await tx.invitation.findFirst({ where: { workspaceId, email: invited.email } }),
  ];
  if (member) throw new ApiError("conflict", "This person is already a member.");
  if (invitation) {
    throw new ApiError("conflict", "This person is already invited; delete the invitation to send another.");
  }
  await requireSeat(tx, workspaceId, plan);
  const data = { ...invited, id: randomUUID(), workspaceId, tokenHash: bytes(invited.tokenHash) };
  const row = await tx.invitation.create({ data });
  await recordMember(tx, by, "member.invited", row.id, { email: row.email, role: row.role });
  return { ...row, role: invited.role, userId: null };
}

/**
 * Gives a member or an invited person another role; throws `not_found`, `forbidden`, or `conflict` for the last owner.
 */
export async function changeRole(tx: Tx, by: Manager, memberId: string, role: Role): Promise<MemberRow> {
  await holdUnfrozen(tx, by.workspaceId, "update");
  const held = await requireRoleNow(tx, by, "admin");
  const row = await getMember(tx, by.workspaceId, memberId);
  requireRoleOver(held, row.role);
  requireRoleOver(held, role);
  if (role !== "owner") await requireOtherOwner(tx, by.workspaceId, row);
  if (row.userId === null) await tx.invitation.update({ where: { id: row.id }, data: { role } });
  else await tx.member.update({ where: { id: row.id }, data: { role } });
  await recordMember(tx, by, "member.role_changed", row.id, { from: row.role, to: role });
  return { ...row, role };
}

/**
 * Removes a member, whose sessions here end, or takes an invitation back; anybody may leave. Throws as `changeRole`.
 */
export async function removeMember(tx: Tx, by: Manager, memberId: string): Promise<void> {
  const { workspaceId } = by;
  await holdWorkspace(tx, workspaceId, "update");
  const row = await getMember(tx, workspaceId, memberId);
  if (row.userId !== by.userId) requireRoleOver(await requireRoleNow(tx, by, "admin"), row.role);
  await requireOtherOwner(tx, workspaceId, row);
  await recordMember(tx, by, "member.removed", row.id, { email: row.email, role: row.role });
  if (row.userId === null) {
    await tx.invitation.delete({ where: { id: row.id } });
    return;
  }
  await tx.member.delete({ where: { id: row.id } });
  await endSessions(tx, { userId: row.userId, workspaceId });
}

/** Makes a member the owner and the owner who does it an admin; throws `not_found`, or `conflict` for an invitation. */
export async function transferOwnership(tx: Tx, by: Manager, memberId: string): Promise<MemberRow> {
  await holdUnfrozen(tx, by.workspaceId, "update");
  await requireRoleNow(tx, by, "owner");
  const row = await getMember(tx, by.workspaceId, memberId);
  if (row.userId === null) throw new ApiError("conflict", "An invitation must be accepted first.");
  if (row.userId === by.userId) throw new ApiError("conflict", "This workspace is yours already.");
  const { workspaceId, userId } = by;
  await tx.member.update({ where: { workspaceId_userId: { workspaceId, userId } }, data: { role: "admin" } });
  await tx.member.update({ where: { id: row.id }, data: { role: "owner" } });
  await recordMember(tx, by, "member.made_owner", row.id, { email: row.email });
  return { ...row, role: "owner" };
}

function recordMember(
  tx: Tx,
  { workspaceId, actor }: Pick<Manager, "workspaceId" | "actor">,
  action: Extract<AuditAction, `member.${string}`>,
  target: string,
  details: Record<string, string>,
): Promise<void> {
  return recordAudit(tx, actor, { workspaceId, action, target, details });
}

/** The open invitation with this token; null when it was accepted, taken back or has expired. */
export async function findInvitation(db: Db | Tx, tokenHash: Buffer) {
  return db.invitation.findFirst({ where: { tokenHash: bytes(tokenHash), expiresAt: { gt: new Date() } } });
}

/** Makes the invited person a member, with a new account where `passwordHash` is given; null as `findInvitation`. */
export async function acceptInvitation(
  tx: Tx,
  tokenHash: Buffer,
  account: { userId: string } | { passwordHash: string },
  origin: Origin,
): Promise<{ userId: string; workspaceId: string } | null> {
  const found = await findInvitation(tx, tokenHash);
  if (!found) return null;
  const { plan } = await holdUnfrozen(tx, found.workspaceId, "update");
  const invitation = await findInvitation(tx, tokenHash);
  if (!invitation) return null;
  const { id, workspaceId, email, role } = invitation;
  await tx.invitation.delete({ where: { id } });
  await requireSeat(tx, workspaceId, plan);
  const userId = "userId" in account ? account.userId : await createUser(tx, email, account.passwordHash);
  const actor: Actor = { kind: "user", id: userId, ...origin };
  await tx.member.create({ data: { id, workspaceId, userId, role } });
  await recordMember(tx, { workspaceId, actor }, "member.joined", id, { email, role });
  await markEmailVerified(tx, actor);
  return { userId, workspaceId };
}

async function createUser(tx: Tx, email: string, passwordHash: string): Promise<string> {
  const id = randomUUID();
  await tx.user.create({ data: { id, email, passwordHash } }).catch((error: unknown) => {
    if (!isTaken(error)) throw error;
    throw new ApiError("conflict", "An account with this address was made at the same moment; try again.");
  });
  return id;
}
