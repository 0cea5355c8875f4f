// The progress of an order as server-sent events (HTML, 9.2): its document whenever it has changed, the last of them when
// it is finished.
import type { Authenticate } from "@qrfactory/auth/caller";
import { type BulkJob, findBulkJob } from "@qrfactory/db/bulk-jobs";
import type { Db } from "@qrfactory/db/client";
import { ApiError } from "@qrfactory/domain/errors";
import type { Handler } from "@qrfactory/runtime/http-app";
import type { FindCaller } from "../caller.js";
import { openEvents } from "../server-events.js";
import type { GetJob } from "./bulk.js";

/** Progress is noted every second, an end at once. */
const lookMs = 500;
const streamsMax = 200;

export type EventsOptions = {
  db: Db;
  findCaller: FindCaller;
  /** Asked again while a stream is open. */
  authenticate: Authenticate;
  documentOf: (job: BulkJob) => object;
  getJob: GetJob;
};

/** The handler of `GET …/events`. */
export function makeEvents({ db, findCaller, authenticate, documentOf, getJob }: EventsOptions): Handler {
  let open = 0;
  return async function sendEvents(req, res) {
    const { workspaceId } = await findCaller(req, res);
    const first = await getJob(db, workspaceId, req);
    if (open >= streamsMax) throw new ApiError("overloaded", "Too many streams are open; poll the order instead.");
    open += 1;
    const stream = openEvents(req, res, authenticate);
    try {
      let shown = "";
      for (let job: BulkJob | null = first; job && stream.isOpen(); ) {
        const text = JSON.stringify(documentOf(job));
        if (text !== shown && stream.send(job.finishedAt ? job.status : "progress", text)) shown = text;
        if (job.finishedAt && text === shown) break;
        await new Promise((resolve) => setTimeout(resolve, lookMs));
        // What cannot be read now is read at the next look.
        job = await findBulkJob(db, workspaceId, first.id).catch((): BulkJob | null => job);
      }
    } finally {
      open -= 1;
      stream.end();
    }
  };
}
