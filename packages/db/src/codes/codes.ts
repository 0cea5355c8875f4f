// Dynamic codes: the rows a dashboard edits. Every edit raises `version`; rows that Redis has not heard of yet have
// `published_version < version`, and the worker sees to them, so a crash between commit and publication heals by
// itself.

import { snakeCase } from "@qrfactory/codes/fields/field";
import type { CodeFields } from "@qrfactory/codes/fields/fields";
import { wireNames } from "@qrfactory/codes/fields/stored";
import { dayMs } from "@qrfactory/domain/duration";
import { ApiError } from "@qrfactory/domain/http/errors";
import {
  holdUnfrozen,
  holdWorkspace,
  requireRoomForActive,
  type Standing,
  settleOverLimit,
} from "../accounts/standing.js";
import type { Actor } from "../audit/audit.js";
import { type Db, prepared, type Tx } from "../client.js";
import { type DynamicCode, Prisma } from "../generated/client.js";
import { changesOf } from "./changes.js";
import { toData } from "./data.js";
import { type CodeChange, recordVersions } from "./history.js";

export type { DynamicCode } from "../generated/client.js";

/** Every column of `dynamic_codes` under its name in the generated client. */
export const codeColumns = Prisma.raw(
  Object.keys(Prisma.DynamicCodeScalarFieldEnum)
    .map((name) => `${snakeCase(name)} AS "${name}"`)
    .join(),
);

/** For how long a deleted code can be restored. */
const restorableDays = 30;

/** Deleted before this moment, a code cannot be restored any more. */
export const restorableSince = (now = Date.now()) => new Date(now - restorableDays * dayMs);

/** A code of the workspace; throws `not_found`, the same for a missing, a deleted and somebody else's. */
export async function getCode(db: Db | Tx, workspaceId: string, shortId: string): Promise<DynamicCode> {
  const rows = await db.$queryRaw<DynamicCode[]>`${prepared}
    SELECT ${codeColumns} FROM dynamic_codes WHERE short_id = ${shortId}`;
  const row = rows[0];
  if (!row || row.workspaceId !== workspaceId || row.deletedAt) throw noSuchCode();
  return row;
}

/** The refusal for a code that is not there. */
export const noSuchCode = () => new ApiError("not_found", "There is no such dynamic code.");

/** Which code of whose, and in which version a change is meant for, if the caller says. */
export type Target = { workspaceId: string; shortId: string; ifVersions?: readonly number[] };

/**
 * Changes a code and returns its new row; without a change it stays the version it is. Throws `not_found`,
 * `version_mismatch` when `ifVersions` are given and all stale, `plan_limit` when a paused code would become active
 * without room, and as `holdForEdit` does.
 */
export async function updateCode(
  db: Db,
  target: Target,
  changes: CodeFields,
  actor: Actor,
  change: Partial<CodeChange> = {},
): Promise<DynamicCode> {
  return db.$transaction((tx) => updateCodeIn(tx, target, changes, actor, change));
}

/** As `updateCode`, in a transaction that does more. */
export async function updateCodeIn(
  tx: Tx,
  target: Target,
  fields: CodeFields,
  actor: Actor,
  { action = "dynamic.updated", details = { fields: wireNames(fields) } }: Partial<CodeChange> = {},
): Promise<DynamicCode> {
  const standing = await holdForEdit(tx, target.workspaceId, fields);
  const current = await lockCode(tx, target);
  const changes = changesOf(current, fields);
  if (Object.keys(changes).length === 0) return current;
  if (changes.isActive === true && !current.isActive) await requireRoomForActive(tx, target.workspaceId);
  const repointed = changes.destinationUrl !== undefined && changes.destinationUrl !== current.destinationUrl;
  const row = await tx.dynamicCode.update({
    where: { id: current.id },
    data: {
      ...toData(changes),
      version: { increment: 1 },
      updatedAt: new Date(),
      ...(repointed && { destinationChangesCount: { increment: 1 } }),
    },
  });
  await recordVersions(tx, [row], { actor, action, details });
  if (standing.isOverLimit) await settleOverLimit(tx, target.workspaceId, standing);
  return row;
}

/**
 * Holds the workspace of codes that are to be edited, and throws when it is frozen; nothing but a pause is possible
 * then, which may be what ends the freeze.
 */
export async function holdForEdit(tx: Tx, workspaceId: string, changes: CodeFields): Promise<Standing> {
  const isPause = changes.isActive === false && Object.keys(changes).length === 1;
  return isPause ? holdWorkspace(tx, workspaceId, "update") : holdUnfrozen(tx, workspaceId);
}

/** Deletes a code; its short id stays taken for ever. Throws as `updateCode` does. */
export async function deleteCode(db: Db, target: Target, actor: Actor): Promise<DynamicCode> {
  return db.$transaction(async (tx) => {
    const standing = await holdWorkspace(tx, target.workspaceId, "update");
    const current = await lockCode(tx, target);
    const row = await setDeletedAt(tx, current, new Date(), { actor, action: "dynamic.deleted" });
    if (standing.isOverLimit) await settleOverLimit(tx, target.workspaceId, standing);
    return row;
  });
}

