// Housekeeping on a schedule, through BullMQ so that of many workers one does it: partitions ahead of time, rows whose
// window is over. Every job may run twice at once with one effect.

import { countRenders } from "@qrfactory/db/calls/usage";
import type { Db } from "@qrfactory/db/client";
import { ensurePartitions } from "@qrfactory/db/scans/retention/partitions";
import { runRetention } from "@qrfactory/db/scans/retention/retention";
import { hourMs } from "@qrfactory/domain/duration";
import type { Log } from "@qrfactory/runtime/log";
import { makeCredits } from "@qrfactory/state/credits/credits";
import type { ConnectionOptions } from "bullmq";
import type { Redis } from "ioredis";
import { Gauge, type Registry } from "prom-client";
import { giveBackLate } from "../bulk/give-back.js";
import { decideAbandonedCharges } from "../usage/abandoned-charges.js";
import { checkCredits, sinceLastMonth } from "../usage/credit-check.js";
import { type Job, type JobQueue, startJobs } from "./job-queue.js";

/** Partitions exist two months ahead and expired rows harm nobody, so once an hour is often. */
const hourly = { every: hourMs };
/** A counter that was rebuilt without the calls on their way lacks them no longer than this. */
const everyMinute = { every: 60 * 1000 };
/** Credits of whatever a killed process had under way: nobody should wait for them for long. */
const everyQuarterMinute = { every: 15 * 1000 };
/** In the small hours of UTC, off the full hour at which everybody's jobs run. */
const nightly = { pattern: "17 3 * * *", tz: "UTC" };

/** Window of changes looked at each minute: five chances for a worker that was away. */
const recentMs = 5 * 60 * 1000;

/** A long retention must not hold up what is due each minute. */
const jobsAtOnce = 2;

/** Dependencies of housekeeping. */
export type MaintenanceOptions = {
  db: Db;
  databaseUrl: string;
  redis: Redis;
  log: Log;
  registry: Registry;
};

/** Job name → when and what. */
export function maintenanceJobs(options: MaintenanceOptions, signal?: AbortSignal): Record<string, Job> {
  const { db, databaseUrl, redis, log, registry } = options;
  const credits = makeCredits({ redis, loadUsed: (id, month) => countRenders(db, id, month) });
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

  async function returnCharges(): Promise<void> {
    const returned = await decideAbandonedCharges({ db, redis });
    if (returned > 0) log.warn({ credits: returned }, "credits of what was never written down are given back");
    await giveBackLate({ db, credits, log });
  }

  const refused = new Gauge({
    name: "worker_retention_refused",
    help: "1 when retention did not trust the clock and removed nothing",
    registers: [registry],
  });
  const finished = new Gauge({
    name: "worker_retention_finished_seconds",
    help: "When retention last removed all it was to remove, in seconds since the epoch",
    registers: [registry],
  });

  async function removeWhatIsOver(): Promise<void> {
    const report = await runRetention(databaseUrl, signal ? { signal } : {});
    refused.set(Number(report.outcome === "refused"));
    if (report.outcome === "refused") log.error({ reason: report.reason }, "retention does not trust the clock");
    if (report.outcome !== "done") return;
    finished.set(Date.now() / 1000);
    if (report.removed.length > 0) log.info({ removed: report.removed }, "what is kept no longer is removed");
  }

  return {
    "ensure-partitions": { schedule: hourly, run: () => ensurePartitions(db) },
    "raise-credits": {
      schedule: everyMinute,
      run: () => checkCredits({ db, redis, since: new Date(Date.now() - recentMs), repair: true }),
    },
    "return-charges": { schedule: everyQuarterMinute, run: returnCharges },
    "check-credits": { schedule: nightly, run: checkAllCredits },
    retention: { schedule: hourly, run: removeWhatIsOver },
  };
}

/** Schedules the jobs and works on them until stopped. */
export function startMaintenance(options: MaintenanceOptions & { connection: ConnectionOptions }): JobQueue {
  const stopping = new AbortController();
  const queue = startJobs("maintenance", maintenanceJobs(options, stopping.signal), {
    ...options,
    atOnce: jobsAtOnce,
  });
  return {
    ...queue,
    stop: () => {
      stopping.abort();
      return queue.stop();
    },
  };
}
