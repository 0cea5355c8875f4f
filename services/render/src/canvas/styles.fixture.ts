// Designs for tests by the fields of a request, what is drawn of them, and two independent readers that look at it.
import { type Design, readDesign } from "@qrfactory/domain/design/design";
import { plans } from "@qrfactory/domain/plan/plans";
import { layOut } from "@qrfactory/drawing/scene/scene";
import type { Scene } from "@qrfactory/drawing/scene/shapes";
import { makeSymbol } from "@qrfactory/drawing/symbol/symbol";
import { type Pixels, readers } from "@qrfactory/testing/decode";
import { type CanvasRenderingContext2D, createCanvas, type Image } from "canvas";
import { shapeLegible } from "../draw/labels.js";

/** Shared fields of the designs of these tests. */
export const styledText = "https://example.com/a-page-of-ours";

/** Reads a design from the fields of a request. */
export function designOf(fields: object = {}): Design {
  return readDesign({ data: styledText, ...fields }, plans.enterprise).design;
}

/** The scene of a design. */
export async function sceneFor(design: Design): Promise<Scene> {
  const symbol = makeSymbol(design.text, design.errorCorrection);
  return layOut(symbol, design, { label: await shapeLegible(design, symbol.modules.side) });
}

/** The text of a picture of one code, as zxing-cpp and as npm `qr` read it; null where one cannot. */
export async function readTwice(pixels: Pixels): Promise<[zxing: string | null, qr: string | null]> {
  return [await readers["zxing-cpp"](pixels), await readers.qr(pixels)];
}

/** The pixels of a loaded image on white. */
export function pixelsOfImage(image: Image, width: number): Pixels {
  const context = createCanvas(width, width).getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, width);
  context.drawImage(image, 0, 0, width, width);
  return pixelsOfContext(context, width);
}

/** The pixels of a square canvas. */
export function pixelsOfContext(context: CanvasRenderingContext2D, width: number): Pixels {
  const { data } = context.getImageData(0, 0, width, width);
  // A copy: the test runner's own arrays are of another kind than those of native code.
  return { width, height: width, data: Uint8ClampedArray.from(data) };
}
