import { expect, test } from "@jest/globals";
import { cellsAlong, ditherCells } from "@qrfactory/drawing/modules/halftone";
import { cellTones } from "@qrfactory/drawing/modules/tones";
import type { Picture } from "@qrfactory/drawing/scene/shapes";
import { makeSymbol } from "@qrfactory/drawing/symbol/symbol";
import { dataModulesOf } from "@qrfactory/drawing/symbol/template";
import { pngPixels, readers } from "@qrfactory/testing/decode";
import fc from "fast-check";
import { designOf, styledText } from "../canvas/styles.fixture.js";
import { drawDesign } from "./draw-design.js";

/** A grey picture by the brightness at shares of its sides, 0 to 1. */
function pictureBy(side: number, shadeAt: (x: number, y: number) => number): Picture {
  const data = new Uint8Array(4 * side * side).fill(255);
  for (let i = 0; i < side * side; i++) {
    const shade = Math.round(255 * shadeAt((i % side) / side, Math.floor(i / side) / side));
    data.fill(shade, 4 * i, 4 * i + 3);
  }
  return { width: side, height: side, data };
}

const black = [0, 0, 0, 255] as const;
const colors = { background: [255, 255, 255, 255] as const, inks: [{ field: "color", color: black }] };

/** Of the eight cells around each data module's middle the dark share, and what the picture asks of all nine. */
function sharesOf(picture: Picture, text: string) {
  const { version, modules } = makeSymbol(text, "M");
  const isData = dataModulesOf(version);
  const { side } = modules;
  const tones = cellTones(picture, { side: side + 8, left: 4, top: 4, modules: side }, colors);
  const partAt = (x: number, y: number) => (isData(x, y) ? "cells" : "solid");
  const cells = ditherCells({ modules, partAt, tones });
  const shares: { isDark: boolean; around: number; wanted: number; middle: number }[] = [];
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      if (!isData(x, y)) continue;
      const at = Array.from({ length: cellsAlong ** 2 }, (_, i) => {
        const row = y * cellsAlong + Math.floor(i / cellsAlong);
        return row * side * cellsAlong + x * cellsAlong + (i % cellsAlong);
      });
      const mean = (of: ArrayLike<number>) => at.reduce((sum, i) => sum + (of[i] as number), 0) / at.length;
      const middle = cells[at[4] as number] as number;
      const around = (mean(cells) * at.length - middle) / (at.length - 1);
      shares.push({ isDark: modules.cells[y * side + x] === 1, around, wanted: mean(tones), middle });
    }
  }
  return shares;
}

/** How closely two series go together, −1 to 1 (Pearson). */
function correlation(pairs: readonly (readonly [number, number])[]): number {
  const mean = (at: 0 | 1) => pairs.reduce((sum, pair) => sum + pair[at], 0) / pairs.length;
  const [a, b] = [mean(0), mean(1)];
  const sum = (of: (x: number, y: number) => number) => pairs.reduce((all, [x, y]) => all + of(x - a, y - b), 0);
  return sum((x, y) => x * y) / Math.sqrt(sum((x) => x * x) * sum((_, y) => y * y));
}

const wave = fc.record({
  across: fc.double({ min: -2, max: 2, noNaN: true }),
  down: fc.double({ min: 0.4, max: 2, noNaN: true }),
  phase: fc.double({ min: 0, max: 6, noNaN: true }),
});
const text = fc.stringMatching(/^[a-z]{1,120}$/);

test("the cells around the data follow the picture, whatever picture and data", () => {
  fc.assert(
    fc.property(wave, text, ({ across, down, phase }, data) => {
      const picture = pictureBy(160, (x, y) => 0.5 + 0.5 * Math.sin(phase + Math.PI * (across * x + down * y)));
      const shares = sharesOf(picture, data);
      expect(correlation(shares.map(({ around, wanted }) => [around, wanted]))).toBeGreaterThan(0.85);
      // And the middles are the data.
      expect(shares.every(({ isDark, middle }) => middle === (isDark ? 1 : 0))).toBe(true);
    }),
    { numRuns: 40 },
  );
});

test("a wide area has the mean brightness of the picture, its data included", () => {
  for (const tone of [0.25, 0.5, 0.75]) {
    // Both ends of the scale at the edges, so that nothing is stretched.
    const picture = pictureBy(200, (x) => (x < 0.2 ? 0 : x > 0.8 ? 1 : 1 - tone));
    const inside = sharesOf(picture, "x".repeat(400)).filter(({ wanted }) => Math.abs(wanted - tone) < 0.03);
    const mean = inside.reduce((sum, { around, middle }) => sum + (8 * around + middle) / 9, 0) / inside.length;
    expect(inside.length).toBeGreaterThan(300);
    expect(Math.abs(mean - tone)).toBeLessThan(0.05);
  }
});

const face = pictureBy(300, (x, y) => {
  const [dx, dy] = [x - 0.5, y - 0.5];
  const isEye = Math.min(Math.hypot(dx - 0.12, dy + 0.08), Math.hypot(dx + 0.12, dy + 0.08)) < 0.045;
  const isFace = Math.hypot(dx, 0.8 * dy) < 0.3;
  return isEye ? 0 : isFace ? 0.9 - dx : 0.35;
});
const heart = pictureBy(300, (x, y) => (Math.abs(x - 0.5) + Math.abs(y - 0.5) < 0.25 ? 0.1 : 1));

test.each([
  ["a face", face, 300],
  ["a face", face, 600],
  ["a shape", heart, 300],
  ["a shape", heart, 800],
])("a halftone of %s is delivered, and read by two decoders: %#", async (_name, background, size) => {
  for (const fields of [{}, { color: "#7b1e3b", eye_shape: "rounded" }, { frame_style: "banner-bottom" }]) {
    const design = designOf({ pattern: "halftone", size, ...fields });
    const { bytes, scan } = await drawDesign(design, { checked: true, pictures: { background } });
    expect(scan).toMatchObject({ isReadable: true });
    const pixels = pngPixels(bytes);
    expect([await readers["zxing-cpp"](pixels), await readers.qr(pixels)]).toEqual([styledText, styledText]);
  }
});

test("only the pattern halftone shows a picture by its modules", async () => {
  const pixelsWith = async (pattern: string, background: Picture) => {
    const { bytes } = await drawDesign(designOf({ pattern, size: 370 }), { checked: false, pictures: { background } });
    const { data } = pngPixels(bytes);
    return data.filter((value, i) => i % 4 === 0 && value < 40).length;
  };
  const [dim, bright] = [pictureBy(60, (x) => 0.2 * x), pictureBy(60, (x) => 0.8 + 0.2 * x)];
  expect(await pixelsWith("dot", dim)).toBe(await pixelsWith("dot", bright));
  expect(await pixelsWith("halftone", face)).not.toBe(await pixelsWith("halftone", heart));
});
