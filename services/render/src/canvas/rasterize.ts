// From a scene to pixels by the fastest path that shows the same picture: flat squares as rows of one or two bits, one
// flat colour as a mask of coverage, everything else on an opaque ground in layers, and what is left as a painting.
// Files and the scan check are made of the same pixels. Clear pixels have the colour of the substrate: programs drop
// alpha.
import { composite, type Rgba } from "@qrfactory/domain/design/color";
import { type IndexedPixels, indexedPng, isSquares, paintIndexed } from "@qrfactory/drawing/paint/indexed-png";
import { expandRows } from "@qrfactory/drawing/paint/indexed-rows";
import { colorTypes, encodePng, type PngRows } from "@qrfactory/drawing/paint/png-file";
import { type IsSameRow, packRows, type RowReader, rowsOf } from "@qrfactory/drawing/paint/png-rows";
import type { Filled, Flat, Scene } from "@qrfactory/drawing/scene/shapes";
import { clearAs, clearPixelsAs, surfaceOf } from "@qrfactory/drawing/scene/surface";
import type { Pixels } from "../check/zxing.js";
import {
  encodeJpeg,
  type Mask,
  multipliedPixelsOf,
  type Painting,
  paintCanvas,
  paintCoverage,
  placeOnPixels,
  straightPixelsOf,
} from "./canvas.js";
import { paintLayers } from "./layers.js";
import { bufferOf, zlibDeflate } from "./zlib-deflate.js";

/** Pixels of a scene in the cheapest form that shows them all. */
export type Raster =
  | ({ kind: "squares" } & IndexedPixels)
  /** Index into the palette: the coverage of the pixel. */
  | ({ kind: "coverage"; widthPx: number; palette: Rgba[] } & Mask)
  /** Opaque rows that are painted when they are asked for. */
  | { kind: "layers"; widthPx: number; rowAt: RowReader }
  | { kind: "painting"; widthPx: number; painting: Painting; substrate: Rgba };

/** Paints a scene; it needs at least one pixel a module. */
export function rasterize(scene: Scene, widthPx: number): Raster {
  if (isSquares(scene)) return { kind: "squares", ...paintIndexed(scene, widthPx) };
  if (isOneColor(scene)) return paintMask(scene, widthPx);
  if (scene.background[3] === full) return { kind: "layers", widthPx, rowAt: paintLayers(scene, widthPx) };
  return paintPlainly(scene, widthPx);
}

/** The path that is right for every scene, and that the fast ones are compared with. */
export function paintPlainly(scene: Scene, widthPx: number): Extract<Raster, { kind: "painting" }> {
  return { kind: "painting", widthPx, painting: paintCanvas(scene, widthPx), substrate: surfaceOf(scene).substrate };
}

/** A scene of shapes in one flat colour. */
type OneColorScene = Omit<Scene, "shapes"> & { shapes: [Filled & { fill: Flat }, ...Filled[]] };

function isOneColor(scene: Scene): scene is OneColorScene {
  const { shapes } = scene;
  const [first] = shapes;
  if (!first || first.kind === "picture" || first.fill.kind !== "flat") return false;
  return shapes.every((shape) => shape.kind !== "picture" && shape.fill === first.fill);
}

const full = 255;

function paintMask(scene: OneColorScene, widthPx: number): Raster {
  const [red, green, blue, alpha] = scene.shapes[0].fill.color;
  const { substrate } = surfaceOf(scene);
  const palette = Array.from({ length: full + 1 }, (_, coverage) =>
    clearAs(substrate, composite([red, green, blue, (alpha * coverage) / full], scene.background)),
  );
  return { kind: "coverage", widthPx, ...paintCoverage(scene.shapes, placeOnPixels(scene, widthPx)), palette };
}

const isSameRow: IsSameRow = (rows, at, row) => bufferOf(rows).compare(row, 0, row.length, at, at + row.length) === 0;

