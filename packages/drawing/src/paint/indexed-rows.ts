// Flat squares on a grid of pixels, one or two bits a pixel: the rows that a PNG stores and that the scan check reads
// back.
import type { Grid } from "../scene/pixel-grid.js";
import type { Squares } from "../scene/shapes.js";
import { filterUp } from "./png-file.js";

/** Bytes of one row: its filter type, then eight or four pixels a byte. */
function rowBytesOf(widthPx: number, bits: 1 | 2): number {
  return 1 + Math.ceil((widthPx * bits) / 8);
}

/** Bytes in which every pixel has the same index, by bits and index. */
const filledBytes = { 1: [0, 0xff], 2: [0, 0x55, 0xaa, 0xff] } as const;

/**
 * The filtered rows of a palette PNG: 0 is ground, i + 1 the squares at index i, of which there are as many as the bits
 * can tell apart. A row that repeats the one above is zeros under `filterUp`.
 */
export function paintRows(
  shapes: readonly Squares[],
  { widthPx, modulePx, offsetPx }: Grid,
  bits: 1 | 2 = 1,
): Uint8Array {
  const rowBytes = rowBytesOf(widthPx, bits);
  // Zeros under `filterNone` are ground, so the margins need no painting.
  const rows = new Uint8Array(rowBytes * widthPx);
  for (const [i, { left, top, modules }] of shapes.entries()) {
    const filled = filledBytes[bits][i + 1] as number;
    for (let y = 0; y < modules.side; y++) {
      const start = (offsetPx + (top + y) * modulePx) * rowBytes;
      for (let x = 0; x < modules.side; x++) {
        if (modules.cells[y * modules.side + x] === 0) continue;
        setBits(rows, (start + 1) * 8 + (offsetPx + (left + x) * modulePx) * bits, modulePx * bits, filled);
      }
      for (let repeat = 1; repeat < modulePx; repeat++) rows[start + repeat * rowBytes] = filterUp;
    }
  }
  return rows;
}

/** Sets `count` bits from bit `from` on to those of `filled`; bit 0 is the most significant of byte 0. */
function setBits(bytes: Uint8Array, from: number, count: number, filled: number): void {
  const end = from + count;
  for (let bit = from; bit < end; ) {
    const index = bit >> 3;
    const within = bit & 7;
    const taken = Math.min(8 - within, end - bit);
    bytes[index] = (bytes[index] as number) | ((((0xff00 >> taken) & 0xff) >> within) & filled);
    bit += taken;
  }
}

/** Expands the rows of `paintRows` to one byte a pixel: the one that stands at its index in `shades`. */
export function expandRows(rows: Uint8Array, widthPx: number, bits: 1 | 2, shades: readonly number[]): Uint8Array {
  const rowBytes = rowBytesOf(widthPx, bits);
  const pixels = new Uint8Array(widthPx * widthPx);
  for (let y = 0; y < widthPx; y++) {
    const start = y * rowBytes;
    if (rows[start] === filterUp) {
      pixels.copyWithin(y * widthPx, (y - 1) * widthPx, y * widthPx);
      continue;
    }
    for (let x = 0; x < widthPx; x++) {
      const bit = x * bits;
      const byte = rows[start + 1 + (bit >> 3)] as number;
      const index = (byte >> (8 - bits - (bit & 7))) & (bits === 1 ? 1 : 3);
      pixels[y * widthPx + x] = shades[index] as number;
    }
  }
  return pixels;
}
