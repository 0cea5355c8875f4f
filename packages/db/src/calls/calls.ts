// The ledger of delivered calls, as its workspace reads it: the newest first, from a position on. Partitions by month
// are read one after the other and no further than a page needs.
import { minuteMs } from "@qrfactory/domain/duration";
import type { Db } from "../client.js";
import { Prisma } from "../generated/client.js";

/** A delivered call, with the key that paid; the key's columns are null for images shown at a dashboard. */
export type LedgerCall = {
  id: string;
  calledAt: Date;
  requestId: string;
  keyId: string | null;
  keyPrefix: string | null;
  keyName: string | null;
  endpoint: string;
  status: number;
  cache: string;
  cacheKey: string;
  format: string;
  durationMs: number;
  credits: number;
};

/** Conditions on the ledger of calls; all that are given must hold. */
export type CallFilter = {
  keyId?: string;
  /** First 12 characters of the key. */
  keyPrefix?: string;
  status?: number;
  cache?: string;
  /** Called at this moment or later. */
  from?: Date;
  /** Called before this moment. */
  until?: Date;
};

/** Where a page goes on: after this call. */
export type CallPosition = { calledAt: Date; id: string };

/** How far the clock of Redis, which a charge has its time from, may be from that of the process that called. */
const clockMarginMs = 10 * minuteMs;

/** Of these ids those whose call is in the ledger; `at` is about when each was called. */
export async function findWrittenCalls(
  db: Db,
  wanted: readonly { id: string; workspaceId: string; at: number }[],
): Promise<Set<string>> {
  if (wanted.length === 0) return new Set();
  const times = wanted.map(({ at }) => at);
  const [from, until] = [Math.min(...times) - clockMarginMs, Math.max(...times) + clockMarginMs];
  const rows = await db.$queryRaw<{ id: string }[]>`
    SELECT id FROM calls
    WHERE workspace_id = ANY(${[...new Set(wanted.map(({ workspaceId }) => workspaceId))]}::uuid[])
      AND called_at BETWEEN ${new Date(from)} AND ${new Date(until)}
      AND id = ANY(${wanted.map(({ id }) => id)}::uuid[])`;
  return new Set(rows.map(({ id }) => id));
}

/** Calls of a workspace, the newest first, at most `take`, all after the position `after`. */
export async function listCalls(
  db: Db,
  workspaceId: string,
  { filter, after, take }: { filter: CallFilter; after: CallPosition | null; take: number },
): Promise<LedgerCall[]> {
  const { keyId, keyPrefix, status, cache, from, until } = filter;
  const conditions = [
    Prisma.sql`c.workspace_id = ${workspaceId}::uuid`,
    keyId && Prisma.sql`c.key_id = ${keyId}::uuid`,
    keyPrefix &&
      Prisma.sql`c.key_id = ANY(ARRAY(
        SELECT id FROM api_keys WHERE workspace_id = ${workspaceId}::uuid AND key_prefix = ${keyPrefix}))`,
    status && Prisma.sql`c.status = ${status}::int`,
    cache && Prisma.sql`c.cache = ${cache}`,
    from && Prisma.sql`c.called_at >= ${from}::timestamptz`,
    until && Prisma.sql`c.called_at < ${until}::timestamptz`,
    // The first says which partitions, the second which rows of the same millisecond.
    after && Prisma.sql`c.called_at <= ${after.calledAt}::timestamptz`,
    after && Prisma.sql`(c.called_at, c.id) < (${after.calledAt}::timestamptz, ${after.id}::uuid)`,
  ].filter((condition): condition is Prisma.Sql => Boolean(condition));
  return db.$queryRaw<LedgerCall[]>`
    SELECT c.id, c.called_at AS "calledAt", c.request_id AS "requestId", c.endpoint, c.status, c.cache,
      c.cache_key AS "cacheKey", c.format, c.duration_ms AS "durationMs", c.credits,
      k.id AS "keyId", k.key_prefix AS "keyPrefix", k.name AS "keyName"
    FROM (SELECT * FROM calls c WHERE ${Prisma.join(conditions, " AND ")}
          ORDER BY c.called_at DESC, c.id DESC LIMIT ${take}) c
    LEFT JOIN api_keys k ON k.id = c.key_id
    ORDER BY c.called_at DESC, c.id DESC`;
}
