// Summaries of scans, made when their hour, day or month is over, and the nightly proof that what was counted is what
// the rows say. A queue of its own: a night's work takes minutes, which the other jobs are not to wait for.

import type { SummaryStore } from "@qrfactory/db/scans/summaries/summary-store";
import { dayMs, hourMs } from "@qrfactory/domain/duration";
import type { Log } from "@qrfactory/runtime/log";
import type { ConnectionOptions } from "bullmq";
import { Gauge, type Registry } from "prom-client";
import { type Job, type JobQueue, startJobs } from "./job-queue.js";

/** Late enough that the hour before is settled, and yesterday at the second run of a day. */
const hourly = { pattern: "7 * * * *", tz: "UTC" };
/** After everybody's nightly jobs have begun. */
const nightly = { pattern: "43 3 * * *", tz: "UTC" };

/** A worker that was away for two days makes up for it by itself; older days are found by the night. */
const summarisedDays = 3;
/**
 * The same for hours, which only spare reports some rows: those that nobody made while the worker was away stay rows.
 */
const summarisedHours = 3;
/** Days before yesterday that every night looks at: events are seldom later. */
const recentDays = 35;
/** Older days are each looked at once in so many nights … */
const olderEvery = 30;
/** … as far back as retention touches no row, with a margin. */
const oldestDays = 365;

/** Dependencies of summaries and of their nightly check. */
export type ReconcileOptions = {
  summaries: SummaryStore;
  log: Log;
  registry: Registry;
  now?: () => number;
};

/** Job name → when and what. */
export function summaryJobs(options: ReconcileOptions, signal?: AbortSignal): Record<string, Job> {
  const { summaries, log, registry, now = Date.now } = options;
  const differences = new Gauge({
    name: "worker_scan_differences",
    help: "Hours of codes, summaries and counts of codes that differed in the last nightly check, and were repaired",
    labelNames: ["of"],
    registers: [registry],
  });
  const today = () => Math.floor(now() / dayMs) * dayMs;
  const thisHour = () => Math.floor(now() / hourMs) * hourMs;

  async function summarise(): Promise<void> {
    let made = 0;
    for (let back = summarisedHours; back >= 1; back--) {
      made += await summaries.summarise("hour", new Date(thisHour() - back * hourMs));
    }
    for (let back = summarisedDays; back >= 1; back--) {
      made += await summaries.summarise("day", new Date(today() - back * dayMs));
    }
    made += await summaries.summariseAgain();
    if (made > 0) log.info({ summaries: made }, "scans are summarised");
  }

  async function reconcile(): Promise<void> {
    const found = { hours: 0, summaries: 0 };
    for (let back = oldestDays; back >= 1; back--) {
      if (signal?.aborted) return;
      const day = today() - back * dayMs;
      if (back > recentDays && (day / dayMs) % olderEvery !== (today() / dayMs) % olderEvery) continue;
      const { hours, summaries: wrong } = await summaries.reconcile(new Date(day));
      // A month is summarised in the night after its end.
      if (new Date(day).getUTCDate() === 1) await summaries.summarise("month", new Date(day));
      found.hours += hours;
      found.summaries += wrong;
      if (hours + wrong > 0) {
        log.error({ day: new Date(day).toISOString().slice(0, 10), hours, summaries: wrong }, "counted scans repaired");
      }
    }
    await summaries.summariseAgain();
    const codes = await summaries.reconcileCodes(new Date(today()));
    if (codes > 0) log.error({ codes }, "counts of codes repaired");
    differences.set({ of: "codes" }, codes);
    differences.set({ of: "hours" }, found.hours);
    differences.set({ of: "summaries" }, found.summaries);
  }

  return {
    summarise: { schedule: hourly, run: summarise },
    reconcile: { schedule: nightly, run: reconcile },
  };
}

/** Schedules both jobs and works on them until stopped. */
export function startSummaries(options: ReconcileOptions & { connection: ConnectionOptions }): JobQueue {
  const stopping = new AbortController();
  const queue = startJobs("summaries", summaryJobs(options, stopping.signal), options);
  return {
    ...queue,
    stop: () => {
      stopping.abort();
      return queue.stop();
    },
  };
}
