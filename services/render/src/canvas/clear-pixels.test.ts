import { inflateSync } from "node:zlib";
import { expect, test } from "@jest/globals";
import { patterns } from "@qrfactory/domain/design/style";
import { layOut } from "@qrfactory/drawing/scene/scene";
import { makeSymbol } from "@qrfactory/drawing/symbol/symbol";
import type { Pixels } from "@qrfactory/testing/decode";
import { PNG } from "pngjs";
import { paintScene } from "../draw/paint-scene.js";
import { starLogo } from "./star-logo.fixture.js";
import { designOf, readTwice, styledText } from "./styles.fixture.js";

/** Pixels of a program that knows no transparency: each in its colour. */
function withoutAlpha(png: Buffer): Pixels {
  const { width, height, data } = PNG.sync.read(png);
  const pixels = Uint8ClampedArray.from(data);
  for (let i = 3; i < pixels.length; i += 4) pixels[i] = 255;
  return { width, height, data: pixels };
}

const logo = { picture: starLogo("#7b1e3b"), sizeRatio: 0.22, clearZone: true };

function drawn(fields: object, { hasLogo }: { hasLogo: boolean }): Buffer {
  const design = designOf({ background: "transparent", size: 500, ...fields });
  return paintScene(layOut(makeSymbol(design.text, "H"), design, hasLogo ? { logo } : {}), design).bytes;
}

const gradient = { gradient_from: "#7b2ff7", gradient_to: "#c2185b" };

test.each<[string, object]>([
  ...patterns.map((pattern): [string, object] => [pattern, { pattern }]),
  ["a gradient", { ...gradient, pattern: "rounded" }],
  ["eyes of other colours", { eye_border_color: "#a00", eye_center_color: "#00a" }],
  ["a frame", { pattern: "liquid", frame_style: "ticket" }],
  ["veiled ink", { color: "#1d3557c0", pattern: "dot" }],
])("a PNG on nothing is read by programs that drop alpha: %s", async (_name, fields) => {
  for (const hasLogo of [false, true]) {
    const pixels = withoutAlpha(drawn(fields, { hasLogo }));
    expect([...pixels.data.subarray(0, 3)]).toEqual([255, 255, 255]);
    expect(await readTwice(pixels)).toEqual([styledText, styledText]);
  }
});

test("light ink on nothing is meant for dark surfaces, and stays on one without alpha", () => {
  for (const pattern of ["squares", "dot"]) {
    for (const hasLogo of [false, true]) {
      const { data } = withoutAlpha(drawn({ color: "#ffeeaa", pattern }, { hasLogo }));
      expect([...data.subarray(0, 3)]).toEqual([0, 0, 0]);
    }
  }
});

/** Pixels that are fully clear but have another colour than white. */
function darkClearPixels(data: Uint8Array, alphaAt: (i: number) => number, channels: 3 | 4): number {
  let count = 0;
  for (let i = 0; i * channels < data.length; i++) {
    const color = data.subarray(channels * i, channels * i + 3);
    if (alphaAt(i) === 0 && color.some((share) => share !== 255)) count++;
  }
  return count;
}

test("the picture in an SVG is white where it is clear", () => {
  const svg = drawn({ format: "svg" }, { hasLogo: true }).toString();
  const png = Buffer.from(/base64,([^"]*)/.exec(svg)?.[1] ?? "", "base64");
  const { data } = PNG.sync.read(png);
  expect(data.some((_, i) => i % 4 === 3 && data[i] === 0)).toBe(true);
  expect(darkClearPixels(data, (i) => data[4 * i + 3] as number, 4)).toBe(0);
});

test("the picture in a PDF is white where it is clear", () => {
  const pdf = drawn({ format: "pdf" }, { hasLogo: true });
  const streams = [
    ...pdf.toString("latin1").matchAll(/\/Subtype\/Image[^>]*\/Length (\d+)\/Filter\/FlateDecode>>stream\n/g),
  ].map(({ 0: whole, 1: length, index }) =>
    inflateSync(pdf.subarray(index + whole.length, index + whole.length + Number(length))),
  );
  const [mask, color] = streams as [Buffer, Buffer];
  expect(mask.includes(0)).toBe(true);
  expect(darkClearPixels(color, (i) => mask[i] as number, 3)).toBe(0);
});
