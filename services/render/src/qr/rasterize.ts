// From a scene to pixels by the shortest road that shows the same picture: flat squares as rows of one or two bits, one
// flat colour as a mask of coverage, everything else as a painting. Files and the scan check are made of the same pixels.
import { composite, type Rgba } from "@qrfactory/domain/color";
import { encodeJpeg, type Painting, paintCanvas, paintCoverage, pixelsOf } from "./canvas.js";
import { colorTypes, encodePng, filterNone, filterUp } from "./png-file.js";
import { expandRows, paintRows, snapGrid } from "./raster.js";
import type { Flat, Scene, Squares } from "./scene.js";

export type Raster =
  /** Rows as in `paintRows`; the palette's first colour is the ground. */
  | { kind: "squares"; widthPx: number; bits: 1 | 2; rows: Uint8Array; palette: Rgba[] }
  /** One byte a pixel, 0 to 255, an index into the palette; rows are `stride` bytes apart. */
  | { kind: "coverage"; widthPx: number; coverage: Uint8Array; stride: number; palette: Rgba[] }
  | { kind: "painting"; widthPx: number; painting: Painting; background: Rgba };

/** Colours beside the ground that rows of two bits can tell apart. */
const squaresMax = 3;

/** Paints a scene; it needs at least one pixel a module. */
export function rasterize(scene: Scene, widthPx: number): Raster {
  if (isSquares(scene)) return paintSquares(scene, widthPx);
  const fill = onlyFill(scene);
  if (fill) return paintMask(scene, fill, widthPx);
  return paintPlainly(scene, widthPx);
}

/** The road that is right for every scene, and that the others are compared with. */
export function paintPlainly(scene: Scene, widthPx: number): Raster {
  return { kind: "painting", widthPx, painting: paintCanvas(scene, widthPx), background: scene.background };
}

/** A scene of nothing but squares in a few flat colours. */
type SquaresScene = Omit<Scene, "shapes"> & { shapes: (Squares & { fill: Flat })[] };

/** Whether a scene holds nothing but squares in a few flat colours. */
export function isSquares(scene: Scene): scene is SquaresScene {
  const { shapes } = scene;
  return shapes.length <= squaresMax && shapes.every(({ kind, fill }) => kind === "squares" && fill.kind === "flat");
}

function paintSquares({ side, background, shapes }: SquaresScene, widthPx: number): Raster {
  const bits = shapes.length === 1 ? 1 : 2;
  const palette = [background, ...shapes.map(({ fill }) => composite(fill.color, background))];
  return { kind: "squares", widthPx, bits, rows: paintRows(shapes, snapGrid(side, widthPx), bits), palette };
}

/** The one flat fill of all shapes, or null. */
function onlyFill({ shapes }: Scene): Flat | null {
  const fill = shapes[0]?.fill;
  return fill?.kind === "flat" && shapes.every((shape) => shape.fill === fill) ? fill : null;
}

const full = 255;

function paintMask(scene: Scene, { color }: Flat, widthPx: number): Raster {
  const palette = Array.from({ length: full + 1 }, (_, coverage): Rgba => {
    const [red, green, blue, alpha] = color;
    return composite([red, green, blue, (alpha * coverage) / full], scene.background);
  });
  return { kind: "coverage", widthPx, ...paintCoverage(scene, widthPx), palette };
}

