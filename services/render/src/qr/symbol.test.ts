import { expect, test } from "@jest/globals";
import { errorCorrectionLevels, fitSymbol } from "@qrfactory/domain/symbol-capacity";
import fc from "fast-check";
import makeOther from "qrcode-generator";
import { makeSymbol } from "./symbol.js";

const level = fc.constantFrom(...errorCorrectionLevels);

/** The same symbol by an independent encoder; it cannot be told its mask, so all eight of ours are compared. */
function otherModules(text: string, version: number, errorCorrection: (typeof errorCorrectionLevels)[number]): string {
  const mode = fitSymbol(text, errorCorrection)?.mode;
  const other = makeOther(version as TypeNumber, errorCorrection);
  other.addData(text, mode === "numeric" ? "Numeric" : mode === "alphanumeric" ? "Alphanumeric" : "Byte");
  other.make();
  const side = other.getModuleCount();
  let cells = "";
  for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) cells += other.isDark(y, x) ? "1" : "0";
  return cells;
}

test.each<[string, fc.Arbitrary<string>]>([
  ["digits", fc.stringMatching(/^[0-9]{1,400}$/)],
  ["capitals", fc.stringMatching(/^[0-9A-Z $%*+\-./:]{1,250}$/)],
  ["ASCII", fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 200 })],
])("%s give the modules that another encoder gives, up to the choice of the mask", (_name, texts) => {
  fc.assert(
    fc.property(texts, level, (text, least) => {
      const { version, errorCorrection } = makeSymbol(text, least);
      const ours = Array.from({ length: 8 }, (_, mask) => makeSymbol(text, least, mask).modules.cells.join(""));
      expect(ours).toContain(otherModules(text, version, errorCorrection));
    }),
    { numRuns: 25 },
  );
});

test.each([1, 7, 9, 10, 26, 27, 40])("version %i agrees with another encoder", (version) => {
  const fits = (text: string) => fitSymbol(text, "L")?.version === version;
  const lengths = Array.from({ length: 3_000 }, (_, i) => i + 1);
  const text = "q".repeat(lengths.find((length) => fits("q".repeat(length))) ?? 0);
  const symbol = makeSymbol(text, "L");
  expect(symbol.version).toBe(version);
  expect(symbol.modules.side).toBe(17 + 4 * version);
  const ours = Array.from({ length: 8 }, (_, mask) => makeSymbol(text, "L", mask).modules.cells.join(""));
  expect(ours).toContain(otherModules(text, version, symbol.errorCorrection));
});

test("capitals make a smaller symbol than small letters", () => {
  expect(makeSymbol("HTTPS://QR.EXAMPLE/Q/7K2MWX9P", "M").version).toBeLessThan(
    makeSymbol("https://qr.example/q/7k2mwx9p", "M").version,
  );
});
