// Paints a scene of flat squares as a palette PNG of one bit a pixel (PNG, third edition), row by row: a module's first
// row is written out, the others say "as above". Nothing in it depends on time, so equal scenes are equal bytes.
import { constants, crc32, deflateSync } from "node:zlib";
import { composite, type Rgba } from "@qrfactory/domain/color";
import { paintRows, snapGrid } from "./raster.js";
import type { Scene, Squares } from "./scene.js";

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

const bitDepth = 1;
const colorTypePalette = 3;

const metresPerInch = 0.0254;
/** pHYs unit: pixels a metre. */
const unitMetre = 1;

export type PngOptions = {
  /** Exact side of the image; at least one pixel a module, see `snapGrid`. */
  widthPx: number;
  /** Resolution to write into the file, or null for none. */
  dpi: number | null;
};

/** The bytes of the PNG. */
export function paintPng(scene: Scene, { widthPx, dpi }: PngOptions): Buffer {
  const [squares] = scene.shapes as [Squares];
  const palette = [scene.background, composite(squares.color, scene.background)];
  const rows = paintRows(squares, snapGrid(scene.side, widthPx));
  return Buffer.concat([
    signature,
    chunk("IHDR", header(widthPx)),
    ...(dpi === null ? [] : [chunk("pHYs", resolution(dpi))]),
    chunk("PLTE", Uint8Array.from(palette.flatMap((color) => color.slice(0, 3)))),
    ...transparency(palette),
    // Run lengths are all there is to find in repeated rows; looking for more takes four times as long for 30 % less.
    chunk("IDAT", deflateSync(rows, { level: 1, strategy: constants.Z_RLE, memLevel: 9 })),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

function header(widthPx: number): Buffer {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(widthPx, 0);
  data.writeUInt32BE(widthPx, 4);
  data[8] = bitDepth;
  data[9] = colorTypePalette;
  return data;
}

function resolution(dpi: number): Buffer {
  const data = Buffer.alloc(9);
  const perMetre = Math.round(dpi / metresPerInch);
  data.writeUInt32BE(perMetre, 0);
  data.writeUInt32BE(perMetre, 4);
  data[8] = unitMetre;
  return data;
}

/** The alpha of each palette entry, left out where all are opaque. */
function transparency(palette: Rgba[]): Buffer[] {
  const alphas = palette.map((color) => color[3]);
  return alphas.every((alpha) => alpha === 255) ? [] : [chunk("tRNS", Uint8Array.from(alphas))];
}

function chunk(type: string, data: Uint8Array): Buffer {
  const out = Buffer.alloc(12 + data.length);
  out.writeUInt32BE(data.length, 0);
  out.write(type, 4, "latin1");
  out.set(data, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length);
  return out;
}
