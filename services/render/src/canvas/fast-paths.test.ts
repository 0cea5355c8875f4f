import { expect, test } from "@jest/globals";
import { eyeBorderShapes, eyeCenterShapes, gradientTypes, patterns } from "@qrfactory/domain/design/style";
import { layOut, type SceneParts } from "@qrfactory/drawing/scene/scene";
import type { Picture, Scene } from "@qrfactory/drawing/scene/shapes";
import { makeSymbol } from "@qrfactory/drawing/symbol/symbol";
import { pngPixels } from "@qrfactory/testing/decode";
import { loadImage } from "canvas";
import { PNG } from "pngjs";
import { paintScene } from "../draw/paint-scene.js";
import { multipliedPixelsOf } from "./canvas.js";
import { paintPlainly, pngOf, rasterize } from "./rasterize.js";
import { designOf, pixelsOfImage, readTwice, sceneFor, styledText } from "./styles.fixture.js";

/**
 * Of 255: cairo rounds coverage and blending at other places than a fast path does; a veiled ground is divided out
 * again.
 */
const roundingMax = { squares: 1, layers: 2, coverage: 3, painting: 0 };

/** Taken out once: the test runner finds globals slowly. */
const { abs, max } = Math;

/** The largest difference between two images over white and over black, in any channel of any pixel. */
function difference(a: Buffer, b: Buffer): number {
  let most = 0;
  for (const shade of [255, 0]) {
    const [left, right] = [a, b].map((png) => pngPixels(png, { substrate: [shade, shade, shade] }).data);
    if (!left || !right || left.length !== right.length) return Number.POSITIVE_INFINITY;
    for (let i = 0; i < left.length; i++) most = max(most, abs((left[i] as number) - (right[i] as number)));
  }
  return most;
}

test.each<[string, object, string]>([
  ["plain squares", {}, "squares"],
  ["veiled squares on nothing", { color: "#1d355780", background: "transparent" }, "squares"],
  ["squares and eyes of three colours", { eye_border_color: "#a00", eye_center_color: "#00a" }, "squares"],
  ["a frame in the same colour", { frame_style: "ticket", frame_label: "Menu" }, "coverage"],
  ["veiled dots", { pattern: "dot", eye_shape: "circle", color: "#1d355780" }, "coverage"],
  ["dots on nothing", { pattern: "dot", background: "transparent" }, "coverage"],
  ["dots on a veil", { pattern: "dot", background: "#ffffff80", color: "#300" }, "coverage"],
  ["a vertical gradient", { pattern: "dot", gradient_from: "#7b2ff7", gradient_to: "#c2185b" }, "layers"],
  [
    "a diagonal gradient in squares",
    { gradient_from: "#7b2ff7", gradient_to: "#181b5b", gradient_type: "diagonal" },
    "layers",
  ],
  [
    "a radial gradient in a frame",
    {
      pattern: "liquid",
      gradient_from: "#fff",
      gradient_to: "#ff8",
      gradient_type: "radial",
      background: "#123",
      frame_style: "box",
    },
    "layers",
  ],
  ...patterns.slice(1).map((pattern): [string, object, string] => [pattern, { pattern, color: "#0b3d2e" }, "coverage"]),
])("the fast path shows what the plain one shows: %s", async (_name, fields, kind) => {
  for (const size of [137, 260]) {
    // A frame is laid out for the size of its image.
    const scene = await sceneFor(designOf({ ...fields, size }));
    const fast = rasterize(scene, size);
    expect(fast.kind).toBe(kind);
    const worst = difference(pngOf(fast, null), pngOf(paintPlainly(scene, size), null));
    expect(worst).toBeLessThanOrEqual(roundingMax[fast.kind]);
  }
});

const gradient = { gradient_from: "#7b2ff7", gradient_to: "#c2185b" };

const sky: Picture = { width: 2, height: 2, data: Uint8Array.from(Array(4).fill([200, 220, 255, 255]).flat()) };

/**
 * Stripes in many colours, opaque at the left and half transparent at the right, too wide for its box and not a square.
 */
