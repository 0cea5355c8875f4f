// Drawing beside the HTTP thread: a pool with a thread a core, admission by cost in front of it. Images cheaper
// to draw than to send to a thread are drawn in place.
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { type Design, readDesign } from "@qrfactory/domain/design/design";
import { ApiError } from "@qrfactory/domain/http/errors";
import { plans } from "@qrfactory/domain/plan/plans";
import { errorCorrectionLevels } from "@qrfactory/domain/symbol/capacity";
import type { Pictures } from "@qrfactory/drawing/drawing";
import { isFlatSquares } from "@qrfactory/drawing/scene/scene";
import { Piscina } from "piscina";
import { type Drawing, drawDesign, judgeDesign, type Verdict } from "../draw/draw-design.js";
import { type ImageDecoder, makeImageDecoder } from "../pictures/image-decoder.js";
import type { PictureFile, PictureFiles, PictureKind } from "../pictures/pictures.js";
import { makeAdmission } from "./admission.js";
import type { DrawOutcome, DrawTask } from "./draw-worker.js";

/**
 * Plain squares of a text this long are a symbol of at most version 10 or so: drawn and checked in about a millisecond,
 * so the event loop is never held for 5 ms. Measured: 31 bytes at 2000 px take 0.4 ms, checked.
 */
const lightTextMax = 200;
const lightWidthPxMax = 2_000;

/** A background is faded behind modules: more pixels than this would only be looked at by the decoder. */
const backgroundPxMax = 2_000;

/**
 * A drawing that takes longer than this is stuck, and its thread is ended, which may end the process: a supervisor
 * starts another. The largest styled image takes about 2 s.
 */
const drawMsMax = 20_000;

/** The compiled worker, whether this file runs compiled or, in tests, from source. */
const workerFileDefault = fileURLToPath(new URL("../../dist/pool/draw-worker.js", import.meta.url));

/** Circumstances of a drawing beside its design. */
export type DrawOptions = {
  /** Workspaces share the threads evenly. */
  workspaceId: string;
  checked: boolean;
  /** Takes the drawing out of the queue when nobody wants it any more; one that has begun is finished. */
  signal?: AbortSignal;
  /** The checked files of the design's pictures. */
  files?: PictureFiles;
};

/** Pool of drawing threads. */
export type DrawingPool = {
  /** Throws what `drawDesign` throws, and `overloaded` when its turn would come too late. */
  draw: (design: Design, options: DrawOptions) => Promise<Drawing>;
  /** As `draw`, without the file. */
  judge: (design: Design, options: DrawOptions) => Promise<Verdict>;
  /**
   * Throws, before anything is done, what `draw` would throw for want of a turn; `rate_limited` for broken pictures.
   */
  requireTurn: (design: Design, options: Pick<DrawOptions, "workspaceId" | "files">) => void;
  backlogMs: () => number;
  close: () => Promise<void>;
};

/** Threads and decoder of a pool; a thread a core unless told. */
export type DrawingPoolOptions = { threads?: number; workerFile?: string; decoder?: ImageDecoder };

/** Starts the pool; threads come up with the first drawings. */
export function makeDrawingPool(options: DrawingPoolOptions = {}): DrawingPool {
  const {
    threads = availableParallelism(),
    workerFile = workerFileDefault,
    decoder = makeImageDecoder({ processes: Math.max(2, threads) }),
  } = options;
  const admission = makeAdmission({ threads });
  const pool = new Piscina<DrawTask, DrawOutcome>({ filename: workerFile, minThreads: threads, maxThreads: threads });

  async function decode(design: Design, { files = {}, workspaceId, signal }: DrawOptions): Promise<Pictures> {
    const pictures: Pictures = {};
    for (const [kind, file, wanted] of wantedOf(design, files))
      pictures[kind] = await decoder.decode(file, { ...wanted, workspaceId, signal });
    return pictures;
  }

  async function drawInPool(design: Design, options: DrawOptions): Promise<Drawing> {
    const { bytes, ...drawing } = await runInPool(design, options, false);
    if (!bytes) throw new Error("a drawing came without its image");
    return { ...drawing, bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
  }

  async function runInPool(design: Design, options: DrawOptions, isTrial: boolean) {
    const { checked, signal, workspaceId } = options;
    const pictures = await decode(design, options);
    const work = { workspaceId, kind: kindOf(design, isTrial), megapixels: design.widthPx ** 2 / 1e6 };
    const drawNow = () => pool.run({ design, checked, pictures, isTrial }, { signal: AbortSignal.timeout(drawMsMax) });
    const outcome = await admission.run(work, drawNow, signal);
    if ("problem" in outcome) {
      const { code, detail, errors } = outcome.problem;
      throw new ApiError(code, detail, { ...(errors && { errors }) });
    }
    return outcome.drawing;
  }

  return {
    draw: (design, drawOptions) =>
      isLight(design) ? drawDesign(design, drawOptions) : drawInPool(design, drawOptions),
    judge: (design, drawOptions) =>
      isLight(design) ? judgeDesign(design, drawOptions) : runInPool(design, drawOptions, true),
    requireTurn: (design, { workspaceId, files = {} }) => {
      for (const [, file, wanted] of wantedOf(design, files)) decoder.requireTurn(file, { ...wanted, workspaceId });
      if (!isLight(design)) admission.requireTurn({ workspaceId });
    },
    backlogMs: admission.backlogMs,
    close: async () => {
      decoder.close();
      // Waits for what has begun.
      await pool.close();
    },
  };
}

/**
 * Draws codes of every size that is drawn in place, some 80 of them in 0.3 s: cold, the first of each version takes up
 * to 20 ms, in which nobody else is answered; warm, 99 of 100 take less than 3.
 */
export async function warmUp(): Promise<void> {
  for (let length = 10; length <= lightTextMax; length += 10) {
    for (const level of errorCorrectionLevels) {
      const request = { data_type: "text", data: "a".repeat(length), error_correction: level, size: lightWidthPxMax };
      await drawDesign(readDesign(request, plans.enterprise).design, { checked: true });
    }
  }
}

/** The pictures that a design needs, never larger than they will be painted: the logo's box, or the whole width. */
function wantedOf({ widthPx, logo }: Design, files: PictureFiles) {
  const wanted: [PictureKind, PictureFile, { field: string; sideMax: number }][] = [];
  if (files.logo && logo)
    wanted.push(["logo", files.logo, { field: "logo", sideMax: Math.ceil(widthPx * logo.sizeRatio) }]);
  if (files.background) {
    const sideMax = Math.min(widthPx, backgroundPxMax);
    wanted.push(["background", files.background, { field: "background_image", sideMax }]);
  }
  return wanted;
}

function isLight(design: Design): boolean {
  return isPlain(design) && design.text.length <= lightTextMax && design.widthPx <= lightWidthPxMax;
}

/** Flat squares, which cost next to nothing however large they are; a JPEG compresses every pixel of them. */
function isPlain(design: Design): boolean {
  return design.format !== "jpeg" && !design.logo && !design.backgroundImage && isFlatSquares(design);
}

/** Drawings that cost alike. */
function kindOf(design: Design, isTrial: boolean): string {
  // Decoders look at them more often.
  const isPicture = design.pattern === "halftone" && design.backgroundImage !== null;
  const drawn = isPlain(design) ? "plain" : `${design.format}${isPicture ? " of cells" : ""}`;
  return `${isTrial ? "trial " : ""}${drawn}`;
}
