// The owner shown on pages at the end of codes: set by a workspace, published like codes, and noted as such.
import type { CodeOwner, PublishedOwner } from "@qrfactory/codes/published/owner";
import { type Actor, recordAudit } from "../audit/audit.js";
import type { Db, Tx } from "../client.js";
import { holdUnfrozen } from "./standing.js";

const nobody: CodeOwner = { name: null, contact: null };

/** The owner that a workspace shows; null for none. */
export async function findCodeOwner(db: Db | Tx, workspaceId: string): Promise<CodeOwner | null> {
  const row = await db.scanPage.findUnique({ where: { workspaceId } });
  return row && (row.name !== null || row.contact !== null) ? { name: row.name, contact: row.contact } : null;
}

/** Sets it, null for nothing, and returns what is to be published; throws as `holdUnfrozen` does. */
export async function setCodeOwner(
  tx: Tx,
  workspaceId: string,
  owner: CodeOwner | null,
  actor: Actor,
): Promise<PublishedOwner> {
  await holdUnfrozen(tx, workspaceId, "update");
  const published = await write(tx, workspaceId, owner ?? nobody);
  await recordAudit(tx, actor, { workspaceId, action: "workspace.scan_pages_changed", details: { scan_pages: owner } });
  return published;
}

/** Of a workspace that ends nothing is said any more. */
export async function forgetScanPage(tx: Tx, workspaceId: string): Promise<void> {
  if (await tx.scanPage.findUnique({ where: { workspaceId } })) await write(tx, workspaceId, nobody);
}

async function write(tx: Tx, workspaceId: string, { name, contact }: CodeOwner): Promise<PublishedOwner> {
  const said = { name, contact };
  const { version } = await tx.scanPage.upsert({
    where: { workspaceId },
    create: { workspaceId, ...said },
    update: { ...said, version: { increment: 1 } },
  });
  return { workspace_id: workspaceId, version, ...said };
}

/** Owners whose latest version Redis is not known to have, or all after a workspace; in the order of workspaces. */
export async function listOwners(
  db: Db,
  which: "unpublished" | { after: string | null },
  limit: number,
): Promise<PublishedOwner[]> {
  const after = which === "unpublished" ? null : which.after;
  const rows = await db.scanPage.findMany({
    where: {
      ...(which === "unpublished" && { publishedVersion: { lt: db.scanPage.fields.version } }),
      ...(after && { workspaceId: { gt: after } }),
    },
    orderBy: { workspaceId: "asc" },
    take: limit,
  });
  return rows.map(({ workspaceId, version, name, contact }) => ({ workspace_id: workspaceId, version, name, contact }));
}

/** How many there are that Redis is known to have, in whatever version. */
export async function countPublishedOwners(db: Db): Promise<number> {
  return db.scanPage.count({ where: { publishedVersion: { gt: 0 } } });
}

/** Notes which versions are published; a newer one that appeared meanwhile stays to be published. */
export async function markOwnersPublished(db: Db, owners: PublishedOwner[]): Promise<void> {
  for (const { workspace_id: workspaceId, version } of owners) {
    const where = { workspaceId, publishedVersion: { lt: version } };
    await db.scanPage.updateMany({ where, data: { publishedVersion: version } });
  }
}
