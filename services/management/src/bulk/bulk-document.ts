// A bulk order as clients see it.
import type { BulkJob } from "@qrfactory/db/bulk/jobs";
import type { SignLink } from "./archive/download.js";

/** An order; of lists without the errors of its rows. */
type ShownJob = Omit<BulkJob, "errors"> & Partial<Pick<BulkJob, "errors">>;

/** Makes the document of an order, with a fresh link to its archive. */
export type DocumentOf = (job: ShownJob) => object;

/** Makes the function that shows orders. */
export function makeBulkDocument({ publicBaseUrl, signLink }: { publicBaseUrl: string; signLink: SignLink }) {
  return function bulkDocument(job: ShownJob, now = Date.now()) {
    const address = `${publicBaseUrl.replace(/\/$/, "")}/api/v1/bulk/${job.id}`;
    const isThere = job.archive !== null && job.expiresAt !== null && job.expiresAt.getTime() > now;
    return {
      id: job.id,
      status: job.status,
      total: job.total,
      completed: job.completed,
      failed: job.failed,
      credits_refunded: job.refunded,
      failure: job.failure,
      ...(job.errors !== undefined && { errors: job.errors }),
      estimated_seconds_left: estimate(job, now),
      created_at: job.createdAt.toISOString(),
      started_at: job.startedAt?.toISOString() ?? null,
      finished_at: job.finishedAt?.toISOString() ?? null,
      expires_at: job.expiresAt?.toISOString() ?? null,
      status_url: `${address}/`,
      events_url: `${address}/events/`,
      download_url: isThere ? `${address}/download/?${signLink(job.id, job.expiresAt as Date)}` : null,
    };
  };
}

/** At the pace so far; null before there is one, and when there is nothing left to wait for. */
function estimate({ status, startedAt, total, completed }: ShownJob, now: number): number | null {
  if (status !== "running" || startedAt === null || completed === 0) return null;
  return Math.ceil((((now - startedAt.getTime()) / completed) * (total - completed)) / 1_000);
}
