// One edit of many dynamic codes: all of them change, in one transaction, or none does.
import type { CodeFields } from "@qrfactory/codes/fields/fields";
import { wireNames } from "@qrfactory/codes/fields/stored";
import { keepIds } from "@qrfactory/codes/routing/routing-ids";
import { bulkEditMax } from "@qrfactory/codes/statuses";
import { ApiError, invalidField } from "@qrfactory/domain/http/errors";
import { requireRoomForActive, settleOverLimit } from "../accounts/standing.js";
import type { Actor } from "../audit/audit.js";
import type { Db, Tx } from "../client.js";
import { Prisma } from "../generated/client.js";
import { changesOf } from "./changes.js";
import { type DynamicCode, holdForEdit } from "./codes.js";
import { toData } from "./data.js";
import { recordVersions } from "./history.js";
import { type CodeFilter, matches, withSearchBounds } from "./lists.js";

/** Which codes of a workspace: by stored short id, or all that a list with this filter would show. */
export type CodeSelection = { shortIds: string[] } | { filter: CodeFilter };

/**
 * Changes all selected codes as `updateCode` changes one, and returns the new rows of those that were not so already.
 * Throws `not_found` that names the short ids which are no code of the workspace, `validation_failed` when more than
 * `bulkEditMax` match the filter, `plan_limit` when there is no room for all that would become active.
 */
export async function updateCodes(
  db: Db,
  workspaceId: string,
  selection: CodeSelection,
  changes: CodeFields,
  actor: Actor,
): Promise<DynamicCode[]> {
  return db.$transaction(async (tx) => {
    const standing = await holdForEdit(tx, workspaceId, changes);
    const selected = await lockCodes(tx, workspaceId, selection);
    const current = selected.filter((row) => Object.keys(changesOf(row, changes, "changes.")).length > 0);
    const woken = changes.isActive === true ? current.filter((row) => !row.isActive).length : 0;
    if (woken > 0) await requireRoomForActive(tx, workspaceId, woken);
    const { destinationUrl } = changes;
    if (destinationUrl !== undefined) {
      const repointed = current.filter((row) => row.destinationUrl !== destinationUrl).map((row) => row.id);
      await tx.dynamicCode.updateMany({
        where: { id: { in: repointed } },
        data: { destinationChangesCount: { increment: 1 } },
      });
    }
    const rows: DynamicCode[] = [];
    for (const { ids, fields } of alike(current, changes)) {
      const data = { ...toData(fields), version: { increment: 1 }, updatedAt: new Date() };
      rows.push(...(await tx.dynamicCode.updateManyAndReturn({ where: { id: { in: ids } }, data })));
    }
    await recordVersions(tx, rows, { actor, action: "dynamic.updated", details: { fields: wireNames(changes) } });
    if (standing.isOverLimit) await settleOverLimit(tx, workspaceId, standing);
    return rows;
  });
}

/**
 * The codes for which an edit is the same: rules and variants that a code has already keep the ids that they have
 * there.
 */
function alike(rows: DynamicCode[], changes: CodeFields): { ids: string[]; fields: CodeFields }[] {
  const groups = new Map<string, { ids: string[]; fields: CodeFields }>();
  for (const row of rows) {
    const kept = keepIds(changes, row);
    const text = JSON.stringify(kept);
    const group = groups.get(text);
    if (group) group.ids.push(row.id);
    else groups.set(text, { ids: [row.id], fields: { ...changes, ...kept } });
  }
  return [...groups.values()];
}

/** Locks in the order of ids, as ingest does, so that neither two edits nor an edit and a batch hold each other up. */
async function lockCodes(tx: Tx, workspaceId: string, selection: CodeSelection): Promise<DynamicCode[]> {
  const which =
    "shortIds" in selection
      ? Prisma.sql`${matches(workspaceId, {})} AND short_id = ANY(${selection.shortIds})`
      : matches(workspaceId, await withSearchBounds(tx, workspaceId, selection.filter));
  const locked = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM dynamic_codes WHERE ${which} ORDER BY id LIMIT ${bulkEditMax + 1} FOR UPDATE`;
  if (locked.length > bulkEditMax) {
    throw invalidField("filter", `More than ${bulkEditMax} codes match; narrow the filter.`);
  }
  const rows = await tx.dynamicCode.findMany({ where: { id: { in: locked.map((row) => row.id) } } });
  if ("shortIds" in selection) requireAll(selection.shortIds, rows);
  return rows;
}

/** Missing ids that a refusal names; the others are found out by asking again. */
const namedMax = 10;

function requireAll(shortIds: string[], rows: DynamicCode[]): void {
  const found = new Set(rows.map((row) => row.shortId));
  const missing = shortIds.filter((shortId) => !found.has(shortId));
  if (missing.length === 0) return;
  throw new ApiError("not_found", `There is no such dynamic code: ${missing.slice(0, namedMax).join(", ")}.`);
}
