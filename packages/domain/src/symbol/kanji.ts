// The characters of kanji mode and their 13-bit values (ISO/IEC 18004:2015, 7.4.6): JIS X 0208 as Shift JIS places it.
// The table comes from the runtime's own Shift JIS decoder (Node is built with full ICU).

/**
 * Rows of JIS X 0208 that hold characters; the others belong to vendors, and readers differ on them.
 */
const rows: readonly (readonly [first: number, last: number])[] = [
  [1, 8],
  [16, 84],
];
const cellsInRow = 94;
const lineFeed = 0x0a;

/** Characters that tables of Shift JIS map to different code points, so that readers give back different text. */
const disputed = "＼～∥－￠￡￢―￣";

/** Table value of a code unit that kanji mode does not have. */
export const notKanji = 0xffff;

/** Shift JIS for a place in the plane of JIS X 0208: two rows share a lead byte. */
function shiftJisOf(row: number, cell: number): number {
  const lead = ((row - 1) >> 1) + (row <= 62 ? 0x81 : 0xc1);
  const trail = row % 2 === 0 ? cell + 0x9e : cell + (cell <= 63 ? 0x3f : 0x40);
  return (lead << 8) | trail;
}

/** Shift JIS of every place in those rows. */
function shiftJisCodes(): number[] {
  const codes: number[] = [];
  for (const [first, last] of rows) {
    for (let row = first; row <= last; row++) {
      for (let cell = 1; cell <= cellsInRow; cell++) codes.push(shiftJisOf(row, cell));
    }
  }
  return codes;
}

function makeTable(): Uint16Array {
  const codes = shiftJisCodes();
  // One call for all: with a line each, a code that is not assigned cannot swallow its neighbour.
  const bytes = new Uint8Array(codes.length * 3);
  for (const [i, code] of codes.entries()) bytes.set([code >> 8, code & 0xff, lineFeed], i * 3);
  const characters = new TextDecoder("shift_jis").decode(bytes).split("\n");
  const values = new Uint16Array(0x10000).fill(notKanji);
  for (const [i, code] of codes.entries()) {
    const character = characters[i] as string;
    if (character.length !== 1 || character === "\ufffd" || disputed.includes(character)) continue;
    // 7.4.6: subtract, then read the two bytes as digits of base 0xc0.
    const offset = code - (code < 0xe000 ? 0x8140 : 0xc140);
    values[character.charCodeAt(0)] = (offset >> 8) * 0xc0 + (offset & 0xff);
  }
  return values;
}

/** The 13-bit value of each UTF-16 code unit, or `notKanji`. Made at once: the first request should not wait for it. */
export const kanjiValues: Uint16Array = makeTable();
