import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { kanjiValues, notKanji } from "./kanji.js";
import { cut, densestModeOf, readStretches } from "./segmentation.js";
import { bitsOf, type Segment, type SegmentMode, segmentModes, type VersionRange } from "./segments.js";

const ranges = [0, 1, 2] as const;

function canHold(mode: SegmentMode, character: string): boolean {
  if (mode === "byte") return true;
  if (mode === "numeric") return /^[0-9]$/.test(character);
  if (mode === "alphanumeric") return /^[0-9A-Z $%*+\-./:]$/.test(character);
  return character.length === 1 && character >= "\u0080" && kanjiValues[character.charCodeAt(0)] !== notKanji;
}

/** The fewest bits of all ways to cut a text, by trying every one of them. */
function fewestBits(text: string, range: VersionRange): number {
  let fewest = Number.POSITIVE_INFINITY;
  const extend = (segments: Segment[], rest: string[]) => {
    const [character, ...others] = rest;
    if (character === undefined) {
      fewest = Math.min(fewest, bitsOf(segments, range));
      return;
    }
    const last = segments.at(-1);
    for (const mode of segmentModes) {
      if (!canHold(mode, character)) continue;
      extend([...segments, { mode, text: character }], others);
      if (last?.mode === mode) extend([...segments.slice(0, -1), { mode, text: last.text + character }], others);
    }
  };
  extend([], [...text]);
  return fewest;
}

test("no way to cut a text takes fewer bits", () => {
  const character = fc.constantFrom(..."07AZ:az/é漢字😀");
  const short = fc.string({ unit: character, minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(short, fc.constantFrom(...ranges), (text, range) => {
      expect(cut(readStretches(text, true), range).bits).toBe(fewestBits(text, range));
    }),
    { numRuns: 150 },
  );
});

/** The fewest bits over cuts that change mode wherever characters change kind: long enough for headers to pay. */
function fewestBitsOfStretches(parts: string[], range: VersionRange): number {
  const assign = (chosen: Segment[], i: number): number => {
    const part = parts[i];
    if (part === undefined) return bitsOf(chosen, range);
    const able = segmentModes.filter((mode) => [...part].every((character) => canHold(mode, character)));
    return Math.min(
      ...able.map((mode) => {
        const last = chosen.at(-1);
        if (last?.mode !== mode) return assign([...chosen, { mode, text: part }], i + 1);
        return assign([...chosen.slice(0, -1), { mode, text: last.text + part }], i + 1);
      }),
    );
  };
  return assign([], 0);
}

test("long stretches of one kind get the cheapest modes, whatever is around them", () => {
  const unit = fc.constantFrom("7", "A", "a", "漢", "é");
  const part = fc.tuple(unit, fc.integer({ min: 1, max: 20 })).map(([of, count]) => of.repeat(count));
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 7 }), fc.constantFrom(...ranges), (parts, range) => {
      expect(cut(readStretches(parts.join(""), true), range).bits).toBe(fewestBitsOfStretches(parts, range));
    }),
    { numRuns: 300 },
  );
});

test("segments put together are the text, take the bits that are said, and hold what their mode can hold", () => {
  const unit = fc.oneof(
    fc.constantFrom(..."0123456789ABC:/.日本語テスト"),
    fc.string({ unit: "grapheme", maxLength: 2 }),
  );
  const texts = fc.array(unit, { minLength: 1, maxLength: 80 }).map((units) => units.join("") || "a");
  fc.assert(
    fc.property(texts, fc.constantFrom(...ranges), fc.boolean(), (text, range, withKanji) => {
      const { segments, bits } = cut(readStretches(text, withKanji), range);
      expect(segments.map((segment) => segment.text).join("")).toBe(text);
      expect(bitsOf(segments, range)).toBe(bits);
      for (const { mode, text: part } of segments) {
        expect([...part].every((character) => canHold(mode, character))).toBe(true);
        expect(mode === "kanji" && !withKanji).toBe(false);
      }
    }),
  );
});

test.each<[string, SegmentMode[]]>([
  ["https://example.com/menu/summer", ["byte"]],
  ["HTTPS://QR.EXAMPLE/Q/7K2MWX9P", ["alphanumeric"]],
  ["https://example.com/order/20261121000417", ["byte", "numeric"]],
  ["ABCDEFGH00000000000000", ["alphanumeric", "numeric"]],
  ["日本語テキスト: hello", ["kanji", "byte"]],
])("%s is cut into %j", (text, modes) => {
  expect(cut(readStretches(text, true), 0).segments.map(({ mode }) => mode)).toEqual(modes);
});

test.each<[string, SegmentMode]>([
  ["0123456789", "numeric"],
  ["HTTPS://QR.EXAMPLE/Q/7K2MWX9P", "alphanumeric"],
  ["A $%*+-./:", "alphanumeric"],
  ["https://qr.example", "byte"],
  ["12\n", "byte"],
  ["١٢٣", "byte"],
  ["日本語", "kanji"],
  ["日本語1", "byte"],
  ["1日", "byte"],
  ["1A1", "alphanumeric"],
  ["Aa", "byte"],
])("%j as a whole is %s", (text, mode) => {
  expect(densestModeOf(text)).toBe(mode);
});