function stripes(): Picture {
  const [width, height] = [64, 48];
  const data = new Uint8Array(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    data.set([(x * 29) % 256, (y * 53) % 256, ((x + y) * 17) % 256, x < width / 2 ? 255 : 128], 4 * i);
  }
  return { width, height, data };
}

/** The largest difference between layers and a painting of an opaque scene. */
function differenceOnGround(scene: Scene, size: number): number {
  const [fast, plain] = [rasterize(scene, size), paintPlainly(scene, size)];
  if (fast.kind !== "layers") throw new Error(`painted as ${fast.kind}`);
  const pixels = multipliedPixelsOf(plain.painting);
  let most = 0;
  for (let y = 0, at = 0; y < size; y++) {
    const row = fast.rowAt(y);
    // Cairo keeps blue, green, red and alpha.
    for (let x = 0; x < row.length; x += 3, at += 4) {
      for (let i = 0; i < 3; i++) {
        most = max(most, abs((row[x + i] as number) - (pixels[at + 2 - i] as number)));
      }
    }
  }
  return most;
}

test.each(patterns)("layers show what the plain path shows, whatever the eyes, gradient and logo: %s", (pattern) => {
  const picture = stripes();
  for (const [i, eye_border_shape] of eyeBorderShapes.entries()) {
    const eye_center_shape = eyeCenterShapes[i % eyeCenterShapes.length];
    for (const gradient_type of gradientTypes) {
      for (const clearZone of [true, false]) {
        const design = designOf({ pattern, eye_border_shape, eye_center_shape, gradient_type, ...gradient });
        const logo = { picture, sizeRatio: 0.25, clearZone };
        const scene = layOut(makeSymbol(design.text, "H"), design, { logo });
        expect(differenceOnGround(scene, 137)).toBeLessThanOrEqual(roundingMax.layers);
      }
    }
  }
});

test.each<[string, object, SceneParts]>([
  ["one colour and a logo", { pattern: "dot" }, { logo: { picture: stripes(), sizeRatio: 0.3, clearZone: true } }],
  ["squares and a small picture", {}, { logo: { picture: sky, sizeRatio: 0.2, clearZone: false } }],
  ["a backdrop", { pattern: "star", gradient_from: "#300", gradient_to: "#003" }, { backdrop: stripes() }],
  ["a veil on a backdrop", { pattern: "dot", color: "#300000c0" }, { backdrop: sky }],
  [
    "veils of several colours",
    { gradient_from: "#7b2ff780", gradient_to: "#181b5b", eye_color: "#a00000c0", pattern: "liquid" },
    { logo: { picture: stripes(), sizeRatio: 0.3, clearZone: false } },
  ],
])("layers show what the plain path shows: %s", (_name, fields, parts) => {
  const design = designOf(fields);
  const scene = layOut(makeSymbol(design.text, "H"), design, parts);
  for (const size of [137, 260]) expect(differenceOnGround(scene, size)).toBeLessThanOrEqual(roundingMax.layers);
});

const styled = {
  ...gradient,
  pattern: "liquid",
  eye_shape: "rounded",
  frame_style: "banner-bottom",
  frame_label: "Scan me",
};

test.each<[string, object]>([
  ["plain", {}],
  ["coloured eyes", { pattern: "dot", eye_color: "#c2185b", eye_border_shape: "leaf-br" }],
  ["a vertical gradient", styled],
  ["a radial gradient", { ...styled, gradient_type: "radial", frame_style: "ticket" }],
  ["a veiled gradient", { ...gradient, gradient_from: "#7b2ff7a0", pattern: "hexagon", background: "transparent" }],
])("an SVG shows what the PNG shows, by another renderer: %s", async (_name, fields) => {
  const size = 410;
  const design = designOf({ ...fields, size, format: "svg" });
  const scene = await sceneFor(design);
  const svg = paintScene(scene, design).bytes;
  // A PNG of squares stands on whole pixels, an SVG from edge to edge; this size leaves nothing over.
  const width = Math.round(Math.floor(size / scene.side) * scene.side);
  const seen = pixelsOfImage(
    await loadImage(Buffer.from(svg.toString().replaceAll(`="${size}"`, `="${width}"`))),
    width,
  );
  const png = pngPixels(pngOf(paintPlainly(scene, width), null));
  let off = 0;
  for (let i = 0; i < seen.data.length; i += 4) {
    const distance = Math.abs((seen.data[i + 1] as number) - (png.data[i + 1] as number));
    // Two renderers place the shades of an edge differently by a fraction of a pixel.
    if (distance > 48) off++;
  }
  expect(off).toBeLessThan(width * width * 0.002);
  expect(await readTwice(seen)).toEqual([styledText, styledText]);
});

