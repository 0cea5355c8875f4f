import { expect, test } from "@jest/globals";
import { type EyeCenterShape, patterns } from "@qrfactory/domain/design/style";
import type { Scene } from "@qrfactory/drawing/scene/shapes";
import { alignmentMiddles } from "@qrfactory/drawing/symbol/alignment-places";
import { makeSymbol } from "@qrfactory/drawing/symbol/symbol";
import { type Pixels, pngPixels, readers } from "@qrfactory/testing/decode";
import { pngOf, rasterize } from "./rasterize.js";
import { designOf, sceneFor } from "./styles.fixture.js";

type Painted = { pixels: Pixels; scene: Scene };

async function paint(fields: object): Promise<Painted> {
  const design = designOf({ data: "https://example.com", ...fields });
  const scene = await sceneFor(design);
  return { scene, pixels: pngPixels(pngOf(rasterize(scene, design.widthPx), null)) };
}

/** Brightness at a point in modules from the corner of the symbol; the size leaves no pixel over. */
const shadeAt = ({ pixels, scene }: Painted, x: number, y: number): number => {
  const at = (modules: number) => Math.floor(((modules + scene.quietZone) * pixels.width) / scene.side);
  return pixels.data[4 * (at(y) * pixels.width + at(x))] as number;
};

const { side, cells } = makeSymbol("https://example.com", "M").modules;
/** Pixels of an image whose modules have so many, with the quiet zone of 4. */
const sizeFor = (modulePx: number) => modulePx * (side + 8);
const dark = [...cells.keys()].filter((i) => cells[i] === 1).map((i) => [i % side, Math.floor(i / side)] as const);

test.each(patterns)("symbols of one and of many alignment patterns are read by three decoders: %s", async (pattern) => {
  for (const data of ["https://example.com", `https://example.com/${"x".repeat(150)}`]) {
    const { pixels } = await paint({ data, pattern, size: 480 });
    const read = await Promise.all(Object.values(readers).map((reader) => reader(pixels)));
    expect(read).toEqual([data, data, data]);
  }
});

test.each(patterns.filter((pattern) => pattern !== "squares"))(
  "the ring of an alignment pattern is whole, and not as hard as an eye: %s",
  async (pattern) => {
    const painted = await paint({ pattern, size: sizeFor(20) });
    const [[x, y] = [0, 0]] = alignmentMiddles(side);
    for (let along = -2; along <= 2; along += 0.25) {
      for (const [dx, dy] of [
        [along, -2],
        [along, 2],
        [-2, along],
        [2, along],
      ] as const) {
        expect(shadeAt(painted, x + 0.5 + dx, y + 0.5 + dy)).toBeLessThan(64);
      }
    }
    expect(shadeAt(painted, x + 0.5, y + 0.5)).toBe(0);
    // The middle has no corners, but among frames, which have them.
    if (pattern !== "frame") expect(shadeAt(painted, x + 0.03, y + 0.03)).toBeGreaterThan(128);
  },
);

test.each([6, 7, 8, 9, 10, 18])("framed modules of %i pixels are dark across and show light corners", async (px) => {
  const painted = await paint({ pattern: "frame", size: sizeFor(px) });
  const half = (0.5 * (px % 2 === 0 ? px - 1 : px)) / px;
  for (const [x, y] of dark) {
    if (alignmentMiddles(side).some(([ax, ay]) => Math.max(Math.abs(ax - x), Math.abs(ay - y)) <= 2)) continue;
    const isInEye = (x < 7 || x >= side - 7) && (y < 7 || y >= side - 7) && (x < 7 || y < 7);
    const shades = Array.from({ length: px }, (_, i) => [
      shadeAt(painted, x + (i + 0.5) / px, y + half),
      shadeAt(painted, x + half, y + (i + 0.5) / px),
    ]).flat();
    expect(Math.max(...shades)).toBe(0);
    const all = Array.from({ length: px * px }, (_, i) =>
      shadeAt(painted, x + ((i % px) + 0.5) / px, y + (Math.floor(i / px) + 0.5) / px),
    );
    // No pixel is a grey, and those at the edges are dark.
    expect(all.every((shade) => shade === 0 || shade === 255)).toBe(true);
    expect(all.filter((_, i) => i < px || i % px === 0).every((shade) => shade === 0)).toBe(true);
    if (!isInEye) expect(all.filter((shade) => shade === 255).length).toBeGreaterThanOrEqual(4);
  }
});

test("framed modules of fewer pixels are filled", async () => {
  const [framed, plain] = [await paint({ pattern: "frame", size: sizeFor(5) }), await paint({ size: sizeFor(5) })];
  const [x, y] = dark.find(([column, row]) => column > 8 && row > 8 && column < 15 && row < 15) ?? [0, 0];
  for (let i = 0; i < 25; i++) {
    const at = [x + ((i % 5) + 0.5) / 5, y + (Math.floor(i / 5) + 0.5) / 5] as const;
    expect([i, shadeAt(framed, ...at)]).toEqual([i, shadeAt(plain, ...at)]);
  }
});

test("without a picture the dots of a halftone swell from row to row", async () => {
  const painted = await paint({ pattern: "halftone", size: sizeFor(40) });
  const inkOf = ([x, y]: readonly [number, number]) =>
    Array.from({ length: 1_600 }, (_, i) =>
      shadeAt(painted, x + ((i % 40) + 0.5) / 40, y + (Math.floor(i / 40) + 0.5) / 40),
    ).filter((shade) => shade < 128).length;
  // The column of dots that stands alone most often: every second module of the timing pattern.
  const inks = [8, 10, 12, 14, 16].map((y) => inkOf([6, y]));
  expect(inks).toEqual([...inks].sort((a, b) => a - b));
  expect(inks.at(-1)).toBeGreaterThan(1.15 * (inks[0] as number));
});

test.each<[EyeCenterShape, boolean]>([
  ["cross", true],
  ["diamond", false],
])("the arms of a %s point to the corners of its eye: %s", async (eye_center_shape, isTilted) => {
  const painted = await paint({ eye_center_shape, size: sizeFor(40) });
  const [middle, corner, edge] = [3.5, 3.5 + 1.1, 3.5 + 1.55];
  expect(shadeAt(painted, corner, corner) < 128).toBe(isTilted);
  expect(shadeAt(painted, edge, middle) < 128).toBe(!isTilted);
  expect(shadeAt(painted, middle + 0.9, middle)).toBe(0);
});
