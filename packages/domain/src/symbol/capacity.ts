// How much fits into a QR symbol, and which version a text needs (ISO/IEC 18004:2015, 7.4 and table 7). Known without
// drawing anything, so that a payload that is too long is refused before it costs anything.

import { cut, readStretches, type Stretches } from "./segmentation.js";
import { eciBits, headerBits, type Segment, type SegmentMode, type VersionRange, versionRangeOf } from "./segments.js";
import { isAscii, type TextEncoding, utf8Eci } from "./text-encoding.js";

/** From least to most correction. */
export const errorCorrectionLevels = ["L", "M", "Q", "H"] as const;
/** Level of error correction; L, M, Q and H restore about 7, 15, 25 and 30 % of the codewords. */
export type ErrorCorrection = (typeof errorCorrectionLevels)[number];

/** Largest version of a QR symbol, 177 modules a side. */
export const versionMax = 40;

/** Data codewords of each version, 1 to 40, at each level: table 7 of the standard. */
const dataCodewords: Record<ErrorCorrection, readonly number[]> = {
  // biome-ignore format: a table reads by its rows of ten
  L: [
    19, 34, 55, 80, 108, 136, 156, 194, 232, 274,
    324, 370, 428, 461, 523, 589, 647, 721, 795, 861,
    932, 1006, 1094, 1174, 1276, 1370, 1468, 1531, 1631, 1735,
    1843, 1955, 2071, 2191, 2306, 2434, 2566, 2702, 2812, 2956,
  ],
  // biome-ignore format: a table reads by its rows of ten
  M: [
    16, 28, 44, 64, 86, 108, 124, 154, 182, 216,
    254, 290, 334, 365, 415, 453, 507, 563, 627, 669,
    714, 782, 860, 914, 1000, 1062, 1128, 1193, 1267, 1373,
    1455, 1541, 1631, 1725, 1812, 1914, 1992, 2102, 2216, 2334,
  ],
  // biome-ignore format: a table reads by its rows of ten
  Q: [
    13, 22, 34, 48, 62, 76, 88, 110, 132, 154,
    180, 206, 244, 261, 295, 325, 367, 397, 445, 485,
    512, 568, 614, 664, 718, 754, 808, 871, 911, 985,
    1033, 1115, 1171, 1231, 1286, 1354, 1426, 1502, 1582, 1666,
  ],
  // biome-ignore format: a table reads by its rows of ten
  H: [
    9, 16, 26, 36, 46, 60, 66, 86, 100, 122,
    140, 158, 180, 197, 223, 253, 283, 313, 341, 385,
    406, 442, 464, 514, 538, 596, 628, 661, 701, 745,
    793, 845, 901, 961, 986, 1054, 1096, 1142, 1222, 1276,
  ],
};

/** Data codewords of a version, 1 to 40, at a level. */
export function dataCodewordsOf(version: number, level: ErrorCorrection): number {
  return dataCodewords[level][version - 1] as number;
}

function bitsFor(version: number, level: ErrorCorrection): number {
  return dataCodewordsOf(version, level) * 8;
}

/**
 * The most that a symbol of a version holds in one mode: digits, characters, bytes or kanji; e.g. 2,953 bytes in 40-L.
 */
export function capacityOf(mode: SegmentMode, level: ErrorCorrection, version: number = versionMax): number {
  const bits = bitsFor(version, level) - headerBits(mode, versionRangeOf(version));
  if (mode === "numeric") return Math.floor(bits / 10) * 3 + (bits % 10 >= 7 ? 2 : bits % 10 >= 4 ? 1 : 0);
  if (mode === "alphanumeric") return Math.floor(bits / 11) * 2 + (bits % 11 >= 6 ? 1 : 0);
  return Math.floor(bits / (mode === "byte" ? 8 : 13));
}

/** The smallest symbol that holds a text: version 1 to 40, the level reached, the segments. */
export type SymbolFit = { version: number; errorCorrection: ErrorCorrection; segments: Segment[] };

/** The last version of each range. */
const rangeEnds = [9, 26, versionMax] as const;

/** Conditions on the symbol that a text is fitted into. */
export type FitOptions = {
  /** The least version, 1 unless told. */
  versionMin?: number;
  /** `auto` unless told; `latin-1` must hold all of the text. */
  encoding?: TextEncoding;
};

