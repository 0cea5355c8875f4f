// The PNG container (PNG, third edition): a header, an optional resolution, a palette where there is one, and the
// compressed rows. Nothing in it depends on time, so equal rows are equal files.
import { constants, crc32, deflateSync } from "node:zlib";
import type { Rgba } from "@qrfactory/domain/design/color";

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** Colour types (11.2.1): what a pixel in the rows is. */
export const colorTypes = { rgb: 2, palette: 3, rgba: 6 } as const;

/** Filter types (9.2): bytes of a row as they are, or as differences to the row above. */
export const filterNone = 0;
export const filterUp = 2;

const metresPerInch = 0.0254;
/** pHYs unit: pixels a metre. */
const unitMetre = 1;

export type PngRows = {
  widthPx: number;
  /** As high as wide unless given. */
  heightPx?: number;
  bitDepth: 1 | 2 | 8;
  colorType: (typeof colorTypes)[keyof typeof colorTypes];
  /** Of `colorTypes.palette`, else empty. */
  palette: readonly Rgba[];
  /** Each row behind its filter type. */
  rows: Uint8Array;
};

/**
 * How rows are compressed. Indices repeat in runs: looking for more takes four times as long for 30 % less at one bit a
 * pixel, and finds less at eight. Pixels of three bytes have no runs, and matches take a fifth of the room.
 */
const compression = {
  runs: { level: 1, strategy: constants.Z_RLE, memLevel: 9 },
  matches: { level: 2, memLevel: 9 },
} as const;

/** The bytes of a PNG; `dpi` is the resolution to write into it, or null for none. */
export function encodePng(png: PngRows, dpi: number | null): Buffer {
  const { colorType, palette, rows } = png;
  return Buffer.concat([
    signature,
    chunk("IHDR", header(png)),
    ...(dpi === null ? [] : [chunk("pHYs", resolution(dpi))]),
    ...(palette.length === 0 ? [] : [chunk("PLTE", Uint8Array.from(palette.flatMap((color) => color.slice(0, 3))))]),
    ...transparency(palette),
    chunk("IDAT", deflateSync(rows, colorType === colorTypes.palette ? compression.runs : compression.matches)),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

function header({ widthPx, heightPx = widthPx, bitDepth, colorType }: PngRows): Buffer {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(widthPx, 0);
  data.writeUInt32BE(heightPx, 4);
  data[8] = bitDepth;
  data[9] = colorType;
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
function transparency(palette: readonly Rgba[]): Buffer[] {
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
