// Bulk orders: a row is the truth about each, whatever a queue says. A worker has claimed an order with a number
// that grows with each claim; an effect that carries an older number is refused.

import { randomUUID } from "node:crypto";
import { hourMs } from "@qrfactory/domain/duration";
import { ApiError } from "@qrfactory/domain/http/errors";
import { recordEvent } from "../audit/events.js";
import { bytes, type Db, type Tx } from "../client.js";
import type { BulkJob, Prisma } from "../generated/client.js";
import { arrayLiteral, callColumns, insertCalls } from "../scans/ingest/statements.js";

export type { BulkJob } from "../generated/client.js";

/** Many orders that wait are small, or there is trouble; either way it is soon known. */
const retrySeconds = 10;
/** For how long a finished ZIP is kept. */
export const archiveHours = 24;

/** An accepted order, ready to be written and charged. */
export type NewBulkJob = {
  id: string;
  workspaceId: string;
  /** The key or user that pays. */
  chargedTo: string;
  /** Decides the month that pays. */
  chargedAt: Date;
  requestId: string;
  total: number;
  /** Gzip of JSON. */
  rows: Buffer;
  pictures: Buffer;
};

/** Jobs of a workspace that are not finished, at most: each keeps its rows and pictures here. */
export const unfinishedMax = 200;

/** Inserts a job that waits, and charges its rows to the ledger. Throws `rate_limited` when too many wait already. */
export async function insertBulkJob(tx: Tx, job: NewBulkJob): Promise<BulkJob> {
  const { id, workspaceId, chargedTo, chargedAt, total } = job;
  const unfinished = await tx.bulkJob.count({ where: { workspaceId, status: { in: ["queued", "running"] } } });
  if (unfinished >= unfinishedMax) {
    const detail =
      `${unfinished} orders of this workspace are not finished; ` +
      "wait for some of them, or send fewer, larger ones.";
    throw new ApiError("rate_limited", detail, { retryAfterSeconds: retrySeconds });
  }
  const row = await tx.bulkJob.create({ data: { id, workspaceId, chargedTo, chargedAt, total } });
  await tx.bulkInput.create({
    data: { jobId: id, rows: bytes(job.rows), pictures: bytes(job.pictures) },
  });
  await enter(tx, row, { endpoint: "bulk", credits: total, requestId: job.requestId });
  return row;
}

/** One line of the ledger, in the month of the charge. */
async function enter(
  tx: Tx,
  { workspaceId, chargedTo, chargedAt }: BulkJob,
  { endpoint, credits, requestId }: { endpoint: "bulk" | "bulk-refund"; credits: number; requestId: string },
): Promise<void> {
  const call: Record<keyof typeof callColumns, unknown> = {
    id: randomUUID(),
    called_at: chargedAt,
    workspace_id: workspaceId,
    key_id: chargedTo,
    request_id: requestId,
    endpoint,
    status: 200,
    cache: "",
    cache_key: "",
    format: "zip",
    duration_ms: 0,
    credits,
  };
  const arrays = Object.keys(callColumns).map((name) => arrayLiteral([call[name as keyof typeof callColumns]]));
  await tx.$executeRawUnsafe(insertCalls, ...arrays);
}

/** A job of the workspace; null when there is none. */
export async function findBulkJob(db: Db | Tx, workspaceId: string, id: string): Promise<BulkJob | null> {
  return db.bulkJob.findFirst({ where: { id, workspaceId } });
}

/** A job whosever it is, for who has proved that they may; null when there is none. */
export async function findFinishedJob(db: Db, id: string): Promise<BulkJob | null> {
  return db.bulkJob.findFirst({ where: { id, finishedAt: { not: null } } });
}

/** A page of a workspace's jobs, the newest first and without the errors of their rows, and how many there are. */
export async function listBulkJobs(db: Db, workspaceId: string, page: { skip: number; take: number }) {
  const where = { workspaceId };
  const [count, rows] = await Promise.all([
    db.bulkJob.count({ where }),
    db.bulkJob.findMany({ where, omit: { errors: true }, orderBy: [{ createdAt: "desc" }, { id: "desc" }], ...page }),
  ]);
  return { count, rows };
}

/**
 * Cancels a job of a workspace that is not finished: what was not drawn is given back, and its worker's claim is void.
 * Null when there is no such job, or it is finished already.
 */
