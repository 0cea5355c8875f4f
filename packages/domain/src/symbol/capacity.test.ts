import { expect, test } from "@jest/globals";
import {
  capacityOf,
  type ErrorCorrection,
  errorCorrectionLevels,
  fitSymbol,
  modulesOf,
} from "@qrfactory/domain/symbol/capacity";
import type { TextEncoding } from "@qrfactory/domain/symbol/text-encoding";
import fc from "fast-check";
import { type SegmentMode, segmentModes } from "./segments.js";

// Spot values from table 7 of ISO/IEC 18004.
test.each<[number, ErrorCorrection, number, number, number]>([
  [1, "L", 41, 25, 17],
  [1, "H", 17, 10, 7],
  [9, "M", 432, 262, 180],
  [10, "M", 513, 311, 213],
  [26, "Q", 1_804, 1_094, 751],
  [27, "Q", 1_933, 1_172, 805],
  [40, "L", 7_089, 4_296, 2_953],
  [40, "M", 5_596, 3_391, 2_331],
  [40, "Q", 3_993, 2_420, 1_663],
  [40, "H", 3_057, 1_852, 1_273],
])("version %i-%s holds %i digits, %i characters, %i bytes", (version, level, digits, characters, bytes) => {
  expect(capacityOf("numeric", level, version)).toBe(digits);
  expect(capacityOf("alphanumeric", level, version)).toBe(characters);
  expect(capacityOf("byte", level, version)).toBe(bytes);
});

test.each<[number, ErrorCorrection, number]>([
  [1, "L", 10],
  [9, "M", 111],
  [26, "H", 365],
  [40, "L", 1_817],
])("version %i-%s holds %i kanji", (version, level, kanji) => {
  expect(capacityOf("kanji", level, version)).toBe(kanji);
});

const fillers: Record<SegmentMode, string> = { numeric: "7", alphanumeric: "A", byte: "a", kanji: "漢" };

test("a text exactly as long as the capacity fits its version, one more character needs the next", () => {
  const modes = fc.constantFrom(...segmentModes);
  const version = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(version, fc.constantFrom(...errorCorrectionLevels), modes, (version, level, mode) => {
      const most = capacityOf(mode, level, version);
      const text = fillers[mode].repeat(most);
      expect(fitSymbol(text, level)).toEqual({ version, errorCorrection: level, segments: [{ mode, text }] });
      expect(fitSymbol(fillers[mode].repeat(most + 1), level)?.version ?? 41).toBe(version + 1);
    }),
  );
});

test("correction is raised for free and never costs a larger symbol", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 300, unit: "grapheme" }), (text) => {
      const least = fitSymbol(text, "L");
      const fit = fitSymbol(text, least?.errorCorrection ?? "L");
      expect(fit).toEqual(least);
      const next = errorCorrectionLevels[errorCorrectionLevels.indexOf(least?.errorCorrection ?? "L") + 1];
      if (next) expect(fitSymbol(text, next)?.version).toBeGreaterThan(least?.version ?? 0);
    }),
  );
});

test("characters beyond ASCII count as their bytes in UTF-8", () => {
  expect(fitSymbol("é".repeat(1_476), "L")?.version).toBe(40);
  expect(fitSymbol("é".repeat(1_477), "L")).toBeNull();
});

test("a text that only fits because its modes are mixed fits", () => {
  // 2,000 bytes and 2,200 digits: 4,200 bytes of UTF-8, where 2,953 are the most.
  const fit = fitSymbol("a".repeat(2_000) + "7".repeat(2_200), "L");
  expect(fit?.version).toBe(40);
  expect(fit?.segments.map(({ mode }) => mode)).toEqual(["byte", "numeric"]);
});

test("mixed modes never need more than one mode for all", () => {
  const texts = fc.array(fc.constantFrom("a", "é", "AB", "4711", "日本", "08154711"), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(texts, fc.constantFrom(...errorCorrectionLevels), (parts, level) => {
      const text = parts.join("");
      const fit = fitSymbol(text, level, { encoding: "utf-8" });
      const { version, errorCorrection } = fit ?? { version: 41, errorCorrection: level };
      const bytes =
        [...Array(40).keys()].find((i) => Buffer.byteLength(text) <= capacityOf("byte", level, i + 1)) ?? 40;
      expect(version).toBeLessThanOrEqual(bytes + 1);
      expect(errorCorrectionLevels.indexOf(errorCorrection)).toBeGreaterThanOrEqual(
        errorCorrectionLevels.indexOf(level),
      );
    }),
  );
});

test("kanji mode is used where it makes the symbol smaller or stronger, and only there", () => {
  const modesOf = (text: string) => fitSymbol(text, "L", { encoding: "utf-8" })?.segments.map(({ mode }) => mode);
  expect(modesOf("日本語のテキスト")).toEqual(["kanji"]);
  // As bytes these reach the same version and level.
  expect(modesOf("日")).toEqual(["byte"]);
  expect(modesOf(`https://example.com/${"a".repeat(30)}?q=日`)).toEqual(["byte"]);
});

test.each<[string, TextEncoding, string[]]>([
  ["plain", "auto", ["byte"]],
  ["plain", "latin-1", ["byte latin-1"]],
  ["café", "auto", ["byte eci 26"]],
  ["café", "utf-8", ["byte"]],
  ["café", "latin-1", ["byte latin-1"]],
  ["0123456789é", "utf-8-eci", ["numeric eci 26", "byte"]],
  ["日本語のテキスト", "auto", ["kanji"]],
  ["日本語のテキスト", "utf-8-eci", ["byte eci 26"]],
  // Kanji beside other bytes are misread by some readers, behind a designator by others.
  ["日本語のテキスト é", "auto", ["byte eci 26"]],
  ["日", "auto", ["byte eci 26"]],
  ["Меню дня: борщ, вареники и компот", "auto", ["byte eci 26"]],
])("%s in %s is written as %j", (text, encoding, written) => {
  const segments = fitSymbol(text, "L", { encoding })?.segments ?? [];
  const names = segments.map(({ mode, eci, isLatin1 }) =>
    [mode, ...(eci === undefined ? [] : [`eci ${eci}`]), ...(isLatin1 ? ["latin-1"] : [])].join(" "),
  );
  expect(names).toEqual(written);
});

test("a designator is left out where a text fits only without it", () => {
  const text = `a${"é".repeat(1_476)}`;
  expect(fitSymbol(text, "L")?.segments).toEqual([{ mode: "byte", text }]);
  expect(fitSymbol(text, "L", { encoding: "utf-8-eci" })).toBeNull();
  expect(fitSymbol("é".repeat(2_953), "L", { encoding: "latin-1" })?.version).toBe(40);
});

test("a byte order mark keeps a text in bytes", () => {
  expect(fitSymbol("\ufeff日本語のテキスト", "L")?.segments.map(({ mode }) => mode)).toEqual(["byte"]);
});

test("a symbol has 21 modules a side in version 1 and 177 in version 40", () => {
  expect([modulesOf(1), modulesOf(40)]).toEqual([21, 177]);
});
