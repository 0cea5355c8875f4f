import { expect, test } from "@jest/globals";
import {
  capacityOf,
  type ErrorCorrection,
  errorCorrectionLevels,
  fitSymbol,
  modulesOf,
  type SegmentMode,
  segmentModeOf,
} from "@qrfactory/domain/symbol-capacity";
import fc from "fast-check";

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

test.each<[string, SegmentMode]>([
  ["0123456789", "numeric"],
  ["HTTPS://QR.EXAMPLE/Q/7K2MWX9P", "alphanumeric"],
  ["A $%*+-./:", "alphanumeric"],
  ["https://qr.example", "byte"],
  ["12\n", "byte"],
  ["١٢٣", "byte"],
])("%j is %s", (text, mode) => {
  expect(segmentModeOf(text)).toBe(mode);
});

const fillers: Record<SegmentMode, string> = { numeric: "7", alphanumeric: "A", byte: "a" };

test("a text exactly as long as the capacity fits its version, one more character needs the next", () => {
  const modes = fc.constantFrom<SegmentMode>("numeric", "alphanumeric", "byte");
  const version = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(version, fc.constantFrom(...errorCorrectionLevels), modes, (version, level, mode) => {
      const most = capacityOf(mode, level, version);
      expect(fitSymbol(fillers[mode].repeat(most), level)).toEqual({ version, errorCorrection: level, mode });
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

test("a symbol has 21 modules a side in version 1 and 177 in version 40", () => {
  expect([modulesOf(1), modulesOf(40)]).toEqual([21, 177]);
});
