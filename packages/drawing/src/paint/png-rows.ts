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

/** Packs rows of `rowBytes` each; one that repeats the one above becomes zeros, which cost next to nothing. */
export function packRows(rowAt: RowReader, { rowBytes, height }: { rowBytes: number; height: number }): Uint8Array {
  const rows = takeMemory((1 + rowBytes) * height);
  const isShown = makeComparison(rowBytes);
  for (let y = 0, to = 1; y < height; y++, to += 1 + rowBytes) {
    const row = rowAt(y);
    const repeats = isShown(row);
    rows[to - 1] = repeats ? filterUp : filterNone;
    if (repeats) rows.fill(0, to, to + rowBytes);
    else rows.set(row, to);
  }
  return rows;
}

/** A function that says whether a row is the one that it was given before, by words of four bytes where it can. */
function makeComparison(rowBytes: number): (row: Uint8Array) => boolean {
  const last = new Uint8Array(rowBytes);
  const wordCount = rowBytes >> 2;
  const lastWords = new Int32Array(last.buffer, 0, wordCount);
  let isFirst = true;
  const isEqual = (row: Uint8Array) => {
    let at = 0;
    if ((row.byteOffset & 3) === 0) {
      const words = new Int32Array(row.buffer, row.byteOffset, wordCount);
      for (let i = 0; i < wordCount; i++) if (words[i] !== lastWords[i]) return false;
      at = wordCount << 2;
    }
    for (; at < rowBytes; at++) if (row[at] !== last[at]) return false;
    return true;
  };
  return (row) => {
    if (!isFirst && isEqual(row)) return true;
    isFirst = false;
    last.set(row);
    return false;
  };
}

/** Reads rows out of bytes that lie `stride` bytes apart. */
export function rowsOf(pixels: Uint8Array | Uint8ClampedArray, stride: number, rowBytes = stride): RowReader {
  const bytes = new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  return (y) => bytes.subarray(y * stride, y * stride + rowBytes);
}
