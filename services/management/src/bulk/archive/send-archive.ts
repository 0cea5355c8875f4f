// An archive on its way to the client: the whole of it, or the parts that a broken download still lacks.
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { BulkJob } from "@qrfactory/db/bulk/jobs";
import { ApiError } from "@qrfactory/domain/http/errors";
import { hasAlready } from "@qrfactory/runtime/http/conditions";
import type { Request, Response } from "express";
import parseRange from "range-parser";
import type { ByteRange, ObjectStore } from "./object-store.js";

/**
 * Sends the ZIP of a job or the parts that were asked for; throws `conflict` before it is there, `gone` after its day.
 */
export async function sendArchive(req: Request, res: Response, store: ObjectStore, job: BulkJob): Promise<void> {
  const { archive, archiveBytes, expiresAt } = job;
  if (!job.finishedAt) throw new ApiError("conflict", "This order is not finished yet; ask again in a moment.");
  if (archive === null && job.status === "completed") throw gone();
  if (archive === null) throw new ApiError("gone", "This order has no archive: it failed or was cancelled.");
  if (expiresAt && expiresAt.getTime() <= Date.now()) throw gone();
  const bytes = Number(archiveBytes);
  const etag = `"${archive}"`;
  if (req.method !== "POST" && hasAlready(req, etag)) {
    return void res.status(304).set({ ETag: etag, "Cache-Control": cacheControl }).end();
  }
  const ranges = readRanges(req, bytes, etag);
  const parts = partsOf(ranges, bytes);
  // Opened before anything is said, so that a store that is away is still answered with a problem.
  const first = await open(store, archive, parts[0]?.range);
  res.status(ranges ? 206 : 200).set({
    "Content-Type": ranges && ranges.length > 1 ? `multipart/byteranges; boundary=${boundary}` : archiveType,
    "Content-Disposition": `attachment; filename="qr-codes-${job.id.slice(0, 8)}.zip"`,
    "Accept-Ranges": "bytes",
    "Cache-Control": cacheControl,
    ETag: etag,
    "Content-Length": String(parts.reduce((sum, part) => sum + part.before.length + part.bytes, 0)),
  });
  if (ranges?.[0] && ranges.length === 1) res.set("Content-Range", contentRange(ranges[0], bytes));
  if (req.method === "HEAD") {
    first.destroy();
    return void res.end();
  }
  const content = contentOf(parts, first, (range) => open(store, archive, range));
  await pipeline(content, res).catch((error: NodeJS.ErrnoException) => {
    // A client that leaves early is not an error of ours.
    if (error.code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
  });
}

function open(store: ObjectStore, archive: string, range: ByteRange | undefined): Promise<Readable> {
  return store.get(archive, range).catch((cause: unknown) => {
    throw new ApiError("unavailable", "The archive cannot be read right now; try again.", { cause });
  });
}

const archiveType = "application/zip";
/** The client may keep it, and asks each time whether it is still theirs. */
const cacheControl = "private, no-cache";
/** No archive holds it by chance, and who chooses what is in theirs gains nothing by it. */
const boundary = "qrfactory-part-8d1f0c6b7a";
/** More parts than a client has reason to ask for are answered with the whole (RFC 9110, 14.2). */
const rangesMax = 16;

/**
 * The parts that are asked for; null for the whole, as of an archive that is not the one the client knows (If-Range).
 */
function readRanges(req: Request, bytes: number, etag: string): ByteRange[] | null {
  const header = req.get("Range");
  const known = req.get("If-Range") ?? etag;
  // Only a GET is about parts (RFC 9110, 14.2): not a HEAD, and not a POST that waits for its archive.
  if (header === undefined || known !== etag || req.method !== "GET") return null;
  const ranges = parseRange(bytes, header, { combine: true });
  if (ranges === -1 && header.startsWith("bytes=")) {
    const headers = { "Content-Range": `bytes */${bytes}` };
    throw new ApiError("range_not_satisfiable", `The archive has ${bytes} bytes.`, { headers });
  }
  if (!Array.isArray(ranges) || ranges.type !== "bytes" || ranges.length > rangesMax) return null;
  return ranges.map(({ start, end }) => ({ first: start, last: end }));
}

/** Part of a multipart answer: text, then so many bytes of the archive. */
type Part = { before: string; range?: ByteRange; bytes: number };

function partsOf(ranges: ByteRange[] | null, bytes: number): Part[] {
  if (ranges === null) return [{ before: "", bytes }];
  const lengthOf = ({ first, last }: ByteRange) => last - first + 1;
  if (ranges.length === 1) return ranges.map((range) => ({ before: "", range, bytes: lengthOf(range) }));
  const head = (range: ByteRange) =>
    `\r\n--${boundary}\r\nContent-Type: ${archiveType}\r\nContent-Range: ${contentRange(range, bytes)}\r\n\r\n`;
  const parts: Part[] = ranges.map((range) => ({ before: head(range), range, bytes: lengthOf(range) }));
  return [...parts, { before: `\r\n--${boundary}--\r\n`, bytes: 0 }];
}

async function* contentOf(parts: Part[], opened: Readable, openPart: (range: ByteRange) => Promise<Readable>) {
  for (const [at, { before, range }] of parts.entries()) {
    if (before !== "") yield before;
    if (at === 0) yield* opened;
    else if (range) yield* await openPart(range);
  }
}

const contentRange = ({ first, last }: ByteRange, bytes: number) => `bytes ${first}-${last}/${bytes}`;

/** Of an archive whose day is over. */
export const gone = () => new ApiError("gone", "Archives are kept for a day; this one is gone. Order it again.");
