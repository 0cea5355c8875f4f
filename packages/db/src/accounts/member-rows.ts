// Members and invitations as one list of rows, the workspace's lock, and the rules that every change of them keeps.

import { includesRole, type Role } from "@qrfactory/domain/access/roles";
import { ApiError } from "@qrfactory/domain/http/errors";
import { type PlanName, plans, smallestPlan } from "@qrfactory/domain/plan/plans";
import type { Db, Tx } from "../client.js";
import { Prisma } from "../generated/client.js";

/** A member, or with `userId` null somebody who is invited. */
export type MemberRow = {
  id: string;
  userId: string | null;
  email: string;
  role: Role;
  createdAt: Date;
  /** When an invitation ends; null for members. */
  expiresAt: Date | null;
};

const rowsOf = (workspaceId: string) => Prisma.sql`
  SELECT m.id, m.user_id AS "userId", u.email, m.role, m.created_at AS "createdAt", NULL::timestamptz AS "expiresAt"
  FROM members m JOIN users u ON u.id = m.user_id WHERE m.workspace_id = ${workspaceId}::uuid
  UNION ALL
  SELECT id, NULL, email, role, created_at, expires_at
  FROM invitations WHERE workspace_id = ${workspaceId}::uuid AND expires_at > now()`;

/** Members and open invitations of a workspace, oldest first, and how many there are. */
export async function listMembers(db: Db, workspaceId: string, page: { skip: number; take: number }) {
  const [count, rows] = await Promise.all([
    countSeats(db, workspaceId),
    db.$queryRaw<MemberRow[]>`
      SELECT * FROM (${rowsOf(workspaceId)}) rows ORDER BY "createdAt", id LIMIT ${page.take} OFFSET ${page.skip}`,
  ]);
  return { count, rows };
}

/** The row with this id; throws `not_found`. */
export async function getMember(tx: Tx, workspaceId: string, memberId: string): Promise<MemberRow> {
  const rows = await tx.$queryRaw<MemberRow[]>`
    SELECT * FROM (${rowsOf(workspaceId)}) rows WHERE id = ${memberId}::uuid`;
  if (!rows[0]) throw noSuchMember();
  return rows[0];
}

/** The refusal for a member that is not there, or of another workspace. */
export const noSuchMember = () => new ApiError("not_found", "There is no such member.");

/** Members and open invitations. */
async function countSeats(db: Db | Tx, workspaceId: string): Promise<number> {
  const rows = await db.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM (${rowsOf(workspaceId)}) rows`;
  return rows[0]?.count ?? 0;
}

/** Throws `plan_limit` when every seat of the plan is taken or kept. */
export async function requireSeat(tx: Tx, workspaceId: string, plan: PlanName): Promise<void> {
  const taken = await countSeats(tx, workspaceId);
  if (taken < plans[plan].seatsMax) return;
  const larger = smallestPlan(({ seatsMax }) => seatsMax > taken);
  throw new ApiError(
    "plan_limit",
    `The plan ${plan} has ${plans[plan].seatsMax} seat(s), open invitations included; ${larger} has more.`,
  );
}

/** Throws `forbidden` unless the holder is an admin or owner and may give and take this role. */
export function requireRoleOver(held: Role, role: Role): void {
  const needed = role === "owner" ? "owner" : "admin";
  if (includesRole(held, needed)) return;
  throw lacksRole(needed, held);
}

/**
 * The role that a user has now, in a transaction that holds the workspace: what was read before may have changed while
 * it waited. Throws `forbidden` unless it includes the needed one.
 */
export async function requireRoleNow(
  tx: Tx,
  { workspaceId, userId }: { workspaceId: string; userId: string },
  needed: Role,
): Promise<Role> {
  const member = await tx.member.findUnique({ where: { workspaceId_userId: { workspaceId, userId } } });
  if (!member) throw new ApiError("forbidden", "You are not a member of this workspace any more.");
  const role = member.role as Role;
  if (!includesRole(role, needed)) throw lacksRole(needed, role);
  return role;
}

const lacksRole = (needed: Role, held: Role) =>
  new ApiError("forbidden", `This needs the role ${needed}; yours is ${held}.`);

/** Throws `conflict` when the row is the only owner. */
export async function requireOtherOwner(tx: Tx, workspaceId: string, row: MemberRow): Promise<void> {
  if (row.userId === null || row.role !== "owner") return;
  const others = await tx.member.count({ where: { workspaceId, role: "owner", id: { not: row.id } } });
  if (others === 0) throw new ApiError("conflict", "A workspace needs an owner; transfer it to another member first.");
}