/**
 * Brings a deleted code back as it was. Throws `not_found`, `conflict` when it is not deleted, `gone` after
 * `restorableDays`, `plan_limit` when it was active and there is no room.
 */
export async function restoreCode(db: Db, target: Target, actor: Actor): Promise<DynamicCode> {
  return db.$transaction(async (tx) => {
    await holdUnfrozen(tx, target.workspaceId);
    const current = await lockRow(tx, target);
    if (!current.deletedAt) throw new ApiError("conflict", "This dynamic code is not deleted.");
    if (current.deletedAt < restorableSince()) {
      throw new ApiError("gone", `This dynamic code was deleted more than ${restorableDays} days ago.`);
    }
    requireVersion(current, target);
    if (current.isActive) await requireRoomForActive(tx, target.workspaceId);
    return setDeletedAt(tx, current, null, { actor, action: "dynamic.restored" });
  });
}

async function setDeletedAt(
  tx: Tx,
  { id }: DynamicCode,
  deletedAt: Date | null,
  change: CodeChange,
): Promise<DynamicCode> {
  const data = { deletedAt, updatedAt: deletedAt ?? new Date(), version: { increment: 1 } };
  const row = await tx.dynamicCode.update({ where: { id }, data });
  await recordVersions(tx, [row], change);
  return row;
}

/** Reads a code for a change: edits of one code queue up behind each other instead of overwriting. */
export async function lockCode(tx: Tx, target: Target): Promise<DynamicCode> {
  const current = await lockRow(tx, target);
  if (current.deletedAt) throw noSuchCode();
  requireVersion(current, target);
  return current;
}

/** The same for a code that may be deleted, in whatever version. */
async function lockRow(tx: Tx, { workspaceId, shortId }: Target): Promise<DynamicCode> {
  await tx.$queryRaw`SELECT 1 FROM dynamic_codes WHERE short_id = ${shortId} FOR UPDATE`;
  const current = await tx.dynamicCode.findUnique({ where: { shortId } });
  if (current?.workspaceId !== workspaceId) throw noSuchCode();
  return current;
}

function requireVersion(current: DynamicCode, { ifVersions }: Target): void {
  if (ifVersions === undefined || ifVersions.includes(current.version)) return;
  throw new ApiError("version_mismatch", `The code is at version ${current.version}; read it again before editing.`);
}

/** Of these short ids those that were codes of the workspace and are deleted. */
export async function findDeletedCodes(db: Db, workspaceId: string, shortIds: string[]): Promise<DynamicCode[]> {
  return db.$queryRaw<DynamicCode[]>`
    SELECT ${codeColumns} FROM dynamic_codes
    WHERE short_id = ANY(${shortIds}::text[]) AND workspace_id = ${workspaceId}::uuid AND deleted_at IS NOT NULL`;
}

/** Codes whose latest version Redis is not known to have, deleted ones included, the longest waiting first. */
export async function findUnpublishedCodes(db: Db, limit: number): Promise<DynamicCode[]> {
  const waiting = await db.$queryRaw<{ id: string }[]>`
    SELECT id FROM dynamic_codes WHERE published_version < version ORDER BY updated_at LIMIT ${limit}`;
  return db.dynamicCode.findMany({ where: { id: { in: waiting.map((row) => row.id) } } });
}

/** All codes in the order of their ids, deleted ones included, a batch at a time: for publishing everything again. */
export async function listCodesAfter(db: Db, afterId: string | null, limit: number): Promise<DynamicCode[]> {
  return db.dynamicCode.findMany({
    ...(afterId && { where: { id: { gt: afterId } } }),
    orderBy: { id: "asc" },
    take: limit,
  });
}

/**
 * Notes which versions are published; a newer version that appeared meanwhile stays to be published, and so does a code
 * made for a number of scans when more of them were counted.
 */
export async function markCodesPublished(
  db: Db,
  published: Pick<DynamicCode, "id" | "version" | "scanCount">[],
): Promise<void> {
  if (published.length === 0) return;
  // In the order of ids, as edits of many and ingest lock them: else two of these could wait for each other.
  await db.$executeRaw`${prepared}
    WITH held AS MATERIALIZED (
      SELECT c.id, p.version
      FROM dynamic_codes c
      JOIN unnest(${published.map((row) => row.id)}::uuid[], ${published.map((row) => row.version)}::int[],
                  ${published.map((row) => row.scanCount)}::bigint[])
           AS p(id, version, scan_count) ON c.id = p.id
      WHERE c.published_version < p.version AND (c.max_scans IS NULL OR c.scan_count <= p.scan_count)
      ORDER BY c.id FOR NO KEY UPDATE OF c)
    UPDATE dynamic_codes c SET published_version = held.version FROM held WHERE c.id = held.id`;
}
