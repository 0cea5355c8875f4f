import { expect, test } from "@jest/globals";
import { layOut, type SceneParts } from "@qrfactory/drawing/scene/scene";
import type { Picture, Scene } from "@qrfactory/drawing/scene/shapes";
import { makeSymbol } from "@qrfactory/drawing/symbol/symbol";
import { pngPixels } from "@qrfactory/testing/decode";
import { loadImage } from "canvas";
import { paintScene } from "../draw/paint-scene.js";
import { pngOf, rasterize } from "./rasterize.js";
import { designOf, pixelsOfImage, readTwice, styledText } from "./styles.fixture.js";

/** A red picture, half transparent in its right half. */
function redPicture(width: number, height: number): Picture {
  const data = new Uint8Array(width * height * 4);
  for (let i = 0; i < width * height; i++) data.set([200, 0, 0, i % width < width / 2 ? 255 : 128], 4 * i);
  return { width, height, data };
}

const sky: Picture = { width: 2, height: 2, data: Uint8Array.from(Array(4).fill([200, 220, 255, 255]).flat()) };

function sceneOf(fields: object, parts: SceneParts): Scene {
  const design = designOf({ error_correction: "H", ...fields });
  return layOut(makeSymbol(design.text, design.errorCorrection), design, parts);
}

const logo = { picture: redPicture(12, 6), sizeRatio: 0.2, clearZone: true };

/** Colour of the pixel at shares of the width. */
function colorAt({ data, width }: { data: Uint8ClampedArray; width: number }, x: number, y: number): number[] {
  const at = (Math.floor(y * width) * width + Math.floor(x * width)) * 4;
  return [...data.subarray(at, at + 3)];
}

test.each([{}, { pattern: "dot", eye_shape: "circle" }])(
  "a logo lies in the middle, its clear zone is empty, the code is read: %j",
  async (fields) => {
    const scene = sceneOf(fields, { logo });
    const pixels = pngPixels(pngOf(rasterize(scene, 480), null));
    expect(await readTwice(pixels)).toEqual([styledText, styledText]);
    expect(colorAt(pixels, 0.48, 0.5)).toEqual([200, 0, 0]);
    const [red, green] = colorAt(pixels, 0.54, 0.5) as [number, number];
    expect([red, green].map((value) => Math.round(value / 10))).toEqual([23, 13]);
    // It is half as high as wide: above and below it, within the module around it, is ground.
    const half = (0.2 * (scene.side - 8)) / scene.side / 2;
    expect(colorAt(pixels, 0.5, 0.5 - half / 2 - 0.5 / scene.side)).toEqual([255, 255, 255]);
  },
);

test("without a clear zone the modules stay", () => {
  const shapesOf = (clearZone: boolean) => {
    const [squares] = sceneOf({}, { logo: { ...logo, clearZone } }).shapes;
    return squares?.kind === "squares" ? squares.modules.cells.filter((cell) => cell === 1).length : 0;
  };
  expect(shapesOf(false)).toBe(makeSymbol(styledText, "H").modules.cells.filter((cell) => cell === 1).length);
  expect(shapesOf(true)).toBeLessThan(shapesOf(false));
});

test("a clear zone never touches a finder eye", () => {
  const huge = { picture: redPicture(9, 9), sizeRatio: 0.35, clearZone: true };
  const design = designOf();
  for (const text of ["1", styledText, "x".repeat(300)]) {
    const whole = makeSymbol(text, "L");
    const [squares] = layOut(whole, design, { logo: huge }).shapes;
    if (squares?.kind !== "squares") throw new Error("squares are drawn as squares");
    const { side, cells } = squares.modules;
    for (let y = 0; y < 7; y++)
      expect(cells.subarray(y * side, y * side + 7)).toEqual(whole.modules.cells.subarray(y * side, y * side + 7));
  }
});

test("a backdrop covers the whole square, and the code on it is read", async () => {
  const scene = sceneOf({ pattern: "rounded" }, { backdrop: sky, logo });
  const pixels = pngPixels(pngOf(rasterize(scene, 400), null));
  expect(colorAt(pixels, 0.005, 0.995)).toEqual([200, 220, 255]);
  expect(await readTwice(pixels)).toEqual([styledText, styledText]);
});

test("every format holds its pictures", async () => {
  const scene = sceneOf({ pattern: "liquid" }, { backdrop: sky, logo });
  const bytesOf = (format: string) => paintScene(scene, designOf({ format, size: 360 })).bytes;
  const [svg, jpeg, pdf, eps] = ["svg", "jpeg", "pdf", "eps"].map(bytesOf) as [Buffer, Buffer, Buffer, Buffer];
  for (const bytes of [svg, jpeg]) {
    const pixels = pixelsOfImage(await loadImage(bytes), 360);
    expect(await readTwice(pixels)).toEqual([styledText, styledText]);
    const [red, green] = colorAt(pixels, 0.48, 0.5) as [number, number];
    expect(red - green).toBeGreaterThan(150);
  }
  // Two pictures, and a mask for the one that is not opaque.
  expect(pdf.toString("latin1").match(/\/Subtype\/Image/g)).toHaveLength(3);
  expect(eps.toString("latin1").match(/\/ImageType 1/g)).toHaveLength(2);
  // Nothing is fetched from elsewhere.
  expect(svg.toString().match(/href="[^"]{5}/g)).toEqual(['href="data:', 'href="data:']);
});
