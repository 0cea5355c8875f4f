// From a scene to pixels by the shortest road that shows the same picture: flat squares as rows of one or two bits, one
// flat colour as a mask of coverage, one gradient as a mask in a table of colours, everything else as a painting. Files and the scan check are made of the same pixels.
import { composite, type Rgba } from "@qrfactory/domain/color";
import type { Pixels } from "../zxing.js";
import { encodeJpeg, type Painting, paintCanvas, paintCoverage, straightPixelsOf } from "./canvas.js";
import { onlyGradient, paintGraded } from "./graded.js";
import { colorTypes, encodePng, filterNone, filterUp } from "./png-file.js";
import { expandRows, paintRows, snapGrid } from "./raster.js";
import type { Flat, Picture, Scene, Squares } from "./scene.js";

export type Raster =
  /** Rows as in `paintRows`; the palette's first colour is the ground. */
  | { kind: "squares"; widthPx: number; bits: 1 | 2; rows: Uint8Array; palette: Rgba[] }
  /** One byte a pixel, 0 to 255, an index into the palette; rows are `stride` bytes apart. */
  | { kind: "coverage"; widthPx: number; coverage: Uint8Array; stride: number; palette: Rgba[] }
  /** Blue, green, red and alpha of each pixel, all opaque. */
  | { kind: "graded"; widthPx: number; pixels: Uint8Array }
  | { kind: "painting"; widthPx: number; painting: Painting; background: Rgba };

/** Colours beside the ground that rows of two bits can tell apart. */
const squaresMax = 3;

/** Paints a scene; it needs at least one pixel a module. */
export function rasterize(scene: Scene, widthPx: number): Raster {
  if (isSquares(scene)) return paintSquares(scene, widthPx);
  const fill = onlyFill(scene);
  if (fill) return paintMask(scene, fill, widthPx);
  const gradient = onlyGradient(scene);
  if (gradient) return { kind: "graded", widthPx, pixels: paintGraded(scene, gradient, widthPx) };
  return paintPlainly(scene, widthPx);
}

/** The road that is right for every scene, and that the others are compared with. */
export function paintPlainly(scene: Scene, widthPx: number): Extract<Raster, { kind: "painting" }> {
  return { kind: "painting", widthPx, painting: paintCanvas(scene, widthPx), background: scene.background };
}

/** A scene of nothing but squares in a few flat colours. */
type SquaresScene = Omit<Scene, "shapes"> & { shapes: (Squares & { fill: Flat })[] };

/** Whether a scene holds nothing but squares in a few flat colours. */
export function isSquares(scene: Scene): scene is SquaresScene {
  const { shapes } = scene;
  return shapes.length <= squaresMax && shapes.every((shape) => shape.kind === "squares" && shape.fill.kind === "flat");
}

function paintSquares({ side, background, shapes }: SquaresScene, widthPx: number): Raster {
  const bits = shapes.length === 1 ? 1 : 2;
  const palette = [background, ...shapes.map(({ fill }) => composite(fill.color, background))];
  return { kind: "squares", widthPx, bits, rows: paintRows(shapes, snapGrid(side, widthPx), bits), palette };
}

/** The one flat fill of all shapes, or null. */
function onlyFill({ shapes }: Scene): Flat | null {
  const [first] = shapes;
  const fill = !first || first.kind === "picture" ? null : first.fill;
  const isOnly = shapes.every((shape) => shape.kind !== "picture" && shape.fill === fill);
  return fill?.kind === "flat" && isOnly ? fill : null;
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
    const rows = packRows({ pixels: coverage, stride, widthPx, pixelBytes: 1 });
    return encodePng({ widthPx, bitDepth: 8, colorType: colorTypes.palette, palette, rows }, dpi);
  }
  if (raster.kind === "graded") return opaquePng(raster.pixels, widthPx, dpi);
  const { painting } = raster;
  if (painting.isOpaque) return opaquePng(painting.pixels, widthPx, dpi);
  const rows = packRows({ pixels: straightPixelsOf(painting), stride: widthPx * 4, widthPx, pixelBytes: 4 });
  return encodePng({ widthPx, bitDepth: 8, colorType: colorTypes.rgba, palette: [], rows }, dpi);
}

/** A PNG without alpha, of pixels as cairo keeps them. */
function opaquePng(pixels: Uint8Array, widthPx: number, dpi: number | null): Buffer {
  const rows = packRows({ pixels, stride: widthPx * 4, widthPx, pixelBytes: 3 });
  return encodePng({ widthPx, bitDepth: 8, colorType: colorTypes.rgb, palette: [], rows }, dpi);
}

/** A picture as the bytes of a PNG, for documents that hold one. */
export function pictureAsPng({ width, height, data }: Picture): Buffer {
  const rows = Buffer.alloc((1 + 4 * width) * height);
  for (let y = 0; y < height; y++) rows.set(data.subarray(y * 4 * width, (y + 1) * 4 * width), y * (1 + 4 * width) + 1);
  const png = { widthPx: width, heightPx: height, bitDepth: 8, colorType: colorTypes.rgba, palette: [], rows } as const;
  return encodePng(png, null);
}

