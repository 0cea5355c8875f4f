import { expect, test } from "@jest/globals";
import { patterns } from "@qrfactory/domain/design-style";
import { pngPixels } from "@qrfactory/testing/decode";
import { loadImage } from "canvas";
import { PNG } from "pngjs";
import { paintScene } from "./paint.js";
import { paintPlainly, pngOf, rasterize } from "./rasterize.js";
import { designOf, pixelsOfImage, readTwice, sceneFor, styledText } from "./styles.fixture.js";

/** Of 255: cairo rounds coverage and blending once where a road rounds twice. */
const blendingTolerance = 3;

/** The largest difference between two images over white and over black, in any channel of any pixel. */
function difference(a: Buffer, b: Buffer): number {
  let most = 0;
  for (const shade of [255, 0]) {
    const [left, right] = [a, b].map((png) => pngPixels(png, { substrate: [shade, shade, shade] }).data);
    if (!left || !right || left.length !== right.length) return Number.POSITIVE_INFINITY;
    for (let i = 0; i < left.length; i++) most = Math.max(most, Math.abs((left[i] as number) - (right[i] as number)));
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
  ["a vertical gradient", { pattern: "dot", gradient_from: "#7b2ff7", gradient_to: "#c2185b" }, "graded"],
  [
    "a diagonal gradient in squares",
    { gradient_from: "#7b2ff7", gradient_to: "#181b5b", gradient_type: "diagonal" },
    "graded",
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
    "graded",
  ],
  ...patterns.slice(1).map((pattern): [string, object, string] => [pattern, { pattern, color: "#0b3d2e" }, "coverage"]),
])("the fast road shows what the plain one shows: %s", async (_name, fields, kind) => {
  for (const size of [137, 260]) {
    const scene = await sceneFor(designOf(fields));
    const fast = rasterize(scene, size);
    expect(fast.kind).toBe(kind);
    const worst = difference(pngOf(fast, null), pngOf(paintPlainly(scene, size), null));
    expect(worst).toBeLessThanOrEqual(kind === "squares" ? 1 : blendingTolerance);
  }
});

const gradient = { gradient_from: "#7b2ff7", gradient_to: "#c2185b" };
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
  const scene = await sceneFor(designOf(fields));
  const svg = paintScene(scene, designOf({ ...fields, size, format: "svg" })).bytes;
  // A PNG of squares stands on whole pixels, an SVG from edge to edge; this size leaves nothing over.
  const width = size - (size % scene.side);
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

test("every road writes the resolution that was asked for", async () => {
  for (const fields of [{}, { pattern: "dot" }, styled, { ...styled, background: "transparent" }]) {
    const design = designOf({ ...fields, size_inches: 1, dpi: 200 });
    const { bytes } = paintScene(await sceneFor(design), design);
    expect(PNG.sync.read(bytes).width).toBe(200);
    const at = bytes.indexOf("pHYs");
    expect([bytes.readUInt32BE(at + 4), bytes.readUInt32BE(at + 8), bytes[at + 12]]).toEqual([7_874, 7_874, 1]);
  }
});
