// Decodes strangers' pictures in a process of its own: native decoders run here, and when a file manages to crash one,
// this process is all that it takes down.

import type { Picture } from "@qrfactory/drawing/scene/shapes";
import { type Canvas, createCanvas, type Image, loadImage } from "canvas";
import { type DecodeRequest, fitInto, serveDecoding } from "./decode-service.js";
import type { Placement } from "./headers/header-reader.js";

async function decode({ bytes, sideMax, placement }: DecodeRequest): Promise<Picture> {
  const frame = await loadImage(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  return fitInto(sideMax, placement ? putOnScreen(frame, placement) : frame);
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

serveDecoding(decode);
