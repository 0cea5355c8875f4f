// One drawing thread: takes a design, returns its drawing. Problems travel as data, because an error loses its class on
// the way between threads.
import { constants, setPriority } from "node:os";
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Design } from "@qrfactory/domain/design/design";
import { ApiError, type ProblemCode } from "@qrfactory/domain/http/errors";
import type { FieldErrors } from "@qrfactory/domain/http/field-errors";
import type { Pictures } from "@qrfactory/drawing/drawing";
import { loadDecoder } from "../check/zxing.js";
import { drawDesign, judgeDesign, type Verdict } from "../draw/draw-design.js";
import { loadShaper } from "../draw/labels.js";

/** A message to a drawing thread. */
export type DrawTask = {
  design: Design;
  checked: boolean;
  pictures: Pictures;
  /** Whether only the verdict is wanted. */
  isTrial: boolean;
};

/** A message from a drawing thread: the drawing or a problem, and its milliseconds. */
export type DrawOutcome =
  | { drawing: Verdict & { bytes?: Uint8Array }; spentMs: number }
  | { problem: { code: ProblemCode; detail: string; errors: FieldErrors | undefined }; spentMs: number };

/**
 * Below the HTTP thread's own: with a drawing on every core, requests are still taken, refused and answered at once.
 */
const drawingPriority = constants.priority.PRIORITY_LOW;

/**
 * Drawings leave buffers behind, which V8, counting its small heap, would not collect for a long time: gigabytes under
 * load. From this much on they are collected, which takes some 40 ms of processor time: not after every drawing.
 */
const externalBytesMax = 48 * 1024 * 1024;

// On Linux 0 is the calling thread, not the process (setpriority(2), "C library/kernel differences").
if (process.platform === "linux") setPriority(0, drawingPriority);
setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

await Promise.all([loadDecoder(), loadShaper()]);

/** Draws one design, in a thread of the pool. */
export default async function drawTask({ design, checked, pictures, isTrial }: DrawTask): Promise<DrawOutcome> {
  const started = performance.now();
  try {
    const drawing = await (isTrial ? judgeDesign : drawDesign)(design, { checked, pictures });
    return { drawing, spentMs: performance.now() - started };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const problem = { code: error.code, detail: error.message, errors: error.errors };
    return { problem, spentMs: performance.now() - started };
  } finally {
    if (getHeapStatistics().external_memory > externalBytesMax) collectGarbage();
  }
}
