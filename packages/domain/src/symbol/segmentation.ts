// Cuts a text into the segments of a QR symbol: of all ways the one with the fewest bits (ISO/IEC 18004:2015, 7.4 and
// annex J, which only sketches one). Dynamic programming over stretches of characters of one kind.
import { kanjiValues, notKanji } from "./kanji.js";
import { headerBits, type Segment, type SegmentMode, segmentModes, type VersionRange } from "./segments.js";

/** Costs are counted in sixths of a bit: a digit takes 10/3 bits, an alphanumeric character 11/2. */
const sixths = 6;

/** Modes by their index in `segmentModes`; a character is of the kind that its densest mode has. */
const [byte, alphanumeric, numeric, kanji] = [0, 1, 2, 3] as const;
const modeCount = segmentModes.length;

/** Cost of a character in each mode; in byte mode of each of its bytes. */
const unitCosts = [8 * sixths, 33, 20, 13 * sixths] as const;

/** More than any text costs, and far from overflowing when a text is added to it. */
const unreachable = 2 ** 30;

/**
 * A text as stretches of characters of one kind. Segments never end within one: a character that moves from a sparser
 * mode to the segment of its densest mode beside it saves bits there and then, roundings included.
 */
export type Stretches = {
  text: string;
  kinds: number[];
  /** Where each begins in the text, in UTF-16 code units; one more entry marks the end. */
  starts: number[];
  /** Bytes of each. */
  bytes: number[];
  /** Bits that the text takes at least: no headers, every character in its densest mode. */
  bitsMin: number;
};

/** The kind of each ASCII character. */
const asciiKinds = Uint8Array.from({ length: 0x80 }, (_, code) => {
  const character = String.fromCharCode(code);
  return /[0-9]/.test(character) ? numeric : /[A-Z $%*+\-./:]/.test(character) ? alphanumeric : byte;
});

/**
 * Reads a text, which must be well-formed Unicode. Without `withKanji` what kanji mode could hold is bytes, too; with
 * `isLatin1` every character is one byte, else those of UTF-8.
 */
export function readStretches(text: string, withKanji: boolean, isLatin1 = false): Stretches {
  const { length } = text;
  const kinds: number[] = [];
  const starts: number[] = [];
  const bytes: number[] = [];
  let last = -1;
  let size = 0;
  let leastSixths = 0;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    const kind = kindOf(code, withKanji);
    // Half a surrogate pair counts as two of its four bytes; both halves are of one kind, so they stay together.
    const codeBytes = code < 0x80 || isLatin1 ? 1 : code < 0x800 || (code & 0xf800) === 0xd800 ? 2 : 3;
    leastSixths += (unitCosts[kind] as number) * (kind === byte ? codeBytes : 1);
    if (kind !== last) {
      if (i > 0) bytes.push(size);
      kinds.push(kind);
      starts.push(i);
      last = kind;
      size = 0;
    }
    size += codeBytes;
  }
  bytes.push(size);
  starts.push(length);
  return { text, kinds, starts, bytes, bitsMin: Math.floor(leastSixths / sixths) };
}

function kindOf(code: number, withKanji: boolean): number {
  if (code < 0x80) return asciiKinds[code] as number;
  return withKanji && kanjiValues[code] !== notKanji ? kanji : byte;
}

/** The cheapest segments for a range of versions, and their bits. */
export function cut(
  { text, kinds, starts, bytes }: Stretches,
  range: VersionRange,
): { segments: Segment[]; bits: number } {
  const count = kinds.length;
  const headers = segmentModes.map((mode) => headerBits(mode, range) * sixths);
  // Cost of all up to the stretch at hand when that is in each mode, and the mode that the stretch before it then has.
  const costs = [unreachable, unreachable, unreachable, unreachable];
  const previous = new Uint8Array(count * modeCount);
  for (let i = 0; i < count; i++) {
    const kind = kinds[i] as number;
    const characters = (starts[i + 1] as number) - (starts[i] as number);
    let best = 0;
    let from = 0;
    if (i > 0) {
      best = unreachable;
      for (let mode = 0; mode < modeCount; mode++) {
        // A segment that ends takes whole bits.
        const ended = Math.ceil((costs[mode] as number) / sixths) * sixths;
        if (ended < best) {
          best = ended;
          from = mode;
        }
      }
    }
    for (let mode = 0; mode < modeCount; mode++) {
      const units = mode === byte ? (bytes[i] as number) : characters;
      const isAble = mode === byte || mode === kind || (mode === alphanumeric && kind === numeric);
      const stays = costs[mode] as number;
      const begins = best + (headers[mode] as number);
      previous[i * modeCount + mode] = stays <= begins ? mode : from;
      costs[mode] = isAble ? Math.min(stays, begins) + units * (unitCosts[mode] as number) : unreachable;
    }
  }
  const ends = costs.map((cost) => Math.ceil(cost / sixths));
  const bits = Math.min(...ends);
  return { segments: trace(ends.indexOf(bits)), bits };

  /** Walks back from the mode of the last stretch; neighbours in one mode are one segment. */
  function trace(lastMode: number): Segment[] {
    const segments: Segment[] = [];
    let mode = lastMode;
    let end = text.length;
    for (let i = count - 1; i >= 0; i--) {
      const before = previous[i * modeCount + mode] as number;
      if (i > 0 && before === mode) continue;
      const start = starts[i] as number;
      segments.push({ mode: segmentModes[mode] as SegmentMode, text: text.slice(start, end) });
      [end, mode] = [start, before];
    }
    return segments.reverse();
  }
}

/** The densest mode that can hold all of a text: numeric, alphanumeric (table 5 of the standard), kanji or byte. */
export function densestModeOf(text: string): SegmentMode {
  let densest: number = kindOf(text.charCodeAt(0), true);
  for (let i = 1; i < text.length && densest !== byte; i++) {
    const kind = kindOf(text.charCodeAt(i), true);
    if (kind === densest) continue;
    densest = densest === kanji || kind === kanji || kind === byte ? byte : alphanumeric;
  }
  return segmentModes[densest] as SegmentMode;
}
