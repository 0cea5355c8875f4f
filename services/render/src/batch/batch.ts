// Batches of images for our own workers: drawn like any other and kept in the same cache, but paid for as a whole by
// who asked for the batch. Drawn one after the other, so that a batch never takes more than one thread from single
// images.
import type { InternalTokens } from "@qrfactory/auth/internal-token";
import { cacheKeyOf } from "@qrfactory/domain/design/cache-key";
import { readDesign } from "@qrfactory/domain/design/design";
import {
  type BatchAnswer,
  type CheckedPictures,
  imageBatch,
  packAnswer,
  unknownPictureStatus,
} from "@qrfactory/domain/design/image-batch";
import { ApiError } from "@qrfactory/domain/http/errors";
import { plans } from "@qrfactory/domain/plan/plans";
import type { Handler } from "@qrfactory/runtime/http/app";
import { type BodyLimits, readJson } from "@qrfactory/runtime/http/body";
import type { Response } from "express";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import type { Images } from "../cache/images.js";
import { rendererVersion } from "../draw/draw-design.js";
import { refusalOf } from "../generate/refusal.js";
import { backgroundLimits, logoLimits } from "../pictures/headers/image-header.js";
import {
  digestsOf,
  type FetchPicture,
  type GetPicturesOptions,
  getPictures,
  longPictureMembers,
  type PictureFile,
  type PictureFiles,
  type PictureKind,
  takePictureSources,
} from "../pictures/pictures.js";
import type { DrawingPool } from "../pool/drawing-pool.js";

/** A hundred requests of a bulk order, 200 kB each at most, and two shared pictures in base64. */
const requestsBytesMax = 20_000_000;
const batchLimits: BodyLimits = {
  bytesMax: requestsBytesMax,
  allBytesMax: requestsBytesMax + Math.ceil(((logoLimits.bytesMax + backgroundLimits.bytesMax) * 4) / 3),
  valuesMax: 100_000,
  longMembers: longPictureMembers,
};

/** Dependencies of batches. */
export type BatchOptions = {
  tokens: InternalTokens;
  images: Images;
  judge: DrawingPool["judge"];
  fetchPicture: FetchPicture;
  seen: SeenPictures;
};

/** Pictures that were sent with a batch or checked for an order, by their digest: its next batches only name them. */
export type SeenPictures = LRUCache<string, PictureFile>;

/** Bytes of pictures that are remembered: nine of the largest pairs. */
const seenBytesMax = 64_000_000;

/** Remembers nothing yet. */
export const makeSeenPictures = (): SeenPictures =>
  new LRUCache({ maxSize: seenBytesMax, sizeCalculation: ({ bytes }) => bytes.length });

function remember(seen: SeenPictures, pictures: PictureFiles): void {
  for (const picture of Object.values(pictures)) seen.set(picture.digest, picture);
}

/** The pictures of all requests of a batch; null when one is named that was never seen here. */
async function getShared(
  { pictures, picture_digests }: z.output<typeof imageBatch>,
  getting: GetPicturesOptions,
  seen: SeenPictures,
): Promise<PictureFiles | null> {
  const sent = await getPictures(takePictureSources(pictures, {}).sources, getting);
  remember(seen, sent);
  const known = Object.entries(picture_digests).map(([kind, digest]) => [kind, seen.get(digest)] as const);
  if (known.some(([, picture]) => !picture)) return null;
  return { ...Object.fromEntries(known), ...sent };
}

