// Decodes strangers' pictures in a process of its own: native decoders run here, and when a file manages to crash one,
// this process is all that it takes down. Speaks with decoder-process over the channel of `fork`.
import { type Canvas, createCanvas, type Image, loadImage } from "canvas";
import type { Picture } from "../qr/scene.js";
import type { Placement } from "./header-reader.js";

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

/** Decodes a picture and makes it fit into a square of `sideMax` pixels: what is painted is never larger. */
async function decode({ bytes, sideMax, placement }: DecodeRequest): Promise<Picture> {
  const frame = await loadImage(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const image = placement ? putOnScreen(frame, placement) : frame;
  const scale = Math.min(1, sideMax / Math.max(image.width, image.height));
  const width = Math.max(1, Math.round(image.width * scale));
  const height = Math.max(1, Math.round(image.height * scale));
  const context = createCanvas(width, height).getContext("2d");
  context.drawImage(image, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  return { width, height, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

/** First row and distance of rows, in each pass over an interlaced GIF (GIF 89a, appendix E). */
const passes = [
  [0, 8],
  [4, 8],
  [2, 4],
  [1, 2],
] as const;

/** The whole screen with its frame in place, clear around it. */
function putOnScreen(frame: Image, { left, top, screenWidth, screenHeight, isInterlaced }: Placement): Canvas {
  const screen = createCanvas(screenWidth, screenHeight);
  const context = screen.getContext("2d");
  const { width, height } = frame;
  if (!isInterlaced) {
    context.drawImage(frame, left, top);
    return screen;
  }
  let from = 0;
  for (const [first, step] of passes) {
    for (let row = first; row < height; row += step)
      context.drawImage(frame, 0, from++, width, 1, left, top + row, width, 1);
  }
  return screen;
}

// A parent that is gone hears nothing, which is no error.
const tell = (message: ProcessMessage) => process.send?.(message, undefined, undefined, () => {});

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