/** The bytes of a JPEG; the scene must have been painted by `paintPlainly` on an opaque ground. */
export function jpegOf(raster: Raster): Buffer {
  if (raster.kind !== "painting" || !raster.painting.isOpaque) throw new Error("A JPEG is made of an opaque painting");
  return encodeJpeg(raster.painting);
}

type Packing = {
  pixels: Uint8Array | Uint8ClampedArray;
  /** Bytes from one row to the next. */
  stride: number;
  widthPx: number;
  /** Of the file: indices, red green blue out of four bytes from cairo, or red green blue alpha. */
  pixelBytes: 1 | 3 | 4;
};

/** Puts its filter type before each row; a row that repeats the one above becomes zeros, which cost next to nothing. */
function packRows({ pixels, stride, widthPx, pixelBytes }: Packing): Buffer {
  const source = Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  const words = pixelBytes === 3 ? new Uint32Array(source.buffer, source.byteOffset, source.length >> 2) : null;
  const inBytes = widthPx * (pixelBytes === 3 ? 4 : pixelBytes);
  const outBytes = 1 + widthPx * pixelBytes;
  const rows = Buffer.alloc(outBytes * widthPx);
  for (let y = 0; y < widthPx; y++) {
    const from = y * stride;
    const to = y * outBytes;
    const repeats = y > 0 && source.compare(source, from - stride, from - stride + inBytes, from, from + inBytes) === 0;
    rows[to] = repeats ? filterUp : filterNone;
    if (repeats) continue;
    if (words) writeRgb(rows, to + 1, words.subarray(from >> 2, (from >> 2) + widthPx));
    else source.copy(rows, to + 1, from, from + inBytes);
  }
  return rows;
}

/** Red, green and blue out of words that hold blue, green, red and alpha, lowest first. */
function writeRgb(rows: Buffer, start: number, words: Uint32Array): void {
  let at = start;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as number;
    rows[at] = word >> 16;
    rows[at + 1] = word >> 8;
    rows[at + 2] = word;
    at += 3;
  }
}

/** Brightness of an opaque colour as cameras' pictures have it, 0 to 255 (Rec. 601). */
export function luma([red, green, blue]: Rgba): number {
  return Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
}

/** How many pixels along each side of a square are looked at to average it. */
const samplesAlong = 4;

/**
 * What a camera sees of an image that lies on an opaque substrate: shades of grey, each the average of a square of
 * `factor` pixels, of which at most 16 are looked at; what is left over at the right and below is cut off.
 */
export function lookAt(raster: Raster, substrate: Rgba, factor: number): Pixels {
  const { widthPx } = raster;
  const shadeAt = shadesOf(raster, substrate);
  const width = Math.floor(widthPx / factor);
  const data = new Uint8Array(width * width);
  const step = Math.ceil(factor / samplesAlong);
  const offsets = Array.from({ length: Math.floor(factor / step) }, (_, i) => i * step + (step >> 1));
  const count = offsets.length ** 2;
  for (let y = 0; y < width; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (const dy of offsets) for (const dx of offsets) sum += shadeAt(x * factor + dx, y * factor + dy);
      data[y * width + x] = sum / count + 0.5;
    }
  }
  return { width, height: width, data };
}

/** A function that tells the shade of a pixel. */
function shadesOf(raster: Raster, substrate: Rgba): (x: number, y: number) => number {
  const { widthPx } = raster;
  if (raster.kind === "painting" || raster.kind === "graded") {
    const { buffer, byteOffset } = raster.kind === "graded" ? raster.pixels : raster.painting.pixels;
    const words = new Uint32Array(buffer, byteOffset, widthPx * widthPx);
    const under = luma(substrate);
    return (x, y) => shadeOf(words[y * widthPx + x] as number, under);
  }
  const shades = raster.palette.map((color) => luma(composite(color, substrate)));
  if (raster.kind === "squares") {
    const pixels = expandRows(raster.rows, widthPx, raster.bits, shades);
    return (x, y) => pixels[y * widthPx + x] as number;
  }
  const { coverage, stride } = raster;
  return (x, y) => shades[coverage[y * stride + x] as number] as number;
}

/** The weights of `luma` in 1/256. */
const [redWeight, greenWeight, blueWeight] = [77, 150, 29];

/** The shade of a pixel as cairo keeps it, over a shade that it lies on. */
function shadeOf(bgra: number, under: number): number {
  const weighed = redWeight * ((bgra >> 16) & full) + greenWeight * ((bgra >> 8) & full) + blueWeight * (bgra & full);
  return (weighed >> 8) + (under * (full - (bgra >>> 24))) / full;
}
