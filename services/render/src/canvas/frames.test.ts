import { expect, test } from "@jest/globals";
import { isBanner } from "@qrfactory/domain/design/label-contrast";
import { frameStyles } from "@qrfactory/domain/design/style";
import { modulesOf } from "@qrfactory/domain/symbol/capacity";
import { layOutFrame } from "@qrfactory/drawing/scene/frames";
import { snapGrid } from "@qrfactory/drawing/scene/pixel-grid";
import { makeSymbol } from "@qrfactory/drawing/symbol/symbol";
import { pngPixels } from "@qrfactory/testing/decode";
import fc from "fast-check";
import { pngOf, rasterize } from "./rasterize.js";
import { designOf, sceneFor } from "./styles.fixture.js";

type Sized = { version: number; widthPx: number; quietZone: number };

const shareOf = (style: (typeof frameStyles)[number], { version, widthPx, quietZone }: Sized): number => {
  const symbolSide = modulesOf(version);
  const { side } = layOutFrame({ style, label: "Scan me" }, { symbolSide, quietZone, widthPx });
  return (symbolSide * snapGrid(side, widthPx).modulePx) / widthPx;
};

test.each(["box", "rounded", "banner-bottom", "banner-top"] as const)(
  "in a frame %s with a label of one line the symbol has two thirds of the width, and with less quiet zone three quarters",
  (style) => {
    const least: [quietZone: number, share: number][] = [
      [4, 0.64],
      [2, 0.72],
    ];
    for (const [quietZone, share] of least) {
      for (const widthPx of [300, 400, 512, 600, 1_000]) {
        const shares = [2, 3, 4, 5, 6].map((version) => shareOf(style, { version, widthPx, quietZone }));
        expect(shares.reduce((sum, share) => sum + share, 0) / shares.length).toBeGreaterThan(share);
      }
    }
    // The most common codes: a short link, at the most common sizes.
    for (const widthPx of [300, 600])
      expect(shareOf(style, { version: 2, widthPx, quietZone: 2 })).toBeGreaterThanOrEqual(0.75);
  },
);

test("a frame reaches the edges of its image, and the symbol in it stands on whole pixels", () => {
  const label = fc.constantFrom("", "Scan me", "Scan me for the menu & the wine list, ok", "扫描二维码");
  const version = fc.integer({ min: 1, max: 40 });
  const quiet = fc.integer({ min: 0, max: 16 });
  fc.assert(
    fc.property(
      fc.constantFrom(...frameStyles),
      label,
      version,
      quiet,
      fc.integer({ min: 100, max: 2_000 }),
      (...of) => {
        const [style, text, at, quietZone, widthPx] = of;
        const symbolSide = modulesOf(at);
        const { side, left, top, bounds, labelBox } = layOutFrame(
          { style, label: text },
          { symbolSide, quietZone, widthPx },
        );
        const { modulePx, offsetPx } = snapGrid(side, widthPx);
        if (modulePx < 1) return;
        expect(offsetPx).toBe(0);
        expect(widthPx - modulePx * side).toBeLessThan(0.5);
        for (const at of [left, top]) expect(Math.abs(at * modulePx - Math.round(at * modulePx))).toBeLessThan(1e-6);
        // As wide on both sides, but for a pixel.
        expect(Math.abs(side - symbolSide - 2 * left) * modulePx).toBeLessThanOrEqual(1.01);
        expect(bounds).toEqual({ x: 0, y: 0, width: side, height: side });
        expect(top).toBeGreaterThanOrEqual(quietZone);
        expect(side - top - symbolSide).toBeGreaterThanOrEqual(quietZone);
        expect(labelBox.x).toBeGreaterThan(0);
        if (text !== "") expect(labelBox.height).toBeGreaterThan(0);
      },
    ),
    { numRuns: 500 },
  );
});

test.each(frameStyles)("nothing of a frame %s stands in the quiet zone, given or by default", async (frame_style) => {
  for (const fields of [{}, { quiet_zone: 2 }, { quiet_zone: 1, frame_label: "" }]) {
    const design = designOf({ frame_style, frame_label: "Scan me", size: 612, ...fields });
    expect(design.quietZone).toBe("quiet_zone" in fields ? fields.quiet_zone : 4);
    const scene = await sceneFor(design);
    const { data, width } = pngPixels(pngOf(rasterize(scene, design.widthPx), null));
    const symbolSide = makeSymbol(design.text, design.errorCorrection).modules.side;
    const { left, top } = layOutFrame(design.frame as NonNullable<typeof design.frame>, { ...design, symbolSide });
    const { modulePx } = snapGrid(scene.side, width);
    const px = (modules: number) => Math.round(modules * modulePx);
    const [x, y, side, quiet] = [px(left), px(top), px(symbolSide), px(design.quietZone)];
    // A label on the background may reach into the quiet zone above it, by a third.
    const below = isBanner(frame_style) || frame_style === "ticket" ? quiet : px((2 / 3) * design.quietZone);
    const perforated = frame_style === "ticket" ? px(0.3) : 0;
    for (let row = y - quiet; row < y + side + below - perforated; row++) {
      for (let column = x - quiet; column < x + side + quiet; column++) {
        // A frame's corner is round, and so is that of the zone: what counts is the distance from the symbol.
        const [dx, dy] = [Math.max(x - column, 0, column - x - side), Math.max(y - row, 0, row - y - side)];
        if (Math.max(dx, dy) === 0 || Math.hypot(dx, dy) > quiet) continue;
        if (data[4 * (row * width + column)] !== 255) throw new Error(`ink at ${column}, ${row} of ${width} pixels`);
      }
    }
  }
});