test("a JPEG is exactly the size asked, and white where the background lets through", async () => {
  for (const fields of [styled, { background: "transparent" }, { pattern: "star", background: "#00000000" }]) {
    const design = designOf({ ...fields, format: "jpeg", size: 347 });
    const image = await loadImage(paintScene(await sceneFor(design), design).bytes);
    expect([image.naturalWidth, image.naturalHeight]).toEqual([347, 347]);
    const pixels = pixelsOfImage(image, 347);
    expect(Math.min(...pixels.data.subarray(0, 3))).toBeGreaterThan(250);
    expect(await readTwice(pixels)).toEqual([styledText, styledText]);
  }
});

test.each(["png", "jpeg", "svg", "pdf", "eps"])("the same design gives the same %s every time", async (format) => {
  for (const fields of [
    {},
    styled,
    { pattern: "dot" },
    { ...styled, background: "transparent", frame_label: "مرحبا 你好" },
  ]) {
    const design = designOf({ ...fields, format, size: 300 });
    const [first, second] = [await sceneFor(design), await sceneFor(design)].map((scene) => paintScene(scene, design));
    expect(first?.bytes.equals(second?.bytes ?? Buffer.alloc(0))).toBe(true);
  }
});

test("every path writes the resolution that was asked for", async () => {
  for (const fields of [{}, { pattern: "dot" }, styled, { ...styled, background: "transparent" }]) {
    const design = designOf({ ...fields, size_inches: 1, dpi: 200 });
    const { bytes } = paintScene(await sceneFor(design), design);
    expect(PNG.sync.read(bytes).width).toBe(200);
    const at = bytes.indexOf("pHYs");
    expect([bytes.readUInt32BE(at + 4), bytes.readUInt32BE(at + 8), bytes[at + 12]]).toEqual([7_874, 7_874, 1]);
  }
});

test("a JPEG carries its resolution", async () => {
  for (const [fields, dpi] of [
    [{}, 300],
    [{ dpi: 96 }, 96],
    [{ size_inches: 1, dpi: 600 }, 600],
  ] as const) {
    const design = designOf({ ...fields, format: "jpeg" });
    const { bytes } = paintScene(await sceneFor(design), design);
    // JFIF 1.02: a name, the version, the unit (1 for an inch), and the density in both directions.
    expect(bytes.subarray(6, 11).toString("latin1")).toBe("JFIF\0");
    expect([bytes[13], bytes.readUInt16BE(14), bytes.readUInt16BE(16)]).toEqual([1, dpi, dpi]);
  }
});

/** The colours along the four edges of an image. */
function edgeColors(png: Buffer): Set<string> {
  const { width, height, data } = PNG.sync.read(png);
  const colorAt = (x: number, y: number) => [...data.subarray(4 * (y * width + x), 4 * (y * width + x) + 4)].join();
  const colors = new Set<string>();
  for (let i = 0; i < width; i++) {
    for (const color of [colorAt(i, 0), colorAt(i, height - 1), colorAt(0, i), colorAt(width - 1, i)])
      colors.add(color);
  }
  return colors;
}

test.each(["squares", "dot"])("a background picture reaches all edges, whatever modules leave over: %s", (pattern) => {
  const red: Picture = { width: 50, height: 50, data: Uint8Array.from(Array(2_500).fill([200, 0, 0, 255]).flat()) };
  for (const background of ["white", "transparent"]) {
    const design = designOf({ pattern, background, size: 600 });
    const scene = layOut(makeSymbol(design.text, "H"), design, { backdrop: red });
    for (const size of [600, 601, 637, 120]) {
      expect([...edgeColors(pngOf(rasterize(scene, size), null))]).toEqual(["200,0,0,255"]);
    }
  }
});
