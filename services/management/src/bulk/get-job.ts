// The bulk order that a request is about.
import { type BulkJob, findBulkJob } from "@qrfactory/db/bulk/jobs";
import type { Db } from "@qrfactory/db/client";
import { ApiError } from "@qrfactory/domain/http/errors";
import type { Request } from "express";
import { readPathId } from "../http/path-id.js";

/** The job that a path names; throws `not_found`, the same for a missing one and somebody else's. */
export async function getJob(db: Db, workspaceId: string, req: Request): Promise<BulkJob> {
  const job = await findBulkJob(db, workspaceId, readPathId(req, noSuchOrder));
  if (!job) throw noSuchOrder();
  return job;
}

/** Finds an order in the caller's workspace; throws `not_found`. */
export type GetJob = typeof getJob;

const noSuchOrder = () => new ApiError("not_found", "There is no such bulk order.");
