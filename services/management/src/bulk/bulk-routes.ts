// Bulk orders over HTTP: a table of rows comes in, one ZIP goes out.

import type { Handlers } from "@qrfactory/api/bind";
import { bulkOperations } from "@qrfactory/api/operations/bulk";
import type { Authenticate } from "@qrfactory/auth/caller";
import { recordAudit } from "@qrfactory/db/audit/audit";
import { type BulkJob, cancelBulkJob, listBulkJobs } from "@qrfactory/db/bulk/jobs";
import { ApiError } from "@qrfactory/domain/http/errors";
import type { Request, Response } from "express";
import { listDocument, readListQuery } from "../http/paging.js";
import type { EnterStream } from "../http/server-events.js";
import { type DownloadOptions, makeDownload } from "./archive/download.js";
import { makeBulkDocument } from "./bulk-document.js";
import { makeEvents } from "./events.js";
import { getJob } from "./get-job.js";
import { makeOrder, type OrderOptions } from "./order.js";

/** Dependencies of the routes of bulk orders. */
export type BulkOptions = DownloadOptions &
  OrderOptions & {
    authenticate: Authenticate;
    enterStream: EnterStream;
    /** Gives the counter what the ledger gave back; never fails. */
    giveBackBulk: (job: BulkJob) => Promise<void>;
  };

/** The handlers of bulk orders. */
export function bulkHandlers(options: BulkOptions): Handlers<keyof typeof bulkOperations> {
  const { db, findCaller, publicBaseUrl } = options;
  const documentOf = makeBulkDocument(options);

  async function list(req: Request, res: Response): Promise<void> {
    const { workspaceId } = await findCaller(req, res);
    const { page } = readListQuery(req, bulkOperations.listBulkOrders.query);
    const { count, rows } = await listBulkJobs(db, workspaceId, page);
    res.json(listDocument(req, publicBaseUrl, { page, count, results: rows.map(documentOf) }));
  }

  async function show(req: Request, res: Response): Promise<void> {
    const { workspaceId } = await findCaller(req, res);
    res.json(documentOf(await getJob(db, workspaceId, req)));
  }

  async function cancel(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res);
    const { workspaceId, actor } = caller;
    const { id } = await getJob(db, workspaceId, req);
    const cancelled = await db.$transaction(async (tx) => {
      const job = await cancelBulkJob(tx, workspaceId, id);
      if (job) await recordAudit(tx, actor, { workspaceId, action: "bulk.cancelled", target: id });
      return job;
    });
    if (cancelled) await options.giveBackBulk(cancelled);
    // To cancel twice is no mistake, nor at the same moment as somebody else.
    else if ((await getJob(db, workspaceId, req)).status !== "cancelled") {
      throw new ApiError("conflict", "This order is finished already.");
    }
    res.status(204).end();
  }

  return {
    orderBulk: makeOrder(options, documentOf),
    listBulkOrders: list,
    getBulkOrder: show,
    cancelBulkOrder: cancel,
    followBulkOrder: makeEvents({ ...options, documentOf, getJob }),
    downloadBulkOrder: makeDownload(options, getJob),
  };
}