/**
 * The smallest version, from `versionMin` on, that holds the text at `least`, the segments that make it so small, and
 * the highest level that this version holds them at: more correction is free while the symbol does not grow. Null when
 * even version 40 is too small. The text must be well-formed Unicode and not empty.
 *
 * In `auto`, text beyond ASCII is UTF-8 that is announced, or kanji mode throughout where that makes the symbol smaller
 * or stronger; text that fits only without the designator of its encoding goes without.
 */
export function fitSymbol(text: string, least: ErrorCorrection, options: FitOptions = {}): SymbolFit | null {
  const { versionMin = 1, encoding = "auto" } = options;
  if (encoding === "latin-1") return fitLatin1(text, least, versionMin);
  if (encoding === "utf-8-eci") return fitAnnounced(text, least, versionMin);
  const recognised = fitRecognised(text, least, versionMin);
  if (encoding === "utf-8" || !recognised || isAscii(text)) return recognised;
  if (kanjiScripts.test(text) && !recognised.segments.some(needsEncoding)) return recognised;
  return fitAnnounced(text, least, versionMin) ?? recognised;
}

/** Kanji mode holds Greek and Cyrillic, too, but is tried by readers with what it is named after. */
const kanjiScripts = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;

/** Whether readers have to know how the bytes of a segment are meant. */
function needsEncoding({ mode, text, eci }: Segment): boolean {
  return mode === "byte" && eci === undefined && !isAscii(text);
}

/**
 * UTF-8 that readers take for it. Kanji mode is used only where it makes the symbol smaller or stronger, because fewer
 * readers are tried on it.
 */
function fitRecognised(text: string, least: ErrorCorrection, versionMin: number): SymbolFit | null {
  const dense = fitStretches(readStretches(text, true), least, versionMin);
  // Readers drop a byte order mark, and then take what follows for UTF-8 throughout.
  const isMarked = text.startsWith("\ufeff");
  if (!isMarked && !dense?.segments.some(({ mode }) => mode === "kanji")) return dense;
  const plain = fitStretches(readStretches(text, false), least, versionMin);
  return isMarked || (dense && plain && rank(plain) >= rank(dense)) ? plain : dense;
}

/** UTF-8 with a designator before the first segment; kanji mode behind one is misread. */
function fitAnnounced(text: string, least: ErrorCorrection, versionMin: number): SymbolFit | null {
  const fit = fitStretches(readStretches(text, false), least, versionMin, eciBits);
  return (
    fit && { ...fit, segments: fit.segments.map((segment, i) => (i === 0 ? { ...segment, eci: utf8Eci } : segment)) }
  );
}

function fitLatin1(text: string, least: ErrorCorrection, versionMin: number): SymbolFit | null {
  const fit = fitStretches(readStretches(text, false, true), least, versionMin);
  const marked = (segment: Segment): Segment => (segment.mode === "byte" ? { ...segment, isLatin1: true } : segment);
  return fit && { ...fit, segments: fit.segments.map(marked) };
}

/** Smaller symbols first, of equal ones the stronger: the higher, the better. */
function rank({ version, errorCorrection }: SymbolFit): number {
  return (versionMax - version) * errorCorrectionLevels.length + errorCorrectionLevels.indexOf(errorCorrection);
}

function fitStretches(
  stretches: Stretches,
  least: ErrorCorrection,
  versionMin: number,
  bitsBefore = 0,
): SymbolFit | null {
  let bits = stretches.bitsMin + bitsBefore;
  let version = versionMin;
  for (const [range, end] of rangeEnds.entries()) {
    if (end < version) continue;
    // Bits only grow from range to range, so those of one before say which versions need no look.
    if (bits <= bitsFor(end, least)) {
      const best = cut(stretches, range as VersionRange);
      bits = best.bits + bitsBefore;
      while (version <= end && bits > bitsFor(version, least)) version++;
      if (version <= end) {
        const errorCorrection = errorCorrectionLevels.findLast((level) => bits <= bitsFor(version, level)) ?? least;
        return { version, errorCorrection, segments: best.segments };
      }
    }
    version = end + 1;
  }
  return null;
}

/** Modules along a side of a symbol without its quiet zone: 21 for version 1 to 177 for version 40. */
export function modulesOf(version: number): number {
  return 17 + 4 * version;
}
