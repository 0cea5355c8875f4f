// From segments to the codewords of a symbol in the order in which they are placed: data, padding, error correction,
// interleaved (ISO/IEC 18004:2015, 7.4 to 7.6).

import { dataCodewordsOf, type ErrorCorrection } from "@qrfactory/domain/symbol/capacity";
import { kanjiValues } from "@qrfactory/domain/symbol/kanji";
import {
  eciBits,
  headerBits,
  type Segment,
  type SegmentMode,
  segmentLength,
  versionRangeOf,
} from "@qrfactory/domain/symbol/segments";
import { codewordAt, makeDivider } from "./reed-solomon.js";

/** Blocks of each version, 1 to 40, at each level: table 9 of the standard. */
const blockCounts: Record<ErrorCorrection, readonly number[]> = {
  // biome-ignore format: a table reads by its rows of ten
  L: [
    1, 1, 1, 1, 1, 2, 2, 2, 2, 4,
    4, 4, 4, 4, 6, 6, 6, 6, 7, 8,
    8, 9, 9, 10, 12, 12, 12, 13, 14, 15,
    16, 17, 18, 19, 19, 20, 21, 22, 24, 25,
  ],
  // biome-ignore format: a table reads by its rows of ten
  M: [
    1, 1, 1, 2, 2, 4, 4, 4, 5, 5,
    5, 8, 9, 9, 10, 10, 11, 13, 14, 16,
    17, 17, 18, 20, 21, 23, 25, 26, 28, 29,
    31, 33, 35, 37, 38, 40, 43, 45, 47, 49,
  ],
  // biome-ignore format: a table reads by its rows of ten
  Q: [
    1, 1, 2, 2, 4, 4, 6, 6, 8, 8,
    8, 10, 12, 16, 12, 17, 16, 18, 21, 20,
    23, 23, 25, 27, 29, 34, 34, 35, 38, 40,
    43, 45, 48, 51, 53, 56, 59, 62, 65, 68,
  ],
  // biome-ignore format: a table reads by its rows of ten
  H: [
    1, 1, 2, 4, 4, 4, 5, 6, 8, 8,
    11, 11, 16, 16, 18, 16, 19, 21, 25, 25,
    25, 34, 30, 32, 35, 37, 40, 42, 45, 48,
    51, 54, 57, 60, 63, 66, 70, 74, 77, 81,
  ],
};

/** Mode indicators: table 2 of the standard. */
const modeIndicators: Record<SegmentMode, number> = { numeric: 1, alphanumeric: 2, byte: 4, kanji: 8 };
const modeIndicatorBits = 4;
const terminatorBits = 4;
const eciIndicator = 7;

/** Pad codewords that fill the data capacity, in turns (7.4.10). */
const padCodewords = [0xec, 0x11] as const;

const alphanumericValues = Uint8Array.from({ length: 0x80 }, (_, code) =>
  Math.max(0, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".indexOf(String.fromCharCode(code))),
);

const utf8 = new TextEncoder();

/** Appends bits to bytes that are zero. */
class BitWriter {
  readonly bytes: Uint8Array;
  length = 0;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
  }

  /** Appends the `count` lowest bits, at most 16, of a value that has no others. */
  put(value: number, count: number): void {
    const at = this.length >> 3;
    const bits = value << (24 - (this.length & 7) - count);
    const { bytes } = this;
    (bytes[at] as number) |= bits >>> 16;
    if (at + 1 < bytes.length) bytes[at + 1] = bits >>> 8;
    if (at + 2 < bytes.length) bytes[at + 2] = bits;
    this.length += count;
  }
}

