// The audit trail: who changed what, when, from which network. A row is written in the transaction of its change, so
// that neither is ever there without the other.
import type { AuditAction } from "@qrfactory/domain/audit-actions";
import type { Db, Tx } from "../client.js";
import { type AuditEvent, Prisma } from "../generated/client.js";

export type { AuditEvent } from "../generated/client.js";

/** Where a change comes from. */
export type Origin = {
  /** The caller's network, /24 or /48; null where there is none. */
  network: string | null;
  requestId: string | null;
};

/** Of what no request asked for. */
export const noOrigin: Origin = { network: null, requestId: null };

/** Author of a change, with their network and request. */
export type Actor = Origin & {
  kind: "user" | "key" | "operator";
  /** The user's or key's id; for an operator a name. */
  id: string;
};

/** A change beside its author; `details` in the words of the API, never a secret. */
export type Change = {
  workspaceId: string;
  action: AuditAction;
  /** The short id of a code, the id of anything else. */
  target?: string;
  details?: Record<string, unknown>;
};

/** Notes a change, in its transaction. */
export async function recordAudit(tx: Tx, actor: Actor, change: Change): Promise<void> {
  const { workspaceId, action, target = null, details = {} } = change;
  await tx.$executeRaw`
    INSERT INTO audit_events (workspace_id, action, actor_kind, actor_id, network, request_id, target, details)
    VALUES (${workspaceId}::uuid, ${action}, ${columnsOf(actor)}, ${target}, ${JSON.stringify(details)}::jsonb)`;
}

/** Notes what a user did to their own account, in every workspace that they belong to. */
export async function recordAccountAudit(tx: Tx, actor: Actor, action: AuditAction): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO audit_events (workspace_id, action, actor_kind, actor_id, network, request_id, target)
    SELECT workspace_id, ${action}, ${columnsOf(actor)}, ${actor.id} FROM members WHERE user_id = ${actor.id}::uuid`;
}

/** An actor as the four columns `actor_kind, actor_id, network, request_id`. */
export const columnsOf = ({ kind, id, network, requestId }: Actor): Prisma.Sql =>
  Prisma.sql`${kind}::text, ${id}::text, ${network}::text, ${requestId}::text`;

/** Conditions on the audit trail; all that are given must hold. `from` is inclusive, `until` is not. */
export type AuditFilter = {
  actions?: string[];
  actorId?: string;
  target?: string;
  from?: Date;
  until?: Date;
};

/** An event with the name its actor goes by today: an e-mail address or the name of a key; null when that is gone. */
export type NamedAuditEvent = AuditEvent & { actorName: string | null };

/** The events of a workspace, the newest first, at most `take`, all of them older than the event `before`. */
export async function listAuditEvents(
  db: Db,
  workspaceId: string,
  { filter, before, take }: { filter: AuditFilter; before: bigint | null; take: number },
): Promise<NamedAuditEvent[]> {
  const { actions, actorId, target, from, until } = filter;
  const rows = await db.auditEvent.findMany({
    where: {
      workspaceId,
      ...(before !== null && { id: { lt: before } }),
      ...(actions && { action: { in: actions } }),
      ...(actorId && { actorId }),
      ...(target && { target }),
      ...((from || until) && { at: { ...(from && { gte: from }), ...(until && { lt: until }) } }),
    },
    orderBy: { id: "desc" },
    take,
  });
  const names = await namesOf(db, rows);
  return rows.map((row) => ({ ...row, actorName: names.get(row.actorId) ?? null }));
}

async function namesOf(db: Db, rows: AuditEvent[]): Promise<Map<string, string>> {
  const idsOf = (kind: Actor["kind"]) => [
    ...new Set(rows.filter(({ actorKind }) => actorKind === kind).map(({ actorId }) => actorId)),
  ];
  const [users, keys] = await Promise.all([
    db.user.findMany({ where: { id: { in: idsOf("user") } }, select: { id: true, email: true } }),
    db.apiKey.findMany({ where: { id: { in: idsOf("key") } }, select: { id: true, name: true } }),
  ]);
  return new Map([
    ...users.map(({ id, email }) => [id, email] as const),
    ...keys.map(({ id, name }) => [id, name] as const),
  ]);
}
