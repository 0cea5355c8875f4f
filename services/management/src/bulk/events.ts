// The progress of an order as server-sent events (HTML, 9.2): its document whenever it has changed, the last of them
// when it is finished.
import type { Authenticate } from "@qrfactory/auth/caller";
import { type BulkJob, findBulkJob } from "@qrfactory/db/bulk/jobs";
import type { Db } from "@qrfactory/db/client";
import type { Handler } from "@qrfactory/runtime/http/app";
import type { FindCaller } from "../http/caller.js";
import { type EnterStream, openEvents } from "../http/server-events.js";
import type { GetJob } from "./get-job.js";

/** Progress is noted every second, an end at once. */
const lookMs = 500;

/** Dependencies of the stream of an order's progress. */
export type EventsOptions = {
  db: Db;
  findCaller: FindCaller;
  /** Asked again while a stream is open. */
  authenticate: Authenticate;
  enterStream: EnterStream;
  documentOf: (job: BulkJob) => object;
  getJob: GetJob;
};

/** The handler of `GET …/events`. */
export function makeEvents(options: EventsOptions): Handler {
  const { db, findCaller, authenticate, enterStream, documentOf, getJob } = options;
  return async function sendEvents(req, res) {
    const caller = await findCaller(req, res);
    const first = await getJob(db, caller.workspaceId, req);
    const leave = enterStream(req, caller);
    const stream = openEvents(req, res, authenticate);
    try {
      let shown = "";
      for (let job: BulkJob | null = first; job && stream.isOpen(); ) {
        const text = JSON.stringify(documentOf(job));
        if (text !== shown && stream.send(job.finishedAt ? job.status : "progress", text)) shown = text;
        if (job.finishedAt && text === shown) break;
        await new Promise((resolve) => setTimeout(resolve, lookMs));
        // A failed read is repeated at the next look.
        job = await findBulkJob(db, caller.workspaceId, first.id).catch((): BulkJob | null => job);
      }
    } finally {
      leave();
      stream.end();
    }
  };
}
