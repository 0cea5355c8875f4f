// The loop of a decoding process, whichever decoder is in it: answers one request at a time over the channel of
// `fork`, makes pictures fit, and ends with its parent.

import type { Picture } from "@qrfactory/drawing/scene/shapes";
import { type Canvas, createCanvas, type Image } from "canvas";
import type { Placement } from "./headers/header-reader.js";

/** A message to a decoding process. */
export type DecodeRequest = {
  id: number;
  /** A file of one picture and of nothing else. */
  bytes: Uint8Array;
  sideMax: number;
  placement?: Placement | undefined;
};

/** The first message says that the process is ready; each other one answers a request. */
export type ProcessMessage =
  | { isReady: true }
  | { id: number; picture: Picture; spentMs: number }
  | { id: number; failed: true };

/** Makes a picture fit into a square of `sideMax` pixels: what is painted is never larger. */
export function fitInto(sideMax: number, image: Image | Canvas): Picture {
  const scale = Math.min(1, sideMax / Math.max(image.width, image.height));
  const width = Math.max(1, Math.round(image.width * scale));
  const height = Math.max(1, Math.round(image.height * scale));
  const context = createCanvas(width, height).getContext("2d");
  context.drawImage(image, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  return { width, height, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

// A parent that is gone hears nothing, which is no error.
const tell = (message: ProcessMessage) => process.send?.(message, undefined, undefined, () => {});

/** Answers the parent's requests until it is gone. */
export function serveDecoding(decode: (request: DecodeRequest) => Promise<Picture>): void {
  process.on("message", (request: DecodeRequest) => {
    const started = performance.now();
    decode(request)
      .then(
        (picture) => tell({ id: request.id, picture, spentMs: performance.now() - started }),
        () => tell({ id: request.id, failed: true }),
      )
      // Pixels lie outside of V8's heap, which would let them pile up to this process's limit.
      .finally(() => globalThis.gc?.());
  });
  // The parent is gone: nobody will ever ask again.
  process.on("disconnect", () => process.exit(0));
  tell({ isReady: true });
}
