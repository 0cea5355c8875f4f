// Decodes strangers' WebP pictures in a process of its own, by libwebp in WebAssembly: a file that manages to confuse
// it writes to the memory of this one picture, and to nothing else.

import type { Picture } from "@qrfactory/drawing/scene/shapes";
import { createCanvas, createImageData } from "canvas";
import { type DecodeRequest, fitInto, serveDecoding } from "./decode-service.js";
import { decodeWebp } from "./webp-decoder.js";

async function decode({ bytes, sideMax }: DecodeRequest): Promise<Picture> {
  const { width, height, data } = decodeWebp(bytes);
  const canvas = createCanvas(width, height);
  canvas.getContext("2d").putImageData(createImageData(new Uint8ClampedArray(data.buffer), width, height), 0, 0);
  return fitInto(sideMax, canvas);
}

serveDecoding(decode);
