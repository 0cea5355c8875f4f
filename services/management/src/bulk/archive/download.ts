// The finished ZIP: for a caller of the workspace, or for whoever has the signed link while it lasts.
import { createHmac, timingSafeEqual } from "node:crypto";
import { archiveLink } from "@qrfactory/api/operations/bulk";
import { type BulkJob, findFinishedJob } from "@qrfactory/db/bulk/jobs";
import type { Db } from "@qrfactory/db/client";
import { ApiError } from "@qrfactory/domain/http/errors";
import { noFields, parseInput } from "@qrfactory/domain/http/validate";
import type { Handler } from "@qrfactory/runtime/http/app";
import type { Request, Response } from "express";
import type { FindCaller } from "../../http/caller.js";
import type { GetJob } from "../get-job.js";
import type { ObjectStore } from "./object-store.js";
import { gone, sendArchive } from "./send-archive.js";

/** The query of a link to an archive, until a moment. */
export type SignLink = (jobId: string, until: Date) => string;

/** Makes the signer of links. */
export function makeSignLink(secret: string): SignLink {
  return (jobId, until) => {
    const expires = Math.floor(until.getTime() / 1_000);
    return `expires=${expires}&sig=${signatureOf(secret, jobId, expires)}`;
  };
}

function signatureOf(secret: string, jobId: string, expires: number): string {
  return createHmac("sha256", secret).update(`bulk archive ${jobId} ${expires}`).digest("hex");
}

/** Dependencies of the download of archives. */
export type DownloadOptions = {
  db: Db;
  findCaller: FindCaller;
  store: ObjectStore;
  signLink: SignLink;
  /** Behind `signLink`. */
  linkSecret: string;
  publicBaseUrl: string;
};

/** The handler of `GET …/download`. */
export function makeDownload({ db, findCaller, store, linkSecret }: DownloadOptions, getJob: GetJob): Handler {
  return async (req, res) => {
    await sendArchive(req, res, store, req.query.sig === undefined ? await ofCaller(req, res) : await ofLink(req));
  };

  async function ofCaller(req: Request, res: Response): Promise<BulkJob> {
    const { workspaceId } = await findCaller(req, res);
    parseInput(noFields, req.query);
    return getJob(db, workspaceId, req);
  }

  async function ofLink(req: Request): Promise<BulkJob> {
    const { expires, sig } = parseInput(archiveLink, req.query);
    const id = String(req.params.id);
    const isOurs = timingSafeEqual(Buffer.from(signatureOf(linkSecret, id, expires)), Buffer.from(sig));
    const job = isOurs ? await findFinishedJob(db, id) : null;
    if (!job) throw new ApiError("unauthenticated", "This link is not one of ours; ask for the order again.");
    if (expires * 1_000 <= Date.now()) throw gone();
    return job;
  }
}