/** The bytes of a PNG; `dpi` is the resolution to write into it, or null. */
export function pngOf(raster: Raster, dpi: number | null): Buffer {
  const { widthPx } = raster;
  if (raster.kind === "squares") return bufferOf(indexedPng(raster, dpi, zlibDeflate));
  const png = (colorType: PngRows["colorType"], palette: Rgba[], rows: RowReader, pixelBytes: number) => {
    const packed = packRows(rows, { rowBytes: pixelBytes * widthPx, height: widthPx }, isSameRow);
    return bufferOf(encodePng({ widthPx, bitDepth: 8, colorType, palette, rows: packed }, dpi, zlibDeflate));
  };
  if (raster.kind === "coverage") {
    const { coverage, stride, palette } = raster;
    return png(colorTypes.palette, palette, rowsOf(coverage, stride, widthPx), 1);
  }
  if (raster.kind === "layers") return png(colorTypes.rgb, [], raster.rowAt, 3);
  const pixels = straightPixelsOf(raster.painting);
  clearPixelsAs(raster.substrate, pixels);
  return png(colorTypes.rgba, [], rowsOf(pixels, 4 * widthPx), 4);
}

/** The bytes of a JPEG of this resolution; the scene must have been painted by `paintPlainly` on an opaque ground. */
export function jpegOf(raster: Raster, dpi: number): Buffer {
  if (raster.kind !== "painting" || !raster.painting.isOpaque) throw new Error("A JPEG is made of an opaque painting");
  return encodeJpeg(raster.painting, dpi);
}

/** Brightness of an opaque colour as cameras' pictures have it, 0 to 255 (Rec. 601). */
function luma([red, green, blue]: Rgba): number {
  return Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
}

/** How many pixels along each side of a square are looked at to average it. */
const samplesAlong = 4;

/**
 * The view of a camera on an image that lies on an opaque substrate: shades of grey, each the average of a square of
 * `factor` pixels, of which at most 16 are looked at; pixels left over at the right and below are cut off.
 */
export function lookAt(raster: Raster, substrate: Rgba, factor: number): Pixels {
  const { widthPx } = raster;
  const shadesOfRow = shadesOf(raster, substrate);
  const width = Math.floor(widthPx / factor);
  const data = new Uint8Array(width * width);
  const step = Math.ceil(factor / samplesAlong);
  const offsets = Array.from({ length: Math.floor(factor / step) }, (_, i) => i * step + (step >> 1));
  const count = offsets.length ** 2;
  const sums = new Float64Array(width);
  for (let y = 0; y < width; y++) {
    sums.fill(0);
    for (const dy of offsets) {
      const shadeAt = shadesOfRow(y * factor + dy);
      for (let x = 0; x < width; x++) {
        for (const dx of offsets) sums[x] = (sums[x] as number) + shadeAt(x * factor + dx);
      }
    }
    for (let x = 0; x < width; x++) data[y * width + x] = (sums[x] as number) / count + 0.5;
  }
  return { width, height: width, data };
}

/** A function that gives one that tells the shades of a row. */
function shadesOf(raster: Raster, substrate: Rgba): (y: number) => (x: number) => number {
  const { widthPx } = raster;
  if (raster.kind === "layers") {
    return (y) => {
      const row = raster.rowAt(y);
      return (x) => weigh(row[3 * x] as number, row[3 * x + 1] as number, row[3 * x + 2] as number);
    };
  }
  if (raster.kind === "painting") {
    const pixels = multipliedPixelsOf(raster.painting);
    const under = luma(substrate);
    return (y) => (x) => shadeOf(pixels, 4 * (y * widthPx + x), under);
  }
  const shades = raster.palette.map((color) => luma(composite(color, substrate)));
  if (raster.kind === "squares") {
    const pixels = expandRows(raster.rows, widthPx, raster.bits, shades);
    return (y) => (x) => pixels[y * widthPx + x] as number;
  }
  const { coverage, stride } = raster;
  return (y) => (x) => shades[coverage[y * stride + x] as number] as number;
}

/** `luma`, in whole numbers. */
function weigh(red: number, green: number, blue: number): number {
  return (77 * red + 150 * green + 29 * blue) >> 8;
}

/** The shade of a pixel that begins at `i`, as cairo keeps it, over a shade that it lies on. */
function shadeOf(bgra: Uint8Array, i: number, under: number): number {
  const rest = full - (bgra[i + 3] as number);
  return weigh(bgra[i + 2] as number, bgra[i + 1] as number, bgra[i] as number) + (under * rest) / full;
}
