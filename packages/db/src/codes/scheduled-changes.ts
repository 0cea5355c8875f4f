// Edits of codes that are to happen later. They wait as rows, and the edit and the end of its row are one transaction,
// so each is made once, in the order of their moments.
import { randomUUID } from "node:crypto";
import type { CodeFields } from "@qrfactory/codes/fields/fields";
import { reviveChanges, wireNames } from "@qrfactory/codes/fields/stored";
import { keepIds } from "@qrfactory/codes/routing/routing-ids";
import { ApiError } from "@qrfactory/domain/http/errors";
import { type Actor, recordAudit } from "../audit/audit.js";
import type { Db, Tx } from "../client.js";
import type { Prisma } from "../generated/client.js";
import { type DynamicCode, holdForEdit, lockCode, type Target, updateCodeIn } from "./codes.js";

/** A change that waits, or that was refused when its time had come. */
export type ScheduledChange = {
  id: string;
  effectiveAt: Date;
  changes: CodeFields;
  actor: Actor;
  createdAt: Date;
  /** Why it was refused; null while it waits. */
  failure: string | null;
};

/** Waiting changes of one code; a campaign has a handful. */
const scheduledMax = 50;

/** Puts a change of a code down for later; throws as `updateCode` does, `conflict` when `scheduledMax` wait already. */
export async function scheduleChange(
  db: Db,
  target: Target,
  change: { changes: CodeFields; effectiveAt: Date },
  actor: Actor,
): Promise<ScheduledChange> {
  return db.$transaction((tx) => scheduleChangeIn(tx, target, change, actor));
}

/** As `scheduleChange`, in a transaction that does more. */
export async function scheduleChangeIn(
  tx: Tx,
  target: Target,
  { changes, effectiveAt }: { changes: CodeFields; effectiveAt: Date },
  actor: Actor,
): Promise<ScheduledChange> {
  await holdForEdit(tx, target.workspaceId, changes);
  const current = await lockCode(tx, target);
  // A change that the code of today refuses need not wait to be refused.
  keepIds(changes, current);
  const { id: codeId, workspaceId, shortId } = current;
  if ((await tx.scheduledChange.count({ where: { codeId } })) >= scheduledMax) {
    throw new ApiError("conflict", `This code has ${scheduledMax} scheduled changes; cancel one first.`);
  }
  const data = { id: randomUUID(), codeId, effectiveAt, changes: toJson(changes), actor: toJson(actor) };
  const row = await tx.scheduledChange.create({ data });
  const details = { id: row.id, fields: wireNames(changes), effective_at: effectiveAt.toISOString() };
  await recordAudit(tx, actor, { workspaceId, action: "dynamic.change_scheduled", target: shortId, details });
  return toScheduled(row);
}

/** The changes of a code that wait or were refused, the next first. */
export async function listScheduledChanges(db: Db, code: DynamicCode): Promise<ScheduledChange[]> {
  const where = { codeId: code.id };
  const rows = await db.scheduledChange.findMany({ where, orderBy: [{ effectiveAt: "asc" }, { createdAt: "asc" }] });
  return rows.map(toScheduled);
}

/**
 * The code as it will be at a moment that is to come, when the changes that wait until then are made as they are, and
 * these changes in their order; without those that would be refused for an id that another edit has taken.
 */
export async function foreseeCode(
  db: Db,
  code: DynamicCode,
  at: Date,
): Promise<{ code: DynamicCode; made: ScheduledChange[] }> {
  const scheduled = await listScheduledChanges(db, code);
  const due = scheduled.filter(({ failure, effectiveAt }) => failure === null && effectiveAt <= at);
  const withChange = (before: DynamicCode, { changes, effectiveAt }: ScheduledChange): DynamicCode => {
    const isRepointed = changes.destinationUrl !== undefined && changes.destinationUrl !== before.destinationUrl;
    return {
      ...before,
      // As stored: the JSON columns of a code hold what the API has checked.
      ...({ ...changes, ...keepIds(changes, before) } as Partial<DynamicCode>),
      version: before.version + 1,
      destinationChangesCount: before.destinationChangesCount + (isRepointed ? 1 : 0),
      updatedAt: effectiveAt,
    };
  };
  let foreseen = code;
  const made: ScheduledChange[] = [];
  for (const change of due) {
    try {
      foreseen = withChange(foreseen, change);
      made.push(change);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }
  return { code: foreseen, made };
}

/** Takes a change back; throws `not_found` when it is not there or was made meanwhile. */
export async function cancelScheduledChange(db: Db, code: DynamicCode, id: string, actor: Actor): Promise<void> {
  await db.$transaction(async (tx) => {
    const { count } = await tx.scheduledChange.deleteMany({ where: { id, codeId: code.id } });
    if (count === 0) throw noSuchChange();
    const { workspaceId, shortId: target } = code;
    await recordAudit(tx, actor, { workspaceId, action: "dynamic.change_cancelled", target, details: { id } });
  });
}

/** The refusal for a scheduled change that is not there. */
export const noSuchChange = () => new ApiError("not_found", "There is no such scheduled change.");

/**
 * Makes the change whose moment came first and returns the code's new row; null when none is due. One that is refused
 * keeps its row with the reason, and `refused` is told instead. May run many times at once.
 */
export async function makeDueChange(db: Db): Promise<DynamicCode | "refused" | null> {
  let taken: string | undefined;
  try {
    return await db.$transaction(async (tx) => {
      const due = await takeDue(tx);
      if (!due) return null;
      taken = due.id;
      await tx.scheduledChange.delete({ where: { id: due.id } });
      const { id, changes, actor, createdAt } = toScheduled(due);
      const details = { fields: wireNames(changes), scheduled: id, scheduled_at: createdAt.toISOString() };
      return updateCodeIn(tx, due.code, changes, actor, { details });
    });
  } catch (error) {
    if (!(error instanceof ApiError) || taken === undefined || error.status >= 500) throw error;
    await db.scheduledChange.updateMany({ where: { id: taken }, data: { failure: error.message } });
    return "refused";
  }
}

/** The change that is due first, held until the end of the transaction; of two who ask at once, one waits. */
async function takeDue(tx: Tx) {
  const held = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM scheduled_changes WHERE effective_at <= now() AND failure IS NULL
    ORDER BY effective_at, created_at LIMIT 1 FOR UPDATE`;
  const id = held[0]?.id;
  return id === undefined ? null : tx.scheduledChange.findUnique({ where: { id }, include: { code: true } });
}

const toJson = (value: object) => JSON.parse(JSON.stringify(value)) as Prisma.InputJsonObject;

function toScheduled(row: Prisma.ScheduledChangeGetPayload<object>): ScheduledChange {
  const { id, effectiveAt, createdAt, failure } = row;
  const changes = reviveChanges(row.changes as Record<string, unknown>);
  return { id, effectiveAt, createdAt, failure, changes, actor: row.actor as Actor };
}
