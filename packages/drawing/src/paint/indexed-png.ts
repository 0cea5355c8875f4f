// The PNG of flat squares: an index of one or two bits a pixel into a palette. Everything else in pixels needs a
// canvas.
import { composite, type Rgba } from "@qrfactory/domain/design/color";
import { snapGrid } from "../scene/pixel-grid.js";
import type { Flat, Scene, Squares } from "../scene/shapes.js";
import { clearAs, surfaceOf } from "../scene/surface.js";
import type { Deflate } from "./deflate.js";
import { paintRows } from "./indexed-rows.js";
import { colorTypes, encodePng } from "./png-file.js";

/** Rows as in `paintRows`; the palette's first colour is the ground. */
export type IndexedPixels = { widthPx: number; bits: 1 | 2; rows: Uint8Array; palette: Rgba[] };

/** Colours beside the ground that rows of two bits can tell apart. */
const squaresMax = 3;

/** A scene of nothing but squares in a few flat colours. */
export type SquaresScene = Omit<Scene, "shapes"> & { shapes: (Squares & { fill: Flat })[] };

/** Whether a scene holds nothing but squares in a few flat colours. */
export function isSquares(scene: Scene): scene is SquaresScene {
  const { shapes } = scene;
  return shapes.length <= squaresMax && shapes.every((shape) => shape.kind === "squares" && shape.fill.kind === "flat");
}

/** Paints squares; there must be at least one pixel a module. */
export function paintIndexed(scene: SquaresScene, widthPx: number): IndexedPixels {
  const { side, background, shapes } = scene;
  const bits = shapes.length === 1 ? 1 : 2;
  const { substrate } = surfaceOf(scene);
  const colors = [background, ...shapes.map(({ fill }) => composite(fill.color, background))];
  const palette = colors.map((color) => clearAs(substrate, color));
  return { widthPx, bits, rows: paintRows(shapes, snapGrid(side, widthPx), bits), palette };
}

/** The bytes of a PNG; `dpi` is the resolution to write into it, or null. */
export function indexedPng(pixels: IndexedPixels, dpi: number | null, deflate: Deflate): Uint8Array {
  const { widthPx, bits, palette, rows } = pixels;
  return encodePng({ widthPx, bitDepth: bits, colorType: colorTypes.palette, palette, rows }, dpi, deflate);
}
