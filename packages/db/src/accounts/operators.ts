// Operators: the people who run the product. They are made from a shell that reaches the database, never over HTTP.
import { ApiError } from "@qrfactory/domain/http/errors";
import { type Actor, recordAudit } from "../audit/audit.js";
import type { Db } from "../client.js";

/** Whether a user is an operator now. */
export async function isOperator(db: Db, userId: string): Promise<boolean> {
  const user = await db.user.findUnique({ where: { id: userId }, select: { isOperator: true } });
  return user?.isOperator === true;
}

/** The e-mail addresses of all operators, in order. */
export async function listOperators(db: Db): Promise<string[]> {
  const users = await db.user.findMany({ where: { isOperator: true }, orderBy: { email: "asc" } });
  return users.map(({ email }) => email);
}

/**
 * Makes a user an operator, or no longer one; noted in each workspace of theirs unless it was so already. Throws
 * `not_found` for an address without an account.
 */
export async function setOperator(db: Db, email: string, wanted: boolean, actor: Actor): Promise<void> {
  await db.$transaction(async (tx) => {
    const user = await tx.user.findUnique({ where: { email }, include: { memberships: true } });
    if (!user) throw new ApiError("not_found", `There is no account with the address ${email}.`);
    const { count } = await tx.user.updateMany({
      where: { id: user.id, isOperator: !wanted },
      data: { isOperator: wanted },
    });
    if (count === 0) return;
    const action = wanted ? "user.operator_added" : "user.operator_removed";
    for (const { workspaceId } of user.memberships)
      await recordAudit(tx, actor, { workspaceId, action, target: user.id });
  });
}
