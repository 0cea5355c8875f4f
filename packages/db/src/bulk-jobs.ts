// Bulk orders: a row is the truth about each, whatever a queue says. Whoever works on one has claimed it with a number that
// grows with each claim; an effect that carries an older number is refused.
import { randomUUID } from "node:crypto";
import { ApiError } from "@qrfactory/domain/errors";
import { type PlanName, planNames, plans } from "@qrfactory/domain/plans";
import type { Db, Tx } from "./client.js";
import { recordEvent } from "./events.js";
import { type BulkJob, Prisma } from "./generated/client.js";
import { arrayLiteral, callColumns, insertCalls } from "./ingest-statements.js";

export type { BulkJob } from "./generated/client.js";

/** A worker that was not heard of for this long has lost its job to whoever comes. */
export const leaseSeconds = 6;
/** Many orders that wait are small, or there is trouble; either way it is soon known. */
const retrySeconds = 10;
/** For how long a finished ZIP is kept. */
export const archiveHours = 24;

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
    const detail = `${unfinished} orders of this workspace are not finished; wait for some of them, or send fewer, larger ones.`;
    throw new ApiError("rate_limited", detail, { retryAfterSeconds: retrySeconds });
  }
  const row = await tx.bulkJob.create({ data: { id, workspaceId, chargedTo, chargedAt, total } });
  await tx.bulkInput.create({
    data: { jobId: id, rows: Uint8Array.from(job.rows), pictures: Uint8Array.from(job.pictures) },
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

/** A page of a workspace's jobs, the newest first, and how many there are. */
export async function listBulkJobs(db: Db, workspaceId: string, page: { skip: number; take: number }) {
  const where = { workspaceId };
  const [count, rows] = await Promise.all([
    db.bulkJob.count({ where }),
    db.bulkJob.findMany({ where, orderBy: [{ createdAt: "desc" }, { id: "desc" }], ...page }),
  ]);
  return { count, rows };
}

/** A job that somebody works on, under the number of their claim. */
export type Claim = { id: string; fence: number };

const atOnce = Prisma.raw(planNames.map((name) => `('${name}', ${plans[name].bulkJobsAtOnce})`).join(", "));

/** Held while a job is claimed, for two that claim at once would not see each other's; any number of our own. */
const claimLock = 7_106_001;

/**
 * Claims the job that is next: one that waits, or one whose worker was not heard of. Workspaces with less at work come
 * first, and none has more at work than its plan allows. Null when there is nothing to do.
 */
export async function claimBulkJob(db: Db): Promise<(BulkJob & { plan: PlanName }) | null> {
  if (!(await isAnyDue(db))) return null;
  const claimed = await db.$transaction(async (tx) => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(${claimLock})`;
    return claimNext(tx);
  });
  const id = claimed[0]?.id;
  if (id === undefined) return null;
  const job = await db.bulkJob.findUniqueOrThrow({ where: { id } });
  const { plan } = await db.workspace.findUniqueOrThrow({ where: { id: job.workspaceId }, select: { plan: true } });
  return { ...job, plan: plan as PlanName };
}

/** Most looks find nothing: then nobody has to wait for a lock. */
async function isAnyDue(db: Db): Promise<boolean> {
  const due = await db.$queryRaw<unknown[]>`
    SELECT FROM bulk_jobs WHERE status = 'queued' OR (status = 'running' AND lease_until < now()) LIMIT 1`;
  return due.length > 0;
}

function claimNext(tx: Tx): Promise<{ id: string }[]> {
  return tx.$queryRaw<{ id: string }[]>`
    WITH busy AS (
      SELECT workspace_id, count(*) AS jobs FROM bulk_jobs
      WHERE status = 'running' AND lease_until >= now() GROUP BY workspace_id
    ), next AS (
      SELECT j.id FROM bulk_jobs j
      JOIN workspaces w ON w.id = j.workspace_id
      JOIN (VALUES ${atOnce}) AS p(plan, jobs_max) ON p.plan = w.plan
      LEFT JOIN busy ON busy.workspace_id = j.workspace_id
      WHERE (j.status = 'queued' OR (j.status = 'running' AND j.lease_until < now()))
        AND coalesce(busy.jobs, 0) < p.jobs_max
      ORDER BY coalesce(busy.jobs, 0), j.created_at
      LIMIT 1 FOR UPDATE OF j SKIP LOCKED)
    UPDATE bulk_jobs SET status = 'running', fence = fence + 1, started_at = coalesce(started_at, now()),
      lease_until = now() + make_interval(secs => ${leaseSeconds}::int)
    WHERE id = (SELECT id FROM next) RETURNING id`;
}

/** What a job is to draw. */
export async function readBulkInput(db: Db, jobId: string): Promise<{ rows: Buffer; pictures: Buffer } | null> {
  const input = await db.bulkInput.findUnique({ where: { jobId } });
  return input && { rows: Buffer.from(input.rows), pictures: Buffer.from(input.pictures) };
}

/** Rows that are done so far: drawn, and such as cannot be. */
export type Progress = { completed: number; failed: number };

/**
 * Says that the work goes on and how far it is; false when the claim is lost, because of another worker or a cancellation.
 * Who has taken an order over starts from its first row, so progress is what it was until that is passed.
 */
export async function renewClaim(db: Db, { id, fence }: Claim, { completed, failed }: Progress): Promise<boolean> {
  const renewed = await db.$executeRaw`
    UPDATE bulk_jobs SET completed = greatest(completed, ${completed}::int), failed = greatest(failed, ${failed}::int),
      lease_until = now() + make_interval(secs => ${leaseSeconds}::int)
    WHERE id = ${id}::uuid AND fence = ${fence} AND status = 'running'`;
  return renewed === 1;
}

/** Gives a claim back, so that another worker goes on at once. */
export async function releaseClaim(db: Db, { id, fence }: Claim): Promise<void> {
  await db.$executeRaw`
    UPDATE bulk_jobs SET status = 'queued', lease_until = NULL
    WHERE id = ${id}::uuid AND fence = ${fence} AND status = 'running'`;
}

export type Finished = {
  /** Null for a job that failed. */
  archive: { name: string; bytes: number } | null;
  completed: number;
  failed: number;
  failure?: string;
};

/**
 * Ends a job under a claim: the credits of what is not delivered are given back in the ledger, the rows are forgotten.
 * Null when the claim is lost; else the job, whose `refunded` the counter has to hear of.
 */
export async function finishBulkJob(db: Db, { id, fence }: Claim, end: Finished): Promise<BulkJob | null> {
  return db.$transaction(async (tx) => {
    const held = await tx.$queryRaw<{ total: number }[]>`
      SELECT total FROM bulk_jobs WHERE id = ${id}::uuid AND fence = ${fence} AND status = 'running' FOR UPDATE`;
    if (!held[0]) return null;
    const { archive, completed, failed, failure = null } = end;
    return settle(tx, id, {
      status: archive ? "completed" : "failed",
      completed,
      failed,
      failure,
      refunded: held[0].total - (archive ? completed : 0),
      archive: archive?.name ?? null,
      archiveBytes: archive?.bytes ?? null,
    });
  });
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

async function settle(tx: Tx, id: string, end: Prisma.BulkJobUpdateInput & { refunded: number }): Promise<BulkJob> {
  const now = new Date();
  const expiresAt = new Date(now.getTime() + archiveHours * 3_600_000);
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

/** What webhooks tell of an end; a cancellation is known to who asked for it. */
async function announce(
  tx: Tx,
  { id, workspaceId, status, total, completed, failed, refunded }: BulkJob,
): Promise<void> {
  if (status !== "completed" && status !== "failed") return;
  const payload = { id, status, total, completed, failed, credits_refunded: refunded };
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
    SELECT id, archive FROM bulk_jobs WHERE archive IS NOT NULL AND expires_at <= now() ORDER BY expires_at LIMIT ${limit}`;
}

/** Notes that a ZIP is deleted. */
export async function forgetArchive(db: Db, id: string): Promise<void> {
  await db.bulkJob.update({ where: { id }, data: { archive: null } });
}
