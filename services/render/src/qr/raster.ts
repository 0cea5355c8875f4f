// Flat squares on a grid of pixels, one bit a pixel: the rows that a PNG stores and that the scan check reads back.
// Modules are whole pixels, so that edges are crisp; what is left over lies evenly around.
import type { Squares } from "./scene.js";

/** The image and the place of its module grid in it, in pixels. */
export type Grid = { widthPx: number; modulePx: number; offsetPx: number };

/** Snaps `side` modules into `widthPx` pixels; `modulePx` is 0 when not even one pixel a module is there. */
export function snapGrid(side: number, widthPx: number): Grid {
  const modulePx = Math.floor(widthPx / side);
  return { widthPx, modulePx, offsetPx: Math.floor((widthPx - modulePx * side) / 2) };
}

/** PNG filter types (PNG, third edition, 9.2): bytes as they are, or as differences to the row above. */
export const filterNone = 0;
export const filterUp = 2;

/** Bytes of one row: its filter type, then eight pixels a byte. */
export function rowBytesOf(widthPx: number): number {
  return 1 + Math.ceil(widthPx / 8);
}

/** The filtered rows of a 1-bit PNG: bit 1 is ink; a row that repeats the one above is zeros under `filterUp`. */
export function paintRows({ left, top, modules }: Squares, { widthPx, modulePx, offsetPx }: Grid): Uint8Array {
  const rowBytes = rowBytesOf(widthPx);
  // Zeros under `filterNone` are ground, so the margins need no painting.
  const rows = new Uint8Array(rowBytes * widthPx);
  for (let y = 0; y < modules.side; y++) {
    const start = (offsetPx + (top + y) * modulePx) * rowBytes;
    for (let x = 0; x < modules.side; x++) {
      if (modules.cells[y * modules.side + x] === 0) continue;
      setBits(rows, (start + 1) * 8 + offsetPx + (left + x) * modulePx, modulePx);
    }
    for (let repeat = 1; repeat < modulePx; repeat++) rows[start + repeat * rowBytes] = filterUp;
  }
  return rows;
}

/** Sets `count` bits from bit `from` on; bit 0 is the most significant of byte 0. */
function setBits(bytes: Uint8Array, from: number, count: number): void {
  const end = from + count;
  for (let bit = from; bit < end; ) {
    const index = bit >> 3;
    const within = bit & 7;
    const taken = Math.min(8 - within, end - bit);
    bytes[index] = (bytes[index] as number) | (((0xff00 >> taken) & 0xff) >> within);
    bit += taken;
  }
}

/** What `paintRows` painted, as one byte a pixel: `ink` or `ground`. */
export function expandRows(rows: Uint8Array, widthPx: number, ink: number, ground: number): Uint8Array {
  const rowBytes = rowBytesOf(widthPx);
  const pixels = new Uint8Array(widthPx * widthPx).fill(ground);
  for (let y = 0; y < widthPx; y++) {
    const start = y * rowBytes;
    if (rows[start] === filterUp) {
      pixels.copyWithin(y * widthPx, (y - 1) * widthPx, y * widthPx);
      continue;
    }
    for (let x = 0; x < widthPx; x++) {
      if (((rows[start + 1 + (x >> 3)] as number) << (x & 7)) & 0x80) pixels[y * widthPx + x] = ink;
    }
  }
  return pixels;
}
