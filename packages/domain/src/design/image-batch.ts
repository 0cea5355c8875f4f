// Many images in one exchange between our own processes: what is asked for, and how the answers lie one after the other
// in the body of the response.

import { z } from "zod";
import { planNames } from "../plan/plans.js";
import type { PictureFileName } from "./picture.js";

/** Where render takes batches; the gateway does not lead there. */
export const imageBatchPath = "/internal/v1/images";
/** Where render checks pictures that many images share. */
export const picturesPath = "/internal/v1/pictures";

/** Where render judges requests without drawing them. */
export const verdictsPath = "/internal/v1/verdicts";

/** Images of one batch: large enough that HTTP costs nothing, small enough to be shared out fairly. */
export const batchSizeMax = 100;

/** A picture in base64: text, or as a body's reader leaves a long one, the bytes of that text. */
const picture = z.union([z.string(), z.instanceof(Uint8Array)]).optional();
const pictures = z.strictObject({ logo: picture, background_image: picture } satisfies Record<
  PictureFileName,
  unknown
>);

/** SHA-256 of each picture, as designs name them. */
const digests = z.object({ logo: z.string().optional(), background: z.string().optional() });

/** The status of a batch that names a picture by a digest which this process has not seen: to be sent again in full. */
export const unknownPictureStatus = 424;

/** Schema of a batch: 1 to `batchSizeMax` requests of one workspace and the pictures they share. */
export const imageBatch = z.strictObject({
  /** Id of the job; images drawn for the same job before are told as drawn, not as found. */
  job_id: z.uuid(),
  workspace_id: z.uuid(),
  plan: z.enum(planNames),
  /** Whether only verdicts are wanted: what would be drawn is `judged`, and neither drawn nor kept. */
  is_trial: z.boolean().default(false),
  /** Of every request that names none of its own. */
  pictures: pictures.default({}),
  /** The same by digest, in the place of pictures that were sent before. */
  picture_digests: digests.default({}),
  /** Bodies of generate requests. */
  requests: z.array(z.record(z.string(), z.unknown())).min(1).max(batchSizeMax),
});

/** A batch as it is sent, with defaults left out. */
export type ImageBatch = z.input<typeof imageBatch>;

const size = z.object({ width: z.int().min(1), height: z.int().min(1) });

/** Sides of each picture in pixels. */
const sizes = z.object({ logo: size.optional(), background: size.optional() });

/** Answer of `picturesPath` for each picture, and in base64 those that were fetched by their address. */
export const checkedPictures = z.object({
  digests,
  sizes: sizes.optional(),
  fetched: z.object({ logo: z.string().optional(), background_image: z.string().optional() }),
});

/** Digests and sides of pictures that render has checked, with those that it fetched. */
export type CheckedPictures = z.output<typeof checkedPictures>;

/** Header of one image of a batch; a drawn one is followed by its `bytes` bytes. */
const batchAnswer = z.discriminatedUnion("outcome", [
  z.object({
    outcome: z.literal("drawn"),
    bytes: z.int().min(1),
    format: z.string(),
    width_px: z.int(),
    version: z.int(),
    cache: z.enum(["HIT", "MISS", "BYPASS"]),
    cache_key: z.string(),
  }),
  /** It would be drawn. */
  z.object({ outcome: z.literal("judged") }),
  /** It will never be drawn: a problem's code and sentence, and field → what is wrong. */
  z.object({
    outcome: z.literal("refused"),
    code: z.string(),
    detail: z.string(),
    errors: z.record(z.string(), z.array(z.string())).optional(),
  }),
  /** It may be drawn later. */
  z.object({ outcome: z.literal("later"), code: z.string() }),
]);

/** Outcome of one request of a batch, after its check. */
export type BatchAnswer = z.output<typeof batchAnswer>;

/** Requests that are judged at once: with the longest data that is taken they are read in some 10 ms. */
export const verdictsMax = 50;

/** Request body of `verdictsPath`. */
export const verdictBatch = z.strictObject({
  workspace_id: z.uuid(),
  plan: z.enum(planNames),
  /** Of every request. */
  pictures: z.strictObject({ digests, sizes: sizes.optional() }),
  /** Bodies of generate requests, without pictures. */
  requests: z.array(z.record(z.string(), z.unknown())).min(1).max(verdictsMax),
});

/** Requests of a workspace that are judged and not drawn, after their check. */
export type VerdictBatch = z.output<typeof verdictBatch>;

const fieldErrors = z.record(z.string(), z.array(z.string()));

/** A problem's code, and field → what is wrong; null where nothing is. */
const verdict = z.object({ code: z.string(), errors: fieldErrors }).nullable();

/** Problem of one request that is judged and not drawn; null where there is none. */
export type Verdict = z.output<typeof verdict>;

/** Answer of `verdictsPath`, in the order of the requests. */
export const verdictAnswer = z.object({ verdicts: z.array(verdict) });

const lengthBytes = 4;

/** One answer as it lies in the body: the length of its JSON, the JSON, and the image if there is one. */
export function packAnswer(answer: BatchAnswer, image?: Buffer): Buffer[] {
  const head = Buffer.from(JSON.stringify(answer));
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt32BE(head.length);
  return image ? [length, head, image] : [length, head];
}

/** Reads the answers of a whole body in order; throws when it is cut short or damaged. */
export function* unpackAnswers(body: Buffer): Generator<{ answer: BatchAnswer; image: Buffer | null }> {
  for (let at = 0; at < body.length; ) {
    const headAt = at + lengthBytes;
    if (headAt > body.length) throw new Error("A batch ends in the length of an answer.");
    const imageAt = headAt + body.readUInt32BE(at);
    const answer = batchAnswer.parse(JSON.parse(body.toString("utf8", headAt, imageAt)));
    const end = imageAt + (answer.outcome === "drawn" ? answer.bytes : 0);
    if (end > body.length) throw new Error("A batch ends in the middle of an image.");
    yield { answer, image: answer.outcome === "drawn" ? body.subarray(imageAt, end) : null };
    at = end;
  }
}
