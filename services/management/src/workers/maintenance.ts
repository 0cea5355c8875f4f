// Housekeeping on a schedule, through BullMQ so that of many workers one does it: partitions ahead of time, rows whose
// window is over. Every job may run twice at once with one effect.
import type { Db } from "@qrfactory/db/client";
import { deleteExpiredMailedTokens } from "@qrfactory/db/mailed-tokens";
import { deleteExpiredInvitations } from "@qrfactory/db/members";
import { deleteExpiredClaims } from "@qrfactory/db/once";
import { ensurePartitions } from "@qrfactory/db/partitions";
import { deleteExpiredRefreshTokens } from "@qrfactory/db/sessions";
import type { Log } from "@qrfactory/runtime/log";
import { type ConnectionOptions, Queue, type RepeatOptions, Worker } from "bullmq";
import type { Redis } from "ioredis";
import { Gauge, type Registry } from "prom-client";
import { checkCredits, sinceLastMonth } from "../usage/credit-check.js";

const queueName = "maintenance";

/** Partitions exist two months ahead and expired rows harm nobody, so once an hour is often. */
const hourly = { every: 60 * 60 * 1000 };
/** A counter that was rebuilt without the calls on their way lacks them no longer than this. */
const everyMinute = { every: 60 * 1000 };
/** In the small hours of UTC, off the full hour at which everybody's jobs run. */
const nightly = { pattern: "17 3 * * *", tz: "UTC" };

/** What changed in this time is looked at each minute: five chances for a worker that was away. */
const recentMs = 5 * 60 * 1000;

/** Rows that go in one statement: short locks, however much has piled up. */
const deleteBatch = 5_000;

/** Completed and failed jobs kept to look at. */
const keptJobs = 100;

type Job = { schedule: RepeatOptions; run: () => Promise<unknown> };

export type MaintenanceOptions = { db: Db; redis: Redis; log: Log; registry: Registry };

/** Job name → when and what. */
export function maintenanceJobs({ db, redis, log, registry }: MaintenanceOptions): Record<string, Job> {
  const differences = new Gauge({
    name: "worker_credit_difference",
    help: "Credits by which counters were off the ledger at the last nightly check",
    labelNames: ["direction"],
    registers: [registry],
  });

  async function checkAllCredits(): Promise<void> {
    const report = await checkCredits({ db, redis, since: sinceLastMonth(), repair: true });
    differences.set({ direction: "below" }, report.below);
    differences.set({ direction: "above" }, report.above);
    log.info(report, "counters of credits are compared with the ledger");
  }

  const expired = (deleteSome: (db: Db, limit: number) => Promise<number>): Job => ({
    schedule: hourly,
    run: () => drain(() => deleteSome(db, deleteBatch)),
  });
  return {
    "ensure-partitions": { schedule: hourly, run: () => ensurePartitions(db) },
    "raise-credits": {
      schedule: everyMinute,
      run: () => checkCredits({ db, redis, since: new Date(Date.now() - recentMs), repair: true }),
    },
    "check-credits": { schedule: nightly, run: checkAllCredits },
    "delete-expired-idempotency-keys": expired(deleteExpiredClaims),
    "delete-expired-invitations": expired(deleteExpiredInvitations),
    "delete-expired-mailed-tokens": expired(deleteExpiredMailedTokens),
    "delete-expired-refresh-tokens": expired(deleteExpiredRefreshTokens),
  };
}

async function drain(deleteSome: () => Promise<number>): Promise<void> {
  while ((await deleteSome()) === deleteBatch);
}

export type Maintenance = { stop: () => Promise<void> };

/** Schedules the jobs and works on them until stopped. Redis may be away: BullMQ connects when it is back. */
export function startMaintenance(options: MaintenanceOptions & { connection: ConnectionOptions }): Maintenance {
  const { connection, log } = options;
  const jobs = maintenanceJobs(options);
  const queue = new Queue(queueName, { connection, prefix: "qrf" });
  const worker = new Worker(
    queueName,
    async (job) => {
      await jobs[job.name]?.run();
      log.info({ job: job.name }, "maintenance done");
    },
    { connection, prefix: "qrf", removeOnComplete: { count: keptJobs }, removeOnFail: { count: keptJobs } },
  );
  worker.on("failed", (job, error) => log.error({ job: job?.name, err: error }, "maintenance failed"));
  // Connection errors repeat while Redis is away; the status page tells, the log need not.
  worker.on("error", (error) => log.debug({ err: error }, "maintenance queue"));
  queue.on("error", (error) => log.debug({ err: error }, "maintenance queue"));
  const scheduled = Promise.all(
    Object.entries(jobs).map(([name, { schedule }]) => queue.upsertJobScheduler(name, schedule, { name })),
  ).catch((error) => log.warn({ err: error }, "maintenance is not scheduled yet"));
  return {
    stop: async () => {
      await Promise.race([scheduled, worker.close()]);
      await worker.close();
      await queue.close();
    },
  };
}