/** The handler of `imageBatchPath`: answers as domain/image-batch lays them out, in the order of the requests. */
export function makeBatch({ tokens, images, judge, fetchPicture, seen }: BatchOptions): Handler {
  return async function drawBatch(req, res) {
    tokens.check(req.headers.authorization);
    const batch = await readJson(req, imageBatch, batchLimits);
    const getting = { workspaceId: batch.workspace_id, fetchPicture };
    const shared = await getShared(batch, getting, seen);
    if (!shared) return void res.status(unknownPictureStatus).end();
    const left = new AbortController();
    res.once("close", () => left.abort(new ApiError("malformed_request", "The worker left before its answer.")));
    res.status(200).set("Content-Type", "application/octet-stream");
    for (const request of batch.requests) {
      const { answer, image } = await answerOne(request).catch((error: unknown) => failureOf(error));
      if (left.signal.aborted) return;
      await write(res, packAnswer(answer, image));
    }
    res.end();

    async function answerOne(request: Record<string, unknown>): Promise<{ answer: BatchAnswer; image?: Buffer }> {
      const { body, sources } = takePictureSources(request, {});
      const own = await getPictures(sources, getting);
      const pictures: PictureFiles = { ...shared, ...own };
      const { design, scanCheck } = readDesign(body, plans[batch.plan], digestsOf(pictures));
      if (batch.is_trial) {
        const trial = { workspaceId: batch.workspace_id, checked: scanCheck !== "off", files: pictures };
        const verdict = await judge(design, { ...trial, signal: left.signal });
        const refusal = refusalOf(verdict, { scanCheck, sent: body });
        return { answer: refusal ? refusedBy(refusal) : { outcome: "judged" } };
      }
      const cacheKey = cacheKeyOf(design, rendererVersion, batch.workspace_id);
      const { drawing, cache } = await images.get({
        design,
        cacheKey,
        workspaceId: batch.workspace_id,
        scanCheck,
        isFresh: false,
        pictures,
        job: batch.job_id,
        signal: left.signal,
      });
      const refusal = refusalOf(drawing, { scanCheck, sent: body });
      if (refusal) return { answer: refusedBy(refusal) };
      const answer: BatchAnswer = {
        outcome: "drawn",
        bytes: drawing.bytes.length,
        format: design.format,
        width_px: design.widthPx,
        version: drawing.version,
        // A job that was broken off and goes on finds what it drew itself.
        cache: drawing.job === batch.job_id ? "MISS" : cache,
        cache_key: cacheKey,
      };
      return { answer, image: drawing.bytes };
    }
  };
}

function refusedBy({ code, message: detail, errors }: ApiError): BatchAnswer {
  return { outcome: "refused", code, detail, ...(errors && { errors }) };
}

/** Codes of our own failures, a busy moment and too many broken pictures: another try may succeed. */
function failureOf(error: unknown): { answer: BatchAnswer; image?: Buffer } {
  if (error instanceof ApiError && error.status < 500 && error.code !== "rate_limited") {
    return { answer: refusedBy(error) };
  }
  return { answer: { outcome: "later", code: error instanceof ApiError ? error.code : "internal" } };
}

/**
 * Waits while the reader is behind, so that a batch is never held as a whole. Without `cork`, which writes of one turn
 * do not need: from Node 22 on a corked response says that it is full and then, flushed at once, never drains.
 */
async function write(res: Response, parts: Buffer[]): Promise<void> {
  let hasRoom = true;
  for (const part of parts) hasRoom = res.write(part);
  if (!hasRoom && !res.closed)
    await new Promise<void>((resolve) => void res.once("drain", resolve).once("close", resolve));
}

const pictureRequest = z.looseObject({ workspace_id: z.uuid() });

/** The handler of `picturesPath`: checks the pictures that fields name; throws as for a single image. */
export function makeReadPictures({
  tokens,
  fetchPicture,
  seen,
}: Pick<BatchOptions, "tokens" | "fetchPicture" | "seen">): Handler {
  return async function readPictures(req, res) {
    tokens.check(req.headers.authorization);
    const { workspace_id: workspaceId, ...fields } = await readJson(req, pictureRequest, batchLimits);
    const { sources } = takePictureSources(fields, {});
    const pictures = await getPictures(sources, { workspaceId, fetchPicture });
    remember(seen, pictures);
    const fetched = (kind: PictureKind) =>
      sources[kind] && "url" in sources[kind] ? pictures[kind]?.bytes.toString("base64") : undefined;
    const answer: CheckedPictures = {
      digests: digestsOf(pictures),
      sizes: { logo: sizeOf(pictures.logo), background: sizeOf(pictures.background) },
      fetched: { logo: fetched("logo"), background_image: fetched("background") },
    };
    res.json(answer);
  };
}

const sizeOf = (picture: PictureFile | undefined) =>
  picture && { width: picture.header.width, height: picture.header.height };
