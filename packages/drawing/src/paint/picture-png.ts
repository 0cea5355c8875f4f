// A picture as a file of its own, for documents that hold one.

import type { Picture } from "../scene/shapes.js";
import type { Deflate } from "./deflate.js";
import { colorTypes, encodePng } from "./png-file.js";
import { packRows, rowsOf } from "./png-rows.js";

/** A picture as the bytes of a PNG in red, green, blue and alpha. */
export function pictureAsPng({ width, height, data }: Picture, deflate: Deflate): Uint8Array {
  const rows = packRows(rowsOf(data, 4 * width), { rowBytes: 4 * width, height });
  const png = { widthPx: width, heightPx: height, bitDepth: 8, colorType: colorTypes.rgba, palette: [], rows } as const;
  return encodePng(png, null, deflate);
}
