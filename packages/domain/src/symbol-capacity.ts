// How much fits into a QR symbol, and which version a text needs (ISO/IEC 18004:2015, 7.4 and table 7). Known without
// drawing anything, so that a payload that is too long is refused before it costs anything.

/** From least to most correction. */
export const errorCorrectionLevels = ["L", "M", "Q", "H"] as const;
export type ErrorCorrection = (typeof errorCorrectionLevels)[number];

export type SegmentMode = "numeric" | "alphanumeric" | "byte";

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

const modeIndicatorBits = 4;

/** Width of the character count in versions 1 to 9, 10 to 26 and 27 to 40: table 3 of the standard. */
const countBits: Record<SegmentMode, readonly [number, number, number]> = {
  numeric: [10, 12, 14],
  alphanumeric: [9, 11, 13],
  byte: [8, 16, 16],
};

function bitsFor(version: number, level: ErrorCorrection): number {
  return (dataCodewords[level][version - 1] as number) * 8;
}

function headerBits(mode: SegmentMode, version: number): number {
  const [small, medium, large] = countBits[mode];
  return modeIndicatorBits + (version <= 9 ? small : version <= 26 ? medium : large);
}

function payloadBits(mode: SegmentMode, length: number): number {
  if (mode === "numeric") return Math.floor(length / 3) * 10 + ([0, 4, 7][length % 3] as number);
  if (mode === "alphanumeric") return Math.floor(length / 2) * 11 + (length % 2) * 6;
  return length * 8;
}

/** The densest mode that can hold the whole text: numeric, alphanumeric (table 5 of the standard) or byte. */
export function segmentModeOf(text: string): SegmentMode {
  if (/^[0-9]+$/.test(text)) return "numeric";
  return /^[0-9A-Z $%*+\-./:]+$/.test(text) ? "alphanumeric" : "byte";
}

/** Digits, characters or bytes of UTF-8, whichever the mode counts. */
export function segmentLength(text: string, mode: SegmentMode): number {
  return mode === "byte" ? Buffer.byteLength(text) : text.length;
}

/** The most that a symbol of a version holds in one mode: digits, characters or bytes; e.g. 2,953 bytes in 40-L. */
export function capacityOf(mode: SegmentMode, level: ErrorCorrection, version: number = versionMax): number {
  const bits = bitsFor(version, level) - headerBits(mode, version);
  if (mode === "numeric") return Math.floor(bits / 10) * 3 + (bits % 10 >= 7 ? 2 : bits % 10 >= 4 ? 1 : 0);
  if (mode === "alphanumeric") return Math.floor(bits / 11) * 2 + (bits % 11 >= 6 ? 1 : 0);
  return Math.floor(bits / 8);
}

export type SymbolFit = { version: number; errorCorrection: ErrorCorrection; mode: SegmentMode };

/**
 * The smallest version that holds the text at `least`, and the highest level that this version holds it at: more
 * correction is free while the symbol does not grow. Null when even version 40 is too small.
 */
export function fitSymbol(text: string, least: ErrorCorrection): SymbolFit | null {
  const mode = segmentModeOf(text);
  const needed = payloadBits(mode, segmentLength(text, mode));
  const fits = (version: number, level: ErrorCorrection) =>
    headerBits(mode, version) + needed <= bitsFor(version, level);
  for (let version = 1; version <= versionMax; version++) {
    if (!fits(version, least)) continue;
    const errorCorrection = errorCorrectionLevels.findLast((level) => fits(version, level)) as ErrorCorrection;
    return { version, errorCorrection, mode };
  }
  return null;
}

/** Modules along a side of a symbol without its quiet zone: 21 for version 1 to 177 for version 40. */
export function modulesOf(version: number): number {
  return 17 + 4 * version;
}
