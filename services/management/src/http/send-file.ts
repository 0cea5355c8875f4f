// Files that are made while they are sent.
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Response } from "express";

/** Name and media type of a download. */
export type SentFile = { name: string; contentType: string };

/** Sends a file piece by piece, as fast as the client takes it. */
export async function sendFile(res: Response, file: SentFile, pieces: AsyncGenerator<string>): Promise<void> {
  // Read before anything is sent, so that a database that is away is still answered with a problem.
  const first = await pieces.next();
  res.set("Content-Type", file.contentType).set("Cache-Control", "no-store");
  res.set("Content-Disposition", `attachment; filename="${file.name}"`);
  res.write(first.value ?? "");
  await pipeline(Readable.from(pieces), res);
}
