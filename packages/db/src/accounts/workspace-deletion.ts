// The end of a workspace: its people, invitations, keys and stored answers go; its codes stay as they are and go on
// redirecting, because they are printed, and nobody is left who could edit them.

import { type Actor, recordAudit } from "../audit/audit.js";
import { endBulkJobs } from "../bulk/jobs.js";
import type { Tx } from "../client.js";
import { findActiveKeyIds, type KeyPublication, revokeKey } from "../keys/api-keys.js";
import { forgetScanPage } from "./scan-pages.js";
import { holdWorkspace } from "./standing.js";

/**
 * Deletes a workspace and returns its keys, whose end is to be published. Accounts that are in no other workspace go,
 * too. Throws `not_found` when it is deleted already.
 */
export async function deleteWorkspace(tx: Tx, workspaceId: string, actor: Actor): Promise<KeyPublication[]> {
  await holdWorkspace(tx, workspaceId, "update");
  const publications: KeyPublication[] = [];
  for (const keyId of await findActiveKeyIds(tx, workspaceId))
    publications.push(await revokeKey(tx, workspaceId, keyId));
  await tx.apiKey.updateMany({ where: { workspaceId }, data: { name: "" } });
  await removePeople(tx, workspaceId);
  await endBulkJobs(tx, workspaceId);
  await forgetScanPage(tx, workspaceId);
  await tx.idempotencyKey.deleteMany({ where: { workspaceId } });
  // The trail is about people, too; that there was an end, and by whose id, is all that is left of it.
  await tx.auditEvent.deleteMany({ where: { workspaceId } });
  await recordAudit(tx, { ...actor, network: null }, { workspaceId, action: "workspace.deleted", target: workspaceId });
  await tx.workspace.update({ where: { id: workspaceId }, data: { name: "", deletedAt: new Date() } });
  return publications;
}

async function removePeople(tx: Tx, workspaceId: string): Promise<void> {
  await tx.invitation.deleteMany({ where: { workspaceId } });
  // A refresh at this moment must not outlive its session; one order for all keeps deletions from blocking each other.
  const held = await tx.$queryRaw<{ id: string }[]>`
    SELECT u.id FROM users u JOIN members m ON m.user_id = u.id
    WHERE m.workspace_id = ${workspaceId}::uuid ORDER BY u.id FOR UPDATE OF u`;
  await tx.member.deleteMany({ where: { workspaceId } });
  await tx.refreshToken.deleteMany({ where: { workspaceId } });
  const gone = { id: { in: held.map(({ id }) => id) }, memberships: { none: {} } };
  await tx.refreshToken.deleteMany({ where: { user: gone } });
  await tx.mailedToken.deleteMany({ where: { user: gone } });
  await tx.user.deleteMany({ where: gone });
}
