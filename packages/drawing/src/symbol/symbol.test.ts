import { expect, test } from "@jest/globals";
import { capacityOf, type ErrorCorrection, errorCorrectionLevels, fitSymbol } from "@qrfactory/domain/symbol/capacity";
import { type Segment, type SegmentMode, segmentModes } from "@qrfactory/domain/symbol/segments";
import fc from "fast-check";
import makeOther from "qrcode-generator";
import { encodeSegments, makeSymbol } from "./symbol.js";

/** Names of the modes in the other encoder. */
const otherModes = { numeric: "Numeric", alphanumeric: "Alphanumeric", byte: "Byte" } as const;
type OtherMode = keyof typeof otherModes;

/** Characters of each mode that are in no denser one, and some that are. */
const alphabets: Record<OtherMode, string> = {
  numeric: "0123456789",
  alphanumeric: "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:",
  byte: "abcxyz~{}|^\u0001\n!09AZ",
};

/** The symbol that an independent encoder makes of one segment, and the mask that it chose. */
function otherSymbol(segment: Segment, version: number, level: ErrorCorrection): { cells: Uint8Array; mask: number } {
  const other = makeOther(version as TypeNumber, level);
  other.addData(segment.text, otherModes[segment.mode as OtherMode]);
  other.make();
  const side = other.getModuleCount();
  const cells = new Uint8Array(side * side);
  for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) cells[y * side + x] = other.isDark(y, x) ? 1 : 0;
  // Bits 12 to 10 of the format information are the mask, under the fixed pattern 101010000010010.
  const bits = [2, 3, 4].map((x) => cells[8 * side + x] as number);
  const [high = 0, middle = 0, low = 0] = bits;
  return { cells, mask: ((high << 2) | (middle << 1) | low) ^ 0b101 };
}

function expectSame(segment: Segment, version: number, level: ErrorCorrection): void {
  const other = otherSymbol(segment, version, level);
  const { modules } = encodeSegments([segment], version, level, other.mask);
  if (Buffer.compare(modules.cells, other.cells) !== 0) {
    throw new Error(`${version}-${level} differs for ${JSON.stringify(segment)}`);
  }
}

const versions = Array.from({ length: 40 }, (_, i) => i + 1);

test.each(errorCorrectionLevels)("at level %s every version agrees with another encoder", (level) => {
  const modes = Object.keys(otherModes) as OtherMode[];
  for (const version of versions) {
    // The modes take turns, so that the four levels of a version see them all.
    const mode = modes[(version + errorCorrectionLevels.indexOf(level)) % modes.length] as OtherMode;
    // Full, and short of it by up to six, which leaves every way to end: terminator, rest of a byte, padding.
    const length = Math.max(1, capacityOf(mode, level, version) - (version % 7));
    const alphabet = alphabets[mode];
    const text = Array.from({ length }, (_, i) => alphabet[(i * 7 + version) % alphabet.length]).join("");
    expectSame({ mode, text }, version, level);
  }
});

test("thousands of random texts agree with another encoder, module by module", () => {
  const segment = fc
    .constantFrom(...(Object.keys(otherModes) as OtherMode[]))
    .chain((mode) =>
      fc
        .string({ unit: fc.constantFrom(...alphabets[mode]), minLength: 1, maxLength: 60 })
        .map((text): Segment => ({ mode, text })),
    );
  const level = fc.constantFrom(...errorCorrectionLevels);
  fc.assert(
    fc.property(segment, level, fc.integer({ min: 0, max: 2 }), (of, least, spare) => {
      const fits = (version: number) => of.text.length <= capacityOf(of.mode, least, version);
      expectSame(of, (versions.find(fits) as number) + spare, least);
    }),
    { numRuns: 3_000 },
  );
}, 30_000);

test("UTF-8 agrees with another encoder", () => {
  makeOther.stringToBytes = (text: string) => [...Buffer.from(text)];
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }), (text) => {
      const bytes = Buffer.byteLength(text);
      const version = versions.find((of) => bytes <= capacityOf("byte", "L", of)) as number;
      expectSame({ mode: "byte", text }, version, "L");
    }),
    { numRuns: 200 },
  );
});

test("a symbol has the version, the level and the modes that fit best, and a mask", () => {
  const text = "https://example.com/order/20261121000417";
  const fit = fitSymbol(text, "M");
  const symbol = makeSymbol(text, "M");
  expect(symbol).toMatchObject({ version: fit?.version, errorCorrection: fit?.errorCorrection });
  expect(symbol.modes).toEqual(["byte", "numeric"] satisfies SegmentMode[]);
  expect(symbol.modules.side).toBe(17 + 4 * symbol.version);
  expect(symbol.modules.cells).toHaveLength(symbol.modules.side ** 2);
  expect(makeSymbol(text, "M", { mask: symbol.mask })).toEqual(symbol);
  expect(makeSymbol(text, "M", { mask: (symbol.mask + 1) % 8 })).not.toEqual(symbol);
});

test("capitals make a smaller symbol than small letters", () => {
  expect(makeSymbol("HTTPS://QR.EXAMPLE/Q/7K2MWX9P", "M").version).toBeLessThan(
    makeSymbol("https://qr.example/q/7k2mwx9p", "M").version,
  );
});

test.each<[SegmentMode, string, RegExp]>([
  ["byte", "a".repeat(2_954), /2953 bytes at level L/],
  ["numeric", "7".repeat(7_090), /7089 digits at level L/],
  ["kanji", "漢".repeat(1_818), /1817 kanji at level L/],
])("a text of mode %s that is too long is refused with the limit", (mode, text, limit) => {
  expect(segmentModes).toContain(mode);
  expect(() => makeSymbol(text, "L")).toThrow(RangeError);
  expect(() => makeSymbol(text, "L")).toThrow(limit);
  expect(() => makeSymbol(text.slice(1), "L")).not.toThrow();
});

test("what cannot be encoded is refused with the limit", () => {
  const segments: Segment[] = [{ mode: "byte", text: "a".repeat(18) }];
  const refuses = (encode: () => unknown, limit: RegExp) => {
    expect(encode).toThrow(RangeError);
    expect(encode).toThrow(limit);
  };
  refuses(() => makeSymbol("", "L"), /at least one character/);
  refuses(() => encodeSegments(segments, 1, "L"), /holds 152 bits .* take 156/);
  refuses(() => encodeSegments(segments, 41, "L"), /1 to 40/);
  refuses(() => encodeSegments(segments, 0, "L"), /1 to 40/);
  refuses(() => encodeSegments(segments, 2, "L", 8), /0 to 7/);
  expect(() => encodeSegments([{ mode: "byte", text: "a".repeat(17) }], 1, "L")).not.toThrow();
});
