import { expect, test } from "@jest/globals";
import type { Rgba } from "@qrfactory/domain/design/color";
import { readDesign } from "@qrfactory/domain/design/design";
import { plans } from "@qrfactory/domain/plan/plans";
import { paintSvg, type SvgOptions } from "@qrfactory/drawing/paint/paint-svg";
import { traceOutlines } from "@qrfactory/drawing/scene/outline";
import { snapGrid } from "@qrfactory/drawing/scene/pixel-grid";
import { layOut } from "@qrfactory/drawing/scene/scene";
import type { Scene } from "@qrfactory/drawing/scene/shapes";
import { type Modules, makeSymbol } from "@qrfactory/drawing/symbol/symbol";
import fc from "fast-check";
import { PNG } from "pngjs";
import { pngOf, rasterize } from "./rasterize.js";
import { bufferOf, zlibDeflate } from "./zlib-deflate.js";

const black: Rgba = [0, 0, 0, 255];
const white: Rgba = [255, 255, 255, 255];

const modules = fc
  .integer({ min: 1, max: 12 })
  .chain((side) =>
    fc
      .array(fc.integer({ min: 0, max: 1 }), { minLength: side * side, maxLength: side * side })
      .map((cells): Modules => ({ side, cells: Uint8Array.from(cells) })),
  );

function sceneOf(of: Modules, quietZone: number, color = black, background = white): Scene {
  const fill = { kind: "flat" as const, color };
  const squares = { kind: "squares" as const, fill, left: quietZone, top: quietZone, modules: of };
  const inks = [{ field: "color", color }];
  const side = of.side + 2 * quietZone;
  const style = { pattern: "squares", eyeBorderShape: "square", eyeCenterShape: "square" } as const;
  return {
    side,
    background,
    shapes: [squares],
    quietZone,
    inks,
    style: { ...style, hasFrame: false, hasLogo: false },
  };
}

function paintPng(scene: Scene, { widthPx, dpi }: { widthPx: number; dpi: number | null }): Buffer {
  return pngOf(rasterize(scene, widthPx), dpi);
}

function isDark({ side, cells }: Modules, x: number, y: number): boolean {
  return x >= 0 && y >= 0 && x < side && y < side && cells[y * side + x] === 1;
}

test("every pixel of a PNG is the module that it lies in, whatever the size", () => {
  const quietZone = fc.integer({ min: 0, max: 5 });
  fc.assert(
    fc.property(modules, quietZone, fc.integer({ min: 0, max: 80 }), (of, quiet, extra) => {
      const scene = sceneOf(of, quiet, [10, 20, 30, 255], [250, 240, 230, 255]);
      const widthPx = scene.side + extra;
      const { modulePx, offsetPx } = snapGrid(scene.side, widthPx);
      const { width, height, data } = PNG.sync.read(paintPng(scene, { widthPx, dpi: null }));
      expect([width, height]).toEqual([widthPx, widthPx]);
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const [column, row] = [x, y].map((at) => Math.floor((at - offsetPx) / modulePx) - quiet);
          const expected = isDark(of, column as number, row as number) ? [10, 20, 30, 255] : [250, 240, 230, 255];
          if (
            !data
              .subarray((y * width + x) * 4)
              .subarray(0, 4)
              .equals(Uint8Array.from(expected))
          ) {
            throw new Error(`pixel ${x},${y} of ${widthPx} is not ${expected}`);
          }
        }
      }
    }),
  );
});

test("modules are whole pixels in the middle of the image", () => {
  expect(snapGrid(41, 600)).toEqual({ widthPx: 600, modulePx: 14, offsetPx: 13 });
  expect(snapGrid(41, 41)).toEqual({ widthPx: 41, modulePx: 1, offsetPx: 0 });
  expect(snapGrid(41, 40).modulePx).toBe(0);
});

test("outlines fill exactly the dark modules, by the even-odd rule and by winding", () => {
  fc.assert(
    fc.property(modules, (of) => {
      const outlines = traceOutlines(of);
      for (let y = 0; y < of.side; y++) {
        for (let x = 0; x < of.side; x++) {
          // A ray from the middle of the module to the left, counting the vertical edges that it crosses.
          let [crossings, winding] = [0, 0];
          for (const outline of outlines) {
            for (const [i, [fromX, fromY]] of outline.entries()) {
              const [, toY] = outline[(i + 1) % outline.length] as [number, number];
              if (fromX > x || Math.min(fromY, toY) > y || Math.max(fromY, toY) <= y) continue;
              crossings += 1;
              winding += Math.sign(toY - fromY);
            }
          }
          expect(crossings % 2 === 1).toBe(isDark(of, x, y));
          expect(winding !== 0).toBe(isDark(of, x, y));
        }
      }
    }),
  );
});

test("every corner of an outline turns", () => {
  fc.assert(
    fc.property(modules, (of) => {
      for (const outline of traceOutlines(of)) {
        for (const [i, [x, y]] of outline.entries()) {
          const [nextX, nextY] = outline[(i + 1) % outline.length] as [number, number];
          expect(i % 2 === 0 ? nextY : nextX).toBe(i % 2 === 0 ? y : x);
        }
      }
    }),
  );
});

