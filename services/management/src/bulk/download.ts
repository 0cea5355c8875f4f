// The finished ZIP: for a caller of the workspace, or for whoever has the signed link while it lasts. Parts of it, too.
import { createHmac, timingSafeEqual } from "node:crypto";
import { pipeline } from "node:stream/promises";
import { type BulkJob, findFinishedJob } from "@qrfactory/db/bulk-jobs";
import type { Db } from "@qrfactory/db/client";
import { ApiError } from "@qrfactory/domain/errors";
import { parseInput } from "@qrfactory/domain/validate";
import type { Handler } from "@qrfactory/runtime/http-app";
import type { Request, Response } from "express";
import parseRange from "range-parser";
import { z } from "zod";
import type { FindCaller } from "../caller.js";
import type { GetJob } from "./bulk.js";
import type { ByteRange, ObjectStore } from "./object-store.js";

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

export type DownloadOptions = {
  db: Db;
  findCaller: FindCaller;
  store: ObjectStore;
  signLink: SignLink;
  /** Behind `signLink`. */
  linkSecret: string;
  publicBaseUrl: string;
};

const link = z.strictObject({
  expires: z.coerce.number().int().positive(),
  sig: z.string().regex(/^[0-9a-f]{64}$/),
});

/** The handler of `GET …/download`. */
export function makeDownload({ db, findCaller, store, linkSecret }: DownloadOptions, getJob: GetJob): Handler {
  return async (req, res) => {
    await sendArchive(req, res, store, req.query.sig === undefined ? await ofCaller(req, res) : await ofLink(req));
  };

  async function ofCaller(req: Request, res: Response): Promise<BulkJob> {
    const { workspaceId } = await findCaller(req, res);
    parseInput(z.strictObject({}), req.query);
    return getJob(db, workspaceId, req);
  }

  async function ofLink(req: Request): Promise<BulkJob> {
    const { expires, sig } = parseInput(link, req.query);
    const id = String(req.params.id);
    const isOurs = timingSafeEqual(Buffer.from(signatureOf(linkSecret, id, expires)), Buffer.from(sig));
    const job = isOurs ? await findFinishedJob(db, id) : null;
    if (!job) throw new ApiError("unauthenticated", "This link is not one of ours; ask for the order again.");
    if (expires * 1_000 <= Date.now()) throw gone();
    return job;
  }
}

/** Sends the ZIP of a job or the part that was asked for; throws `conflict` before it is there, `gone` after its day. */
export async function sendArchive(req: Request, res: Response, store: ObjectStore, job: BulkJob): Promise<void> {
  const { archive, archiveBytes, expiresAt } = job;
  if (!job.finishedAt) throw new ApiError("conflict", "This order is not finished yet; ask again in a moment.");
  if (archive === null && job.status === "completed") throw gone();
  if (archive === null) throw new ApiError("gone", "This order has no archive: it failed or was cancelled.");
  if (expiresAt && expiresAt.getTime() <= Date.now()) throw gone();
  const bytes = Number(archiveBytes);
  const range = readRange(req, bytes);
  // Opened before anything is said, so that a store that is away is still answered with a problem.
  const content = await store.get(archive, range ?? undefined).catch((cause: unknown) => {
    throw new ApiError("unavailable", "The archive cannot be read right now; try again.", { cause });
  });
  res.set({
    "Content-Type": "application/zip",
    "Content-Disposition": `attachment; filename="qr-codes-${job.id.slice(0, 8)}.zip"`,
    "Accept-Ranges": "bytes",
    "Cache-Control": "private, no-store",
    ETag: `"${archive}"`,
    "Content-Length": String(range ? range.last - range.first + 1 : bytes),
  });
  if (range) res.status(206).set("Content-Range", `bytes ${range.first}-${range.last}/${bytes}`);
  if (req.method === "HEAD") {
    content.destroy();
    res.end();
    return;
  }
  await pipeline(content, res).catch((error: NodeJS.ErrnoException) => {
    // Who leaves early is not an error of ours.
    if (error.code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
  });
}

/** One range, as every client of ours asks (RFC 9110, 14.2); several at once, or none that can be, are the whole. */
function readRange(req: Request, bytes: number): ByteRange | null {
  const header = req.get("Range");
  if (header === undefined) return null;
  const ranges = parseRange(bytes, header, { combine: true });
  if (!Array.isArray(ranges) || ranges.type !== "bytes" || ranges.length !== 1) return null;
  const [range] = ranges;
  return range ? { first: range.start, last: range.end } : null;
}

const gone = () => new ApiError("gone", "Archives are kept for a day; this one is gone. Order it again.");
