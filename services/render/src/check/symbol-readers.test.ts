// Proves by two independent readers what no other encoder here can be compared with: kanji, mixed modes, UTF-8 that is
// not announced.
import { expect, test } from "@jest/globals";
import { errorCorrectionLevels } from "@qrfactory/domain/symbol/capacity";
import { kanjiValues, notKanji } from "@qrfactory/domain/symbol/kanji";
import type { Segment } from "@qrfactory/domain/symbol/segments";
import { encodeSegments, type Modules, makeSymbol } from "@qrfactory/drawing/symbol/symbol";
import fc from "fast-check";
import jsqr from "jsqr";
import { readQrCode } from "./zxing.js";

// Under CommonJS rules the function is a property of what is imported.
const readByOther = ((jsqr as { default?: unknown }).default ?? jsqr) as typeof jsqr.default;

const modulePx = 2;
const quietZone = 4;

/** Dark on light, in shades of grey. */
function paint({ side, cells }: Modules): { width: number; height: number; data: Uint8Array } {
  const width = (side + 2 * quietZone) * modulePx;
  const data = new Uint8Array(width * width).fill(255);
  for (const [i, cell] of cells.entries()) {
    const [x, y] = [quietZone + (i % side), quietZone + Math.floor(i / side)];
    for (let row = y * modulePx; cell === 1 && row < (y + 1) * modulePx; row++) {
      data.fill(0, row * width + x * modulePx, row * width + (x + 1) * modulePx);
    }
  }
  return { width, height: width, data };
}

/** Reads a symbol with each of the two readers. */
async function readTwice(modules: Modules): Promise<(string | undefined)[]> {
  const { width, height, data } = paint(modules);
  const rgba = new Uint8ClampedArray(data.length * 4).fill(255);
  for (const [i, shade] of data.entries()) rgba.fill(shade, i * 4, i * 4 + 3);
  const [first, second] = [
    await readQrCode({ width, height, data }),
    readByOther(rgba, width, height, { inversionAttempts: "dontInvert" }),
  ];
  return [first?.text, second?.data];
}

test("every character of kanji mode is read by both readers as what it is", async () => {
  const all = [...kanjiValues.keys()].filter((code) => kanjiValues[code] !== notKanji);
  const perSymbol = 600;
  for (let i = 0; i < all.length; i += perSymbol) {
    const text = String.fromCharCode(...all.slice(i, i + perSymbol));
    const { modules } = encodeSegments([{ mode: "kanji", text }], 24, "L");
    expect(await readTwice(modules)).toEqual([text, text]);
  }
});

const scripts: Record<string, fc.Arbitrary<string>> = {
  digits: fc.stringMatching(/^[0-9]{1,12}$/),
  capitals: fc.stringMatching(/^[A-Z:/.]{1,12}$/),
  ascii: fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 10 }),
  latin: fc.stringMatching(/^[à-ÿ¡-¿]{1,6}$/u),
  greek: fc.stringMatching(/^[α-ω]{1,8}$/u),
  cyrillic: fc.stringMatching(/^[А-я]{1,12}$/u),
  arabic: fc.stringMatching(/^[ء-ي]{1,8}$/u),
  hebrew: fc.stringMatching(/^[א-ת]{1,8}$/u),
  thai: fc.stringMatching(/^[ก-ฮ]{1,8}$/u),
  hangul: fc.stringMatching(/^[가-힣]{1,8}$/u),
  kana: fc.stringMatching(/^[ぁ-んァ-ヶ]{1,12}$/u),
  halfwidth: fc.stringMatching(/^[ｦ-ﾝ]{1,8}$/u),
  han: fc.stringMatching(/^[一-龥]{1,12}$/u),
  emoji: fc.constantFrom("😀", "👩‍👩‍👧", "🇩🇪", "✂️"),
  backslash: fc.constantFrom("\\", "~", "¥", "‾"),
};

test.each(Object.keys(scripts))("texts with %s are read by both readers as they were given", async (script) => {
  const part = fc.oneof(scripts[script] as fc.Arbitrary<string>, ...Object.values(scripts));
  const texts = fc
    .tuple(scripts[script] as fc.Arbitrary<string>, fc.array(part, { maxLength: 4 }))
    .map(([first, others]) => [first, ...others].join(""));
  await fc.assert(
    fc.asyncProperty(texts, fc.constantFrom(...errorCorrectionLevels), async (text, least) => {
      expect(await readTwice(makeSymbol(text, least).modules)).toEqual([text, text]);
    }),
    { numRuns: 12 },
  );
});

test("any order of modes in one symbol is read by both readers", async () => {
  const segment = fc.constantFrom<Segment>(
    { mode: "numeric", text: "0470" },
    { mode: "numeric", text: "12" },
    { mode: "alphanumeric", text: "A/:" },
    { mode: "byte", text: "é" },
    { mode: "byte", text: "日a" },
    { mode: "kanji", text: "日本" },
  );
  const version = fc.constantFrom(5, 12, 27);
  await fc.assert(
    fc.asyncProperty(fc.array(segment, { minLength: 1, maxLength: 6 }), version, async (segments, of) => {
      const text = segments.map((each) => each.text).join("");
      expect(await readTwice(encodeSegments(segments, of, "L").modules)).toEqual([text, text]);
    }),
    { numRuns: 30 },
  );
});