/** Fills the paths of an SVG of ours into modules: what a viewer does, for the few commands that we use. */
function fillSvg(svg: string, side: number): string[] {
  const grid = Array.from({ length: side }, () => Array.from({ length: side }, () => ""));
  for (const [, attributes = "", path = ""] of svg.matchAll(/<path([^>]*) d="([^"]*)"\/>/g)) {
    const edges: [x: number, top: number, bottom: number][] = [];
    let [x, y, startX, startY] = [0, 0, 0, 0];
    const to = (nextX: number, nextY: number) => {
      edges.push([x, Math.min(y, nextY), Math.max(y, nextY)]);
      [x, y] = [nextX, nextY];
    };
    for (const [, command, numbers = ""] of path.matchAll(/([a-zA-Z])([^a-zA-Z]*)/g)) {
      const [a = 0, b = 0] = (numbers.match(/-?\d+/g) ?? []).map(Number);
      if (command === "m") [x, y] = [x + a, y + b];
      if (command === "M") [x, y] = [a, b];
      if (command === "m" || command === "M") [startX, startY] = [x, y];
      if (command === "h") to(x + a, y);
      if (command === "H") to(a, y);
      if (command === "v") to(x, y + a);
      if (command === "z") to(startX, startY);
    }
    const ink = /fill="([^"]*)"/.exec(attributes)?.[1] ?? "black";
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        const crossed = edges.filter(([at, top, bottom]) => at <= column && top <= row && row < bottom);
        if (crossed.length % 2 === 1) (grid[row] as string[])[column] = ink;
      }
    }
  }
  return grid.map((row) => row.join(","));
}

const svgOf = (scene: Scene, size: SvgOptions) => bufferOf(paintSvg(scene, size, zlibDeflate)).toString();

test("an SVG shows the modules that the PNG shows", () => {
  fc.assert(
    fc.property(modules, fc.integer({ min: 0, max: 4 }), (of, quiet) => {
      const scene = sceneOf(of, quiet, [16, 32, 48, 255]);
      const svg = svgOf(scene, { widthPx: 600, widthInches: null });
      const expected = Array.from({ length: scene.side }, (_, y) =>
        Array.from({ length: scene.side }, (_, x) => (isDark(of, x - quiet, y - quiet) ? "#102030" : "#fff")).join(","),
      );
      expect(fillSvg(svg, scene.side)).toEqual(expected);
    }),
  );
});

test("an SVG has its true size, and no ground where that is transparent", () => {
  const scene = sceneOf({ side: 1, cells: Uint8Array.of(1) }, 0, black, [0, 0, 0, 0]);
  expect(svgOf(scene, { widthPx: 600, widthInches: null })).toBe(
    '<svg xmlns="http://www.w3.org/2000/svg" width="600" height="600" viewBox="0 0 1 1" shape-rendering="crispEdges"><path d="M0 0h1v1h-1z"/></svg>',
  );
  expect(svgOf(scene, { widthPx: 600, widthInches: 1.5 })).toContain('width="1.5in" height="1.5in"');
  const veiled = sceneOf({ side: 1, cells: Uint8Array.of(1) }, 0, [255, 0, 0, 128], [0, 0, 0, 51]);
  expect(svgOf(veiled, { widthPx: 1, widthInches: null })).toMatch(
    /fill-opacity="0.2".*fill="#f00" fill-opacity="0.502"/,
  );
});

/** The data of a PNG's chunks by their names. */
function chunksOf(png: Buffer): Map<string, Buffer> {
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    chunks.set(png.toString("latin1", at + 4, at + 8), png.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  return chunks;
}

const symbol = makeSymbol("https://example.com", "M");
const { design } = readDesign({ data: "https://example.com" }, plans.enterprise);

test("a PNG says its resolution where it was given one, and only there", () => {
  const scene = layOut(symbol, design);
  const inPrint = chunksOf(paintPng(scene, { widthPx: 600, dpi: 300 })).get("pHYs");
  expect([inPrint?.readUInt32BE(0), inPrint?.readUInt32BE(4), inPrint?.[8]]).toEqual([11_811, 11_811, 1]);
  expect([...chunksOf(paintPng(scene, { widthPx: 600, dpi: null })).keys()]).toEqual(["IHDR", "PLTE", "IDAT", "IEND"]);
});

test("transparency is kept: clear ground, veiled ink", () => {
  const clear = layOut(symbol, { ...design, color: "#ff000080", background: "#00000000" });
  const { data } = PNG.sync.read(paintPng(clear, { widthPx: 330, dpi: null }));
  expect([...data.subarray(0, 4)]).toEqual([255, 255, 255, 0]);
  const firstModule = (45 * 330 + 45) * 4;
  expect([...data.subarray(firstModule, firstModule + 4)]).toEqual([255, 0, 0, 128]);
  const veiled = layOut(symbol, { ...design, color: "#00000080" });
  const opaque = PNG.sync.read(paintPng(veiled, { widthPx: 330, dpi: null })).data;
  expect([...opaque.subarray(firstModule, firstModule + 4)]).toEqual([127, 127, 127, 255]);
});