/** The data codewords of a symbol, filled up to its capacity. */
function dataOf(segments: Segment[], version: number, size: number): Uint8Array {
  const range = versionRangeOf(version);
  const writer = new BitWriter(size);
  for (const segment of segments) {
    const { mode, text, isLatin1, eci } = segment;
    if (eci !== undefined) writer.put((eciIndicator << 8) | eci, eciBits);
    writer.put(modeIndicators[mode], modeIndicatorBits);
    writer.put(segmentLength(segment), headerBits(mode, range) - modeIndicatorBits);
    if (isLatin1) writeLatin1(writer, text);
    else write[mode](writer, text);
  }
  if (writer.length > size * 8) {
    throw new RangeError(
      `Version ${version} holds ${size * 8} bits at this level; the segments take ${writer.length}.`,
    );
  }
  const padStart = (Math.min(size * 8, writer.length + terminatorBits) + 7) >> 3;
  for (let i = padStart; i < size; i++) writer.bytes[i] = padCodewords[(i - padStart) & 1] as number;
  return writer.bytes;
}

function writeLatin1(writer: BitWriter, text: string): void {
  for (let i = 0; i < text.length; i++) writer.put(text.charCodeAt(i) & 0xff, 8);
}

/** How each mode packs its characters (7.4.3 to 7.4.6). */
const write: Record<SegmentMode, (writer: BitWriter, text: string) => void> = {
  numeric(writer, text) {
    for (let i = 0; i < text.length; i += 3) {
      const digits = text.slice(i, i + 3);
      writer.put(Number(digits), 3 * digits.length + 1);
    }
  },
  alphanumeric(writer, text) {
    const value = (i: number) => alphanumericValues[text.charCodeAt(i)] as number;
    const even = text.length & ~1;
    for (let i = 0; i < even; i += 2) writer.put(value(i) * 45 + value(i + 1), 11);
    if (even < text.length) writer.put(value(even), 6);
  },
  byte(writer, text) {
    for (const byte of utf8.encode(text)) writer.put(byte, 8);
  },
  kanji(writer, text) {
    for (let i = 0; i < text.length; i++) writer.put(kanjiValues[text.charCodeAt(i)] as number, 13);
  },
};

/** Division of a symbol's codewords into blocks (table 9). */
export type BlockLayout = {
  blocks: number;
  /** Codewords of error correction in each block. */
  degree: number;
  /** The block that a codeword, numbered in the order of placement, belongs to. */
  blockOf: (codeword: number) => number;
};

/** How the `total` codewords of a symbol are shared out among its blocks. */
export function blockLayoutOf(version: number, level: ErrorCorrection, total: number): BlockLayout {
  const size = dataCodewordsOf(version, level);
  const blocks = blockCounts[level][version - 1] as number;
  const evenly = size - (size % blocks);
  const shortBlocks = blocks - (size % blocks);
  return {
    blocks,
    degree: (total - size) / blocks,
    blockOf: (codeword) => {
      if (codeword < evenly) return codeword % blocks;
      return codeword < size ? codeword - evenly + shortBlocks : (codeword - size) % blocks;
    },
  };
}

/**
 * All `total` codewords of a symbol in the order of placement. Blocks differ by at most one data codeword, shorter ones
 * first; codewords are taken from all blocks in turns, first of data, then of correction (7.6). Throws a RangeError
 * that names the limit when the segments do not fit.
 */
export function codewordsOf(segments: Segment[], version: number, level: ErrorCorrection, total: number): Uint8Array {
  const size = dataCodewordsOf(version, level);
  const data = dataOf(segments, version, size);
  const blocks = blockCounts[level][version - 1] as number;
  const degree = (total - size) / blocks;
  const shortSize = Math.floor(size / blocks);
  const shortBlocks = blocks - (size % blocks);
  const divide = makeDivider(degree);
  const codewords = new Uint8Array(total);
  let start = 0;
  for (let block = 0; block < blocks; block++) {
    const end = start + shortSize + (block < shortBlocks ? 0 : 1);
    for (let i = 0; i < shortSize; i++) codewords[i * blocks + block] = data[start + i] as number;
    if (block >= shortBlocks) codewords[shortSize * blocks + block - shortBlocks] = data[end - 1] as number;
    const remainder = divide(data, start, end);
    for (let i = 0; i < degree; i++) codewords[size + i * blocks + block] = codewordAt(remainder, i);
    start = end;
  }
  return codewords;
}
