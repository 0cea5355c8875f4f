// The PNG container (PNG, third edition): a header, an optional resolution, a palette where there is one, and the
// compressed rows. Nothing in it depends on time, so equal rows are equal files.
import type { Rgba } from "@qrfactory/domain/design/color";
import { bytesOfText, concatBytes } from "./bytes.js";
import type { Deflate } from "./deflate.js";

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** Colour types (11.2.1): what a pixel in the rows is. */
export const colorTypes = { rgb: 2, palette: 3, rgba: 6 } as const;

/** Filter types (9.2): bytes of a row as they are, or as differences to the row above. */
export const filterNone = 0;
/** Filter type of a row that holds the differences to the row above (PNG, 9.2). */
export const filterUp = 2;

const metresPerInch = 0.0254;
/** pHYs unit: pixels a metre. */
const unitMetre = 1;

/** Rows of an image, ready to be compressed. */
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

/** The bytes of a PNG; `dpi` is the resolution to write into it, or null for none. */
export function encodePng(png: PngRows, dpi: number | null, deflate: Deflate): Uint8Array {
  const { colorType, palette, rows } = png;
  const chunk = (type: string, data: Uint8Array) => chunkOf(type, data, deflate.crc32 ?? crc32);
  const alphas = alphasOf(palette);
  return concatBytes([
    signature,
    chunk("IHDR", header(png)),
    ...(dpi === null ? [] : [chunk("pHYs", resolution(dpi))]),
    ...(palette.length === 0 ? [] : [chunk("PLTE", Uint8Array.from(palette.flatMap((color) => color.slice(0, 3))))]),
    ...(alphas.length === 0 ? [] : [chunk("tRNS", alphas)]),
    chunk("IDAT", deflate(rows, colorType === colorTypes.palette ? "indices" : "pixels")),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

function header({ widthPx, heightPx = widthPx, bitDepth, colorType }: PngRows): Uint8Array {
  const data = new Uint8Array(13);
  const view = new DataView(data.buffer);
  view.setUint32(0, widthPx);
  view.setUint32(4, heightPx);
  data[8] = bitDepth;
  data[9] = colorType;
  return data;
}

function resolution(dpi: number): Uint8Array {
  const data = new Uint8Array(9);
  const view = new DataView(data.buffer);
  const perMetre = Math.round(dpi / metresPerInch);
  view.setUint32(0, perMetre);
  view.setUint32(4, perMetre);
  data[8] = unitMetre;
  return data;
}

/** The alpha of each palette entry; empty where all are opaque. */
function alphasOf(palette: readonly Rgba[]): Uint8Array {
  const alphas = palette.map((color) => color[3]);
  return Uint8Array.from(alphas.every((alpha) => alpha === 255) ? [] : alphas);
}

function chunkOf(type: string, data: Uint8Array, checksum: (bytes: Uint8Array) => number): Uint8Array {
  const out = new Uint8Array(12 + data.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, data.length);
  out.set(bytesOfText(type), 4);
  out.set(data, 8);
  view.setUint32(8 + data.length, checksum(out.subarray(4, 8 + data.length)));
  return out;
}

/** x³² + x²⁶ + x²³ + …, its bits turned around (annex D). */
const crcPolynomial = 0xedb88320;

/** Row n holds what a byte adds to the checksum from n bytes further on, so that four are taken at once. */
const crcTable = makeCrcTable();

function makeCrcTable(): Int32Array {
  const table = new Int32Array(4 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ crcPolynomial : crc >>> 1;
    table[byte] = crc;
  }
  for (let i = 256; i < table.length; i++) {
    const before = table[i - 256] as number;
    table[i] = (before >>> 8) ^ (table[before & 0xff] as number);
  }
  return table;
}

/** The checksum of a chunk (5.5). */
function crc32(bytes: Uint8Array): number {
  let crc = -1;
  const inFours = bytes.length & ~3;
  for (let i = 0; i < inFours; i += 4) {
    crc ^=
      (bytes[i] as number) |
      ((bytes[i + 1] as number) << 8) |
      ((bytes[i + 2] as number) << 16) |
      ((bytes[i + 3] as number) << 24);
    crc =
      (crcTable[768 + (crc & 0xff)] as number) ^
      (crcTable[512 + ((crc >>> 8) & 0xff)] as number) ^
      (crcTable[256 + ((crc >>> 16) & 0xff)] as number) ^
      (crcTable[crc >>> 24] as number);
  }
  for (let i = inFours; i < bytes.length; i++) {
    crc = (crcTable[(crc ^ (bytes[i] as number)) & 0xff] as number) ^ (crc >>> 8);
  }
  return (crc ^ -1) >>> 0;
}
