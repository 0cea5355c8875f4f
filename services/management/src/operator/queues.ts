// Background work for operators: the queues as Redis holds them, and the bulk orders as Postgres does, which is the
// truth. Read only.

import type { Handlers } from "@qrfactory/api/bind";
import { operatorOperations } from "@qrfactory/api/operations/operator";
import { isOperator } from "@qrfactory/db/accounts/operators";
import { type BulkJob, countJobs, listUnfinishedJobs } from "@qrfactory/db/bulk/jobs";
import type { Db } from "@qrfactory/db/client";
import { dayMs } from "@qrfactory/domain/duration";
import { ApiError } from "@qrfactory/domain/http/errors";
import { parseInput } from "@qrfactory/domain/http/validate";
import { withDeadline } from "@qrfactory/runtime/load/deadline";
import { queueNames, queuePrefix } from "@qrfactory/runtime/redis-keys";
import { type ConnectionOptions, Queue } from "bullmq";
import type { Request, Response } from "express";
import type { FindCaller } from "../http/caller.js";

/** Jobs of a queue by what they wait for. */
export type QueueCounts = { name: string; jobs: Record<string, number> | null };

/** Reader of the counts of all queues over a connection of its own. */
export type ReadQueues = { read: () => Promise<QueueCounts[]>; close: () => Promise<void> };

/** BullMQ by itself waits for as long as Redis is away. */
const readMsMax = 500;

/** Makes the reader of all queues; a queue whose Redis does not answer in time has no counts. */
export function makeReadQueues(connection: ConnectionOptions): ReadQueues {
  const queues = Object.values(queueNames).map((name) => new Queue(name, { connection, prefix: queuePrefix }));
  // An error shows in the counts that do not come.
  for (const queue of queues) queue.on("error", () => undefined);
  return {
    read: () =>
      Promise.all(
        queues.map(async (queue) => {
          const counts = queue.getJobCounts().catch(() => null);
          return { name: queue.name, jobs: await withDeadline(counts, readMsMax, () => null) };
        }),
      ),
    close: async () => {
      for (const queue of queues) await queue.close();
    },
  };
}

/** Dependencies of the operator's routes. */
export type OperatorOptions = { db: Db; findCaller: FindCaller; readQueues: ReadQueues["read"] };

/** Orders that are shown; more of them waiting is seen in the counts. */
const shownMax = 100;
const lately = dayMs;

/** The handlers of operators. */
export function operatorHandlers({
  db,
  findCaller,
  readQueues,
}: OperatorOptions): Handlers<keyof typeof operatorOperations> {
  async function showQueues(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res);
    // Asked each time, so that who is no operator any more sees nothing from then on.
    if (!(await isOperator(db, caller.id))) throw new ApiError("forbidden", "This is for operators of the product.");
    parseInput(operatorOperations.getQueues.query, req.query);
    const [queues, counts, unfinished] = await Promise.all([
      readQueues(),
      countJobs(db, new Date(Date.now() - lately)),
      listUnfinishedJobs(db, shownMax),
    ]);
    const { queued = 0, running = 0, completed = 0, failed = 0, cancelled = 0 } = counts;
    res.set("Cache-Control", "no-store").json({
      queues,
      bulk: {
        queued,
        running,
        last_24_hours: { completed, failed, cancelled },
        unfinished: unfinished.map(documentOf),
      },
    });
  }

  return { getQueues: showQueues };
}

/** Nothing of what an order is about: that is its workspace's. */
function documentOf(job: BulkJob) {
  return {
    id: job.id,
    workspace_id: job.workspaceId,
    status: job.status,
    total: job.total,
    completed: job.completed,
    failed: job.failed,
    claims: job.fence,
    is_heard_of: job.leaseUntil !== null && job.leaseUntil.getTime() > Date.now(),
    waiting_seconds: Math.round((Date.now() - job.createdAt.getTime()) / 1_000),
    created_at: job.createdAt.toISOString(),
    started_at: job.startedAt?.toISOString() ?? null,
  };
}