export async function cancelBulkJob(tx: Tx, workspaceId: string, id: string): Promise<BulkJob | null> {
  const held = await tx.$queryRaw<{ total: number; completed: number }[]>`
    SELECT total, completed FROM bulk_jobs
    WHERE id = ${id}::uuid AND workspace_id = ${workspaceId}::uuid AND status IN ('queued', 'running') FOR UPDATE`;
  if (!held[0]) return null;
  await tx.$executeRaw`UPDATE bulk_jobs SET fence = fence + 1 WHERE id = ${id}::uuid`;
  return settle(tx, id, { status: "cancelled", refunded: held[0].total - held[0].completed });
}

/** Ends all that a workspace ordered, for good: nobody is left to fetch it or to be paid back. */
export async function endBulkJobs(tx: Tx, workspaceId: string): Promise<void> {
  await tx.$executeRaw`
    UPDATE bulk_jobs SET status = 'cancelled', fence = fence + 1, lease_until = NULL, finished_at = now()
    WHERE workspace_id = ${workspaceId}::uuid AND finished_at IS NULL`;
  await tx.bulkInput.deleteMany({ where: { job: { workspaceId } } });
  await tx.bulkJob.updateMany({ where: { workspaceId }, data: { expiresAt: new Date() } });
}

/** Notes an end in a transaction that holds the row: refund, event and all. */
export async function settle(
  tx: Tx,
  id: string,
  end: Prisma.BulkJobUpdateInput & { refunded: number },
): Promise<BulkJob> {
  const now = new Date();
  const expiresAt = new Date(now.getTime() + archiveHours * hourMs);
  const job = await tx.bulkJob.update({
    where: { id },
    data: { ...end, finishedAt: now, expiresAt, leaseUntil: null },
  });
  await tx.bulkInput.deleteMany({ where: { jobId: id } });
  await announce(tx, job);
  if (end.refunded > 0)
    await enter(tx, job, { endpoint: "bulk-refund", credits: -end.refunded, requestId: `bulk-${id}` });
  return job;
}

/** Ends that webhooks tell; a cancellation is known to the caller who asked for it. */
async function announce(
  tx: Tx,
  { id, workspaceId, status, total, completed, failed, refunded, failure, errors }: BulkJob,
): Promise<void> {
  if (status !== "completed" && status !== "failed") return;
  const payload = { id, status, total, completed, failed, credits_refunded: refunded, failure, errors };
  await recordEvent(tx, { workspaceId, type: `bulk.${status}`, subject: id, payload });
}

/** The jobs of all workspaces that are not finished, the oldest first, at most `limit`. */
export async function listUnfinishedJobs(db: Db, limit: number): Promise<BulkJob[]> {
  return db.bulkJob.findMany({
    where: { status: { in: ["queued", "running"] } },
    orderBy: { createdAt: "asc" },
    take: limit,
  });
}

/** Status → jobs that came to it since a moment; of those not finished all. */
export async function countJobs(db: Db, since: Date): Promise<Record<string, number>> {
  const groups = await db.bulkJob.groupBy({
    by: ["status"],
    where: { OR: [{ finishedAt: null }, { finishedAt: { gte: since } }] },
    _count: true,
  });
  return Object.fromEntries(groups.map(({ status, _count }) => [status, _count]));
}

/** Finished jobs whose ZIP has had its day, at most `limit`. */
export async function listExpiredArchives(db: Db, limit: number): Promise<{ id: string; archive: string }[]> {
  return db.$queryRaw<{ id: string; archive: string }[]>`
    SELECT id, archive FROM bulk_jobs WHERE archive IS NOT NULL AND expires_at <= now()
    ORDER BY expires_at LIMIT ${limit}`;
}

/** Of these ids those that are bulk orders. */
export async function findOrders(db: Db, ids: readonly string[]): Promise<Set<string>> {
  const rows = await db.bulkJob.findMany({ where: { id: { in: [...ids] } }, select: { id: true } });
  return new Set(rows.map(({ id }) => id));
}

/** Orders whose refund the counter has not heard of for a while: its process died, or Redis was away. */
export async function listUncountedRefunds(db: Db, before: Date, limit: number): Promise<BulkJob[]> {
  return db.bulkJob.findMany({
    where: { refunded: { gt: 0 }, refundCounted: false, finishedAt: { lt: before } },
    orderBy: { finishedAt: "asc" },
    take: limit,
  });
}

/** Notes that the counter has heard of a refund. */
export async function markRefundCounted(db: Db, id: string): Promise<void> {
  await db.bulkJob.update({ where: { id }, data: { refundCounted: true } });
}

/** Notes that a ZIP is deleted. */
export async function forgetArchive(db: Db, id: string): Promise<void> {
  await db.bulkJob.update({ where: { id }, data: { archive: null } });
}
