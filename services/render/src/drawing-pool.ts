// Drawing beside the HTTP thread: a pool with a thread a core, admission by cost in front of it. What is cheaper to draw
// than to send to a thread is drawn in place.
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type { Design } from "@qrfactory/domain/design";
import { ApiError } from "@qrfactory/domain/errors";
import { Piscina } from "piscina";
import { makeAdmission } from "./admission.js";
import { type Drawing, draw } from "./draw.js";
import type { DrawOutcome, DrawTask } from "./draw-worker.js";
import { isFlatSquares } from "./qr/scene.js";

/**
 * Plain squares of a text this long are a symbol of at most version 10 or so: drawn and checked in about a millisecond,
 * so the event loop is never held for 5 ms. Measured: 31 bytes at 2000 px take 0.4 ms, checked.
 */
const lightTextMax = 200;
const lightWidthPxMax = 2_000;

/** A drawing that takes longer than this is stuck: its thread is ended. The largest styled image takes about 2 s. */
const drawMsMax = 20_000;

/** The compiled worker, whether this file runs compiled or, in tests, from source. */
const workerFileDefault = fileURLToPath(new URL("../dist/draw-worker.js", import.meta.url));

export type DrawOptions = {
  checked: boolean;
  /** Takes the drawing out of the queue, or ends it, when nobody wants it any more. */
  signal?: AbortSignal;
};

export type DrawingPool = {
  /** Throws what `draw` throws, and `overloaded` when its turn would come too late. */
  draw: (design: Design, options: DrawOptions) => Promise<Drawing>;
  backlogMs: () => number;
  close: () => Promise<void>;
};

export type DrawingPoolOptions = { threads?: number; workerFile?: string };

/** Starts the pool; threads come up with the first drawings. */
export function makeDrawingPool(options: DrawingPoolOptions = {}): DrawingPool {
  const { threads = availableParallelism(), workerFile = workerFileDefault } = options;
  const admission = makeAdmission({ threads });
  const pool = new Piscina<DrawTask, DrawOutcome>({ filename: workerFile, minThreads: threads, maxThreads: threads });

  async function drawInPool(design: Design, { checked, signal }: DrawOptions): Promise<Drawing> {
    const stuck = AbortSignal.timeout(drawMsMax);
    const outcome = await admission.run({ kind: kindOf(design), widthPx: design.widthPx }, () =>
      pool.run({ design, checked }, { signal: signal ? AbortSignal.any([signal, stuck]) : stuck }),
    );
    if ("problem" in outcome) {
      const { code, detail, errors } = outcome.problem;
      throw new ApiError(code, detail, { ...(errors && { errors }) });
    }
    const { bytes, ...drawing } = outcome.drawing;
    return { ...drawing, bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
  }

  return {
    draw: (design, drawOptions) => (isLight(design) ? draw(design, drawOptions) : drawInPool(design, drawOptions)),
    backlogMs: admission.backlogMs,
    close: () => pool.destroy(),
  };
}

function isLight(design: Design): boolean {
  return isPlain(design) && design.text.length <= lightTextMax && design.widthPx <= lightWidthPxMax;
}

/** Flat squares, which cost next to nothing however large they are; a JPEG compresses every pixel of them. */
function isPlain(design: Design): boolean {
  return design.format !== "jpeg" && isFlatSquares(design);
}

/** Drawings that cost alike. */
function kindOf(design: Design): string {
  return isPlain(design) ? "plain" : design.format;
}
