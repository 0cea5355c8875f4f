// One drawing thread: takes a design, returns its drawing. Problems travel as data, because an error loses its class on
// the way between threads.
import type { Design } from "@qrfactory/domain/design";
import { ApiError, type FieldErrors, type ProblemCode } from "@qrfactory/domain/errors";
import { type Drawing, draw, type Pictures } from "./draw.js";
import { loadShaper } from "./qr/label.js";
import { loadDecoder } from "./zxing.js";

export type DrawTask = { design: Design; checked: boolean; pictures: Pictures };

export type DrawOutcome =
  | { drawing: Omit<Drawing, "bytes"> & { bytes: Uint8Array }; spentMs: number }
  | { problem: { code: ProblemCode; detail: string; errors: FieldErrors | undefined }; spentMs: number };

await Promise.all([loadDecoder(), loadShaper()]);

export default async function drawTask({ design, checked, pictures }: DrawTask): Promise<DrawOutcome> {
  const started = performance.now();
  try {
    const drawing = await draw(design, { checked, pictures });
    return { drawing, spentMs: performance.now() - started };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const problem = { code: error.code, detail: error.message, errors: error.errors };
    return { problem, spentMs: performance.now() - started };
  }
}
