// Rows as a PNG stores them (PNG, third edition, 9): each behind its filter type. Those of large images are written to
// one piece of memory again and again, so they are valid only until the next ones are packed.
import { filterNone, filterUp } from "./png-file.js";

/** Gives the bytes of row `y`, top down; they are valid until the next call. */
export type RowReader = (y: number) => Uint8Array;

/** How much memory is kept for the next image: the rows of 2000 pixels in red, green and blue fit. */
const keptBytes = 12_100_000;

let kept: Uint8Array | null = null;

/** Memory for rows, whatever was in it: to get fresh memory of this size takes longer than to fill it. */
function takeMemory(bytes: number): Uint8Array {
  if (bytes > keptBytes) return new Uint8Array(bytes);
  kept ??= new Uint8Array(keptBytes);
  return kept.subarray(0, bytes);
}

/** Whether a row is what lies in packed rows from `at` on. */
export type IsSameRow = (rows: Uint8Array, at: number, row: Uint8Array) => boolean;

const isSameByBytes: IsSameRow = (rows, at, row) => {
  for (let i = 0; i < row.length; i++) if (row[i] !== rows[at + i]) return false;
  return true;
};

/**
 * Packs rows of `rowBytes` each; one that repeats the one above becomes zeros, which cost next to nothing. Comparing
 * byte by byte takes some 5 ms for the indices of 2000 × 2000 pixels; the function of Node.js takes a tenth.
 */
export function packRows(
  rowAt: RowReader,
  { rowBytes, height }: { rowBytes: number; height: number },
  isSame: IsSameRow = isSameByBytes,
): Uint8Array {
  const rows = takeMemory((1 + rowBytes) * height);
  // Where the last row begins that was written in full.
  let shown = -1;
  for (let y = 0, to = 1; y < height; y++, to += 1 + rowBytes) {
    const row = rowAt(y);
    const repeats = shown >= 0 && isSame(rows, shown, row);
    rows[to - 1] = repeats ? filterUp : filterNone;
    if (repeats) {
      rows.fill(0, to, to + rowBytes);
    } else {
      rows.set(row, to);
      shown = to;
    }
  }
  return rows;
}

/** Reads rows out of bytes that lie `stride` bytes apart. */
export function rowsOf(pixels: Uint8Array | Uint8ClampedArray, stride: number, rowBytes = stride): RowReader {
  const bytes = new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  return (y) => bytes.subarray(y * stride, y * stride + rowBytes);
}
