// The progress of an order as server-sent events (HTML, 9.2): its document whenever it has changed, the last of them when
// it is finished.
import type { Authenticate } from "@qrfactory/auth/caller";
import { type BulkJob, findBulkJob } from "@qrfactory/db/bulk-jobs";
import type { Db } from "@qrfactory/db/client";
import { ApiError } from "@qrfactory/domain/errors";
import type { Handler } from "@qrfactory/runtime/http-app";
import type { FindCaller } from "../caller.js";
import type { GetJob } from "./bulk.js";

/** Progress is noted every second, an end at once. */
const lookMs = 500;
/** Silence that some proxies take for a dead connection begins at 30 s; and so long may a stream outlive its caller. */
const heartbeatMs = 5_000;
/** An access token lasts as long; clients of server-sent events come back by themselves. */
const streamMsMax = 15 * 60_000;
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
    const left = new AbortController();
    res.once("close", () => left.abort());
    const heartbeat = setInterval(() => {
      authenticate(req.headers).then(
        () => left.signal.aborted || res.write(": still here\n\n"),
        // A database that is away says nothing against the caller.
        (error) => error instanceof ApiError && error.status < 500 && left.abort(),
      );
    }, heartbeatMs);
    const endsAt = Date.now() + streamMsMax;
    try {
      res.set("Content-Type", "text/event-stream").set("Cache-Control", "no-store").set("X-Accel-Buffering", "no");
      res.flushHeaders();
      let shown = "";
      for (let job: BulkJob | null = first; job && !left.signal.aborted && Date.now() < endsAt; ) {
        const text = JSON.stringify(documentOf(job));
        if (text !== shown) res.write(`event: ${job.finishedAt ? job.status : "progress"}\ndata: ${text}\n\n`);
        shown = text;
        if (job.finishedAt) break;
        await new Promise((resolve) => setTimeout(resolve, lookMs));
        // What cannot be read now is read at the next look.
        job = await findBulkJob(db, workspaceId, first.id).catch((): BulkJob | null => job);
      }
    } finally {
      left.abort();
      clearInterval(heartbeat);
      open -= 1;
      res.end();
    }
  };
}
