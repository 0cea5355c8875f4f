// The segments of a QR symbol and what each of them costs (ISO/IEC 18004:2015, 7.4). Which ones a text is cut into is
// decided in domain/symbol/segmentation.

/** In the order in which they are preferred where they cost the same. */
export const segmentModes = ["byte", "alphanumeric", "numeric", "kanji"] as const;
/** Mode of a segment (7.3). */
export type SegmentMode = (typeof segmentModes)[number];

/** A stretch of the text in one mode; bytes are those of UTF-8 unless told. */
export type Segment = {
  mode: SegmentMode;
  text: string;
  /** Bytes of ISO 8859-1, which holds all of the text. */
  isLatin1?: true;
  /**
   * Assignment number of an extended channel interpretation (7.4.2), below 128, that is announced before the segment.
   */
  eci?: number;
};

/** Noun for the unit that each mode counts. */
export const segmentUnits: Record<SegmentMode, string> = {
  numeric: "digits",
  alphanumeric: "characters",
  byte: "bytes",
  kanji: "kanji",
};

const modeIndicatorBits = 4;

/** Bits of the mode indicator of a designator, and of its number below 128 (table 4 of the standard). */
export const eciBits = modeIndicatorBits + 8;

/** Width of the character count in versions 1 to 9, 10 to 26 and 27 to 40: table 3 of the standard. */
const countBits: Record<SegmentMode, readonly [number, number, number]> = {
  numeric: [10, 12, 14],
  alphanumeric: [9, 11, 13],
  byte: [8, 16, 16],
  kanji: [8, 10, 12],
};

/** 0 for versions 1 to 9, 1 for 10 to 26, 2 for 27 to 40: within a range a segment costs the same. */
export type VersionRange = 0 | 1 | 2;

/** The range that a version lies in. */
export function versionRangeOf(version: number): VersionRange {
  return version <= 9 ? 0 : version <= 26 ? 1 : 2;
}

/** Bits of a segment's mode indicator and character count. */
export function headerBits(mode: SegmentMode, range: VersionRange): number {
  return modeIndicatorBits + countBits[mode][range];
}

/** Bits for so many digits, characters, bytes or kanji. */
function payloadBits(mode: SegmentMode, length: number): number {
  if (mode === "numeric") return Math.floor(length / 3) * 10 + ([0, 4, 7][length % 3] as number);
  if (mode === "alphanumeric") return Math.floor(length / 2) * 11 + (length % 2) * 6;
  return length * (mode === "byte" ? 8 : 13);
}

/** Number of the mode's units: digits, characters, kanji, or bytes. */
export function segmentLength({ mode, text, isLatin1 }: Segment): number {
  return mode === "byte" && !isLatin1 ? utf8Length(text) : text.length;
}

/** Bytes of a well-formed text in UTF-8. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // Both halves of a surrogate pair make up four bytes.
    if (unit > 0x7f) bytes += unit > 0x7ff && (unit & 0xf800) !== 0xd800 ? 2 : 1;
  }
  return bytes;
}

/** Bits of all segments with their headers. */
export function bitsOf(segments: Segment[], range: VersionRange): number {
  return segments.reduce(
    (bits, segment) =>
      bits +
      (segment.eci === undefined ? 0 : eciBits) +
      headerBits(segment.mode, range) +
      payloadBits(segment.mode, segmentLength(segment)),
    0,
  );
}
