// Jobs on a schedule, through BullMQ so that of many workers one does each. Every job may run twice at once with one
// effect.
import type { Log } from "@qrfactory/runtime/log";
import { type QueueName, queuePrefix } from "@qrfactory/runtime/redis-keys";
import { type ConnectionOptions, Queue, type RepeatOptions, Worker } from "bullmq";

/** Completed and failed jobs kept to look at. */
const keptJobs = 100;

/** A job and when it runs. */
export type Job = { schedule: RepeatOptions; run: () => Promise<unknown> };

/** Running queue of scheduled jobs. */
export type JobQueue = {
  /** Schedules the jobs once more, in a Redis that lost them; one that has them keeps them. */
  schedule: () => Promise<void>;
  stop: () => Promise<void>;
};

/**
 * Schedules the jobs of a queue and works on them until stopped, `atOnce` of them at most. Redis may be away: BullMQ
 * connects when it is back.
 */
export function startJobs(
  name: QueueName,
  jobs: Record<string, Job>,
  { connection, log, atOnce = 1 }: { connection: ConnectionOptions; log: Log; atOnce?: number },
): JobQueue {
  const queue = new Queue(name, { connection, prefix: queuePrefix });
  const worker = new Worker(
    name,
    async (job) => {
      await jobs[job.name]?.run();
      log.debug({ job: job.name }, `${name} done`);
    },
    {
      connection,
      prefix: queuePrefix,
      concurrency: atOnce,
      removeOnComplete: { count: keptJobs },
      removeOnFail: { count: keptJobs },
    },
  );
  worker.on("failed", (job, error) => log.error({ job: job?.name, err: error }, `${name} failed`));
  // Connection errors repeat while Redis is away; the status page tells, the log need not.
  worker.on("error", (error) => log.debug({ err: error }, `${name} queue`));
  queue.on("error", (error) => log.debug({ err: error }, `${name} queue`));
  const scheduled = schedule(queue, jobs).catch((error) => log.warn({ err: error }, `${name} is not scheduled yet`));
  return {
    schedule: () => schedule(queue, jobs),
    stop: async () => {
      await Promise.race([scheduled, worker.close()]);
      await worker.close();
      await queue.close();
    },
  };
}

/** Schedules the jobs that there are, and no others: an earlier release may have had more. */
async function schedule(queue: Queue, jobs: Record<string, Job>): Promise<void> {
  for (const [name, job] of Object.entries(jobs)) await queue.upsertJobScheduler(name, job.schedule, { name });
  for (const { key } of await queue.getJobSchedulers()) if (!(key in jobs)) await queue.removeJobScheduler(key);
}