/** The bytes of a PNG; `dpi` is the resolution to write into it, or null. */
export function pngOf(raster: Raster, dpi: number | null): Buffer {
  const { widthPx } = raster;
  if (raster.kind === "squares") {
    const { bits, palette, rows } = raster;
    return encodePng({ widthPx, bitDepth: bits, colorType: colorTypes.palette, palette, rows }, dpi);
  }
  if (raster.kind === "coverage") {
    const { coverage, stride, palette } = raster;
    const rows = packRows({ pixels: coverage, stride, rowBytes: widthPx, count: widthPx });
    return encodePng({ widthPx, bitDepth: 8, colorType: colorTypes.palette, palette, rows }, dpi);
  }
  const { painting } = raster;
  if (painting.isOpaque) {
    const pixels = dropAlpha(pixelsOf(painting), widthPx * widthPx);
    const rows = packRows({ pixels, stride: widthPx * 3, rowBytes: widthPx * 3, count: widthPx });
    return encodePng({ widthPx, bitDepth: 8, colorType: colorTypes.rgb, palette: [], rows }, dpi);
  }
  const { data } = painting.context.getImageData(0, 0, widthPx, widthPx);
  const rows = packRows({ pixels: data, stride: widthPx * 4, rowBytes: widthPx * 4, count: widthPx });
  return encodePng({ widthPx, bitDepth: 8, colorType: colorTypes.rgba, palette: [], rows }, dpi);
}

/** The bytes of a JPEG; the scene must have been painted by `paintPlainly` on an opaque ground. */
export function jpegOf(raster: Raster): Buffer {
  if (raster.kind !== "painting" || !raster.painting.isOpaque) throw new Error("A JPEG is made of an opaque painting");
  return encodeJpeg(raster.painting);
}

type Packing = { pixels: Uint8Array | Uint8ClampedArray; stride: number; rowBytes: number; count: number };

/** Puts its filter type before each row; a row that repeats the one above becomes zeros, which cost next to nothing. */
function packRows({ pixels, stride, rowBytes, count }: Packing): Buffer {
  const source = Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  const rows = Buffer.alloc((1 + rowBytes) * count);
  for (let y = 0; y < count; y++) {
    const from = y * stride;
    const to = y * (1 + rowBytes);
    const repeats =
      y > 0 && source.compare(source, from - stride, from - stride + rowBytes, from, from + rowBytes) === 0;
    rows[to] = repeats ? filterUp : filterNone;
    if (!repeats) source.copy(rows, to + 1, from, from + rowBytes);
  }
  return rows;
}

/** Red, green and blue out of blue, green, red and alpha. */
function dropAlpha(bgra: Uint8Array, count: number): Uint8Array {
  const words = new Uint32Array(bgra.buffer, bgra.byteOffset, count);
  const rgb = new Uint8Array(count * 3);
  for (let i = 0, at = 0; i < count; i++) {
    const word = words[i] as number;
    rgb[at++] = word >> 16;
    rgb[at++] = word >> 8;
    rgb[at++] = word;
  }
  return rgb;
}

/** Brightness of an opaque colour as cameras' pictures have it, 0 to 255 (Rec. 601). */
export function luma([red, green, blue]: Rgba): number {
  return Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
}

/** What a camera sees of an image that lies on an opaque substrate: one byte a pixel. */
export function lumaOf(raster: Raster, substrate: Rgba): Uint8Array {
  const { widthPx } = raster;
  if (raster.kind === "painting") return paintingLuma(pixelsOf(raster.painting), widthPx * widthPx, luma(substrate));
  const shades = raster.palette.map((color) => luma(composite(color, substrate)));
  if (raster.kind === "squares") return expandRows(raster.rows, widthPx, raster.bits, shades);
  const out = new Uint8Array(widthPx * widthPx);
  for (let y = 0; y < widthPx; y++) {
    const from = y * raster.stride;
    for (let x = 0; x < widthPx; x++) out[y * widthPx + x] = shades[raster.coverage[from + x] as number] as number;
  }
  return out;
}

/** The weights of `luma` in 1/256. */
const [redWeight, greenWeight, blueWeight] = [77, 150, 29];

function paintingLuma(bgra: Uint8Array, count: number, under: number): Uint8Array {
  const words = new Uint32Array(bgra.buffer, bgra.byteOffset, count);
  const out = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const word = words[i] as number;
    const inked =
      (redWeight * ((word >> 16) & full) + greenWeight * ((word >> 8) & full) + blueWeight * (word & full)) >> 8;
    const alpha = word >>> 24;
    out[i] = alpha === full ? inked : inked + ((under * (full - alpha)) / full + 0.5);
  }
  return out;
}
