// Claims on bulk orders: a number that grows, and a lease that is renewed as long as the work goes on.
import type { RowErrors } from "@qrfactory/domain/http/field-errors";
import { type PlanName, planNames, plans } from "@qrfactory/domain/plan/plans";
import type { Db, Tx } from "../client.js";
import { Prisma } from "../generated/client.js";
import { type BulkJob, settle } from "./jobs.js";

/** A worker that was not heard of for this long has lost its job to whoever comes. */
export const leaseSeconds = 6;

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

/** Rows of a job to be drawn. */
export async function readBulkInput(db: Db, jobId: string): Promise<{ rows: Buffer; pictures: Buffer } | null> {
  const input = await db.bulkInput.findUnique({ where: { jobId } });
  return input && { rows: Buffer.from(input.rows), pictures: Buffer.from(input.pictures) };
}

/** Rows that are done so far: drawn, and such as cannot be. */
export type Progress = { completed: number; failed: number };

/**
 * Says that the work goes on and how far it is; false when the claim is lost, because of another worker or a
 * cancellation. A worker that takes an order over starts from its first row, so progress stays until that is passed.
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

/** The end of an order: its archive and its rows by outcome. */
export type Finished = {
  /** Null for a job that failed. */
  archive: { name: string; bytes: number } | null;
  completed: number;
  failed: number;
  failure?: string;
  /** Why rows could not be drawn, as far as it is kept. */
  errors?: RowErrors;
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
    const { archive, completed, failed, failure = null, errors = {} } = end;
    return settle(tx, id, {
      status: archive ? "completed" : "failed",
      completed,
      failed,
      failure,
      errors,
      refunded: held[0].total - (archive ? completed : 0),
      archive: archive?.name ?? null,
      archiveBytes: archive?.bytes ?? null,
    });
  });
}
