// Housekeeping on a schedule, through BullMQ so that of many workers one does it: partitions ahead of time, rows whose
// window is over. Every job may run twice at once with one effect.
import type { Db } from "@qrfactory/db/client";
import { deleteExpiredMailedTokens } from "@qrfactory/db/mailed-tokens";
import { deleteExpiredInvitations } from "@qrfactory/db/members";
import { deleteExpiredClaims } from "@qrfactory/db/once";
import { ensurePartitions } from "@qrfactory/db/partitions";
import { deleteExpiredRefreshTokens } from "@qrfactory/db/sessions";
import type { Log } from "@qrfactory/runtime/log";
import { type ConnectionOptions, Queue, Worker } from "bullmq";

const queueName = "maintenance";

/** Partitions exist two months ahead and expired rows harm nobody, so once an hour is often. */
const everyMs = 60 * 60 * 1000;

/** Rows that go in one statement: short locks, however much has piled up. */
const deleteBatch = 5_000;

/** Completed and failed jobs kept to look at. */
const keptJobs = 100;

/** Job name → what it does. */
export function maintenanceJobs(db: Db): Record<string, () => Promise<void>> {
  return {
    "ensure-partitions": () => ensurePartitions(db),
    "delete-expired-idempotency-keys": () => drain(() => deleteExpiredClaims(db, deleteBatch)),
    "delete-expired-invitations": () => drain(() => deleteExpiredInvitations(db, deleteBatch)),
    "delete-expired-mailed-tokens": () => drain(() => deleteExpiredMailedTokens(db, deleteBatch)),
    "delete-expired-refresh-tokens": () => drain(() => deleteExpiredRefreshTokens(db, deleteBatch)),
  };
}

async function drain(deleteSome: () => Promise<number>): Promise<void> {
  while ((await deleteSome()) === deleteBatch);
}

export type Maintenance = { stop: () => Promise<void> };

/** Schedules the jobs and works on them until stopped. Redis may be away: BullMQ connects when it is back. */
export function startMaintenance(options: { db: Db; connection: ConnectionOptions; log: Log }): Maintenance {
  const { db, connection, log } = options;
  const jobs = maintenanceJobs(db);
  const queue = new Queue(queueName, { connection, prefix: "qrf" });
  const worker = new Worker(
    queueName,
    async (job) => {
      await jobs[job.name]?.();
      log.info({ job: job.name }, "maintenance done");
    },
    { connection, prefix: "qrf", removeOnComplete: { count: keptJobs }, removeOnFail: { count: keptJobs } },
  );
  worker.on("failed", (job, error) => log.error({ job: job?.name, err: error }, "maintenance failed"));
  // Connection errors repeat while Redis is away; the status page tells, the log need not.
  worker.on("error", (error) => log.debug({ err: error }, "maintenance queue"));
  queue.on("error", (error) => log.debug({ err: error }, "maintenance queue"));
  const scheduled = Promise.all(
    Object.keys(jobs).map((name) => queue.upsertJobScheduler(name, { every: everyMs }, { name })),
  ).catch((error) => log.warn({ err: error }, "maintenance is not scheduled yet"));
  return {
    stop: async () => {
      await Promise.race([scheduled, worker.close()]);
      await worker.close();
      await queue.close();
    },
  };
}
