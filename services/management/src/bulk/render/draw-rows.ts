// The images of an order, from render over HTTP, in batches and in the order of the rows. Rows that render cannot take
// now are asked for again, so neither a busy moment nor a restart of it costs a row.

import { createHash } from "node:crypto";
import {
  type BatchAnswer,
  batchSizeMax,
  type ImageBatch,
  imageBatchPath,
  unknownPictureStatus,
  unpackAnswers,
} from "@qrfactory/domain/design/image-batch";
import type { PictureDigests } from "@qrfactory/domain/design/picture";
import { minuteMs } from "@qrfactory/domain/duration";
import type { PlanName } from "@qrfactory/domain/plan/plans";
import { backOff } from "@qrfactory/runtime/load/backoff";
import type { BulkRow } from "../intake/judge-rows.js";
import type { SharedPictures } from "../intake/shared-pictures.js";
import type { FairGate } from "./fair-gate.js";

/** Rows of a batch: small enough that taking turns is fair, large enough that HTTP costs little. */
const batchSize = Math.min(25, batchSizeMax);
/** Pixels of a batch, 25 images of 1200 px: of larger ones a batch has fewer, down to one. */
const batchPixels = 36_000_000;
/**
 * Batches of an order that are drawn or waiting to be packed; with its images they are what an order holds in memory.
 */
const batchesAhead = 4;
/** How often render may fail at a row for reasons of its own before that row is given up. */
const failuresMax = 3;
/** How long render may be away before an order fails. */
const awayMsMax = 10 * minuteMs;
/** A batch of the largest images takes a minute on a busy machine. */
const batchTimeoutMs = 120_000;
const backoff = { minMs: 100, maxMs: 5_000 };

/** Render was not there, or had no time, for longer than an order can wait. */
export class RenderAway extends Error {}

/** A row with its image, or with why there is none. */
export type DrawnRow = {
  row: BulkRow;
  answer: Exclude<BatchAnswer, { outcome: "later" }>;
  image: Buffer | null;
};

/**
 * The pictures that all rows of an order share, in base64, and the digests by which batches name them; null without
 * any.
 */
export type OrderPictures = { files: SharedPictures; digests: PictureDigests | null };

/** Reads the digests of an order's pictures. */
export function nameOrderPictures(files: SharedPictures): OrderPictures {
  const { logo, background_image: background } = files;
  const digests = { ...(logo && { logo: digestOf(logo) }), ...(background && { background: digestOf(background) }) };
  return { files, digests: logo || background ? digests : null };
}

/** Of base64, or of a data URL; a text that is neither has a digest that nobody has seen. */
const digestOf = (text: string) =>
  createHash("sha256")
    .update(Buffer.from(text.slice(text.indexOf(",") + 1), "base64"))
    .digest("hex");

/** A process that has not seen the pictures says so; one of the version before does not know how to be asked. */
const isUnseen = (status: number) => status === unknownPictureStatus || status === 400;

/** The order that is drawn, and the way to render. */
export type DrawRowsOptions = {
  renderUrl: string;
  authorization: () => string;
  gate: FairGate;
  jobId: string;
  workspaceId: string;
  plan: PlanName;
  pictures: OrderPictures;
  signal: AbortSignal;
};

/** The drawn rows in order. Throws `RenderAway` when render is away for too long, or what `signal` is aborted with. */
export async function* drawRows(rows: BulkRow[], options: DrawRowsOptions): AsyncGenerator<DrawnRow> {
  const batches = batchesOf(rows);
  const ahead: Promise<DrawnRow[]>[] = [];
  const start = () => {
    const next = batches.shift();
    if (!next) return;
    const drawing = drawBatch(next, options);
    // A caller that waits for an earlier batch meets this failure later.
    drawing.catch(() => undefined);
    ahead.push(drawing);
  };
  for (let i = 0; i < batchesAhead; i++) start();
  for (let first = ahead.shift(); first; first = ahead.shift()) {
    const drawn = await first;
    start();
    yield* drawn;
  }
}

/** Rows in batches as render takes them. */
export function batchesOf(rows: BulkRow[]): BulkRow[][] {
  const batches: BulkRow[][] = [];
  let pixels = 0;
  for (const row of rows) {
    const last = batches.at(-1);
    pixels += row.widthPx ** 2;
    if (last && last.length < batchSize && pixels <= batchPixels) last.push(row);
    else {
      batches.push([row]);
      pixels = row.widthPx ** 2;
    }
  }
  return batches;
}

async function drawBatch(rows: BulkRow[], options: DrawRowsOptions): Promise<DrawnRow[]> {
  const drawn = new Map<number, DrawnRow>();
  const failures = new Map<number, number>();
  const { gate, workspaceId, signal } = options;
  const giveUpAt = Date.now() + awayMsMax;
  for (let attempt = 1; ; attempt++) {
    const open = rows.filter(({ row }) => !drawn.has(row));
    let cause: unknown;
    try {
      for (const { row, answer, image } of await gate.pass(workspaceId, () => askRender(open, options))) {
        if (answer.outcome !== "later") drawn.set(row.row, { row, answer, image });
        else if (answer.code === "internal") failures.set(row.row, (failures.get(row.row) ?? 0) + 1);
        if ((failures.get(row.row) ?? 0) >= failuresMax) drawn.set(row.row, { row, answer: givenUp, image: null });
      }
    } catch (error) {
      signal.throwIfAborted();
      cause = error;
    }
    if (drawn.size === rows.length) {
      gate.report("took it");
      return rows.map(({ row }) => drawn.get(row) as DrawnRow);
    }
    gate.report("was busy");
    if (Date.now() > giveUpAt) throw new RenderAway("render was away or busy for too long", { cause });
    await backOff(attempt, backoff, signal);
    signal.throwIfAborted();
  }
}

const givenUp = {
  outcome: "refused",
  code: "internal",
  detail: "This image could not be drawn, for reasons on our side.",
} as const;

type Answered = { row: BulkRow; answer: BatchAnswer; image: Buffer | null };

/** One batch, and whom to ask for it. */
export type AskOptions = Omit<DrawRowsOptions, "gate"> & {
  /** Whether only verdicts are wanted. */
  isTrial?: boolean;
};

/**
 * Asks render; rows that it did not get to are left out. Throws when it is away or does not answer in time.
 */
export async function askRender(rows: BulkRow[], options: AskOptions): Promise<Answered[]> {
  const { renderUrl, authorization, jobId, workspaceId, plan, pictures, signal, isTrial = false } = options;
  const send = (shared: Pick<ImageBatch, "pictures" | "picture_digests">) => {
    const batch: ImageBatch = {
      job_id: jobId,
      workspace_id: workspaceId,
      plan,
      ...shared,
      // Left out where it is not wanted: a render of the version before does not know it.
      ...(isTrial && { is_trial: true }),
      requests: rows.map(({ request }) => request),
    };
    return fetch(renderUrl + imageBatchPath, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: authorization() },
      body: JSON.stringify(batch),
      signal: AbortSignal.any([signal, AbortSignal.timeout(batchTimeoutMs)]),
    });
  };
  let response = await send(pictures.digests ? { picture_digests: pictures.digests } : {});
  if (pictures.digests && isUnseen(response.status)) response = await send({ pictures: pictures.files });
  if (!response.ok) throw new Error(`render answered ${response.status}: ${(await response.text()).slice(0, 500)}`);
  const answers = [...unpackAnswers(Buffer.from(await response.arrayBuffer()))];
  return answers.flatMap((one, at) => {
    const row = rows[at];
    return row ? [{ row, ...one }] : [];
  });
}
