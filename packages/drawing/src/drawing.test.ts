import { deflateSync } from "node:zlib";
import { expect, test } from "@jest/globals";
import { readDesign } from "@qrfactory/domain/design/design";
import { plans } from "@qrfactory/domain/plan/plans";
import { decodeOne } from "@qrfactory/testing/decode";
import { drawImage, hasIndexedPng, layOutDesign, paintImage, shapeLabel } from "./drawing.js";
import { fontFiles } from "./fonts.fixture.js";
import { makeShapeLine } from "./label/shaper.js";
import type { Deflate } from "./paint/deflate.js";

const text = "https://example.com/menu";
const deflate: Deflate = (bytes) => deflateSync(bytes);
const designOf = (fields: object) => readDesign({ data: text, ...fields }, plans.enterprise).design;

test("flat squares become a PNG that is read", async () => {
  const design = designOf({ format: "png", eye_color: "#9d0208" });
  expect(hasIndexedPng(layOutDesign(design).scene)).toBe(true);
  expect(await decodeOne(await drawImage(design, { deflate }))).toBe(text);
});

test.each([
  ["a PNG of curves", { format: "png", pattern: "dot" }],
  ["a JPEG", { format: "jpeg" }],
])("%s is refused, with what there is instead", (_name, fields) => {
  const design = designOf(fields);
  const { scene } = layOutDesign(design);
  expect(() => paintImage(scene, design, deflate)).toThrow(RangeError);
  expect(() => paintImage(scene, design, deflate)).toThrow(/SVG, PDF, EPS, and PNG of flat squares/);
  expect(paintImage(scene, { ...design, format: "svg" }, deflate).length).toBeGreaterThan(0);
});

test("a design that is too small for its modules is refused with the size that would do", () => {
  const design = designOf({ data: "x".repeat(1_500), data_type: "text", size: 100 });
  expect(() => layOutDesign(design)).toThrow(/needs at least \d+ pixels; 100 are too few/);
});

const framed = designOf({ format: "svg", frame_style: "box", frame_label: "Scan me" });

test("a label needs a shaper, and is drawn by it", async () => {
  await expect(drawImage(framed, { deflate })).rejects.toThrow(RangeError);
  const shapeLine = makeShapeLine(fontFiles);
  const image = await drawImage(framed, { deflate, shapeLine });
  const label = await shapeLabel(framed, shapeLine);
  expect(paintImage(layOutDesign(framed, { label }).scene, framed, deflate)).toEqual(image);
  expect(image.length).toBeGreaterThan(paintImage(layOutDesign(framed).scene, framed, deflate).length);
});

test("without a label there is none to shape", async () => {
  expect(await shapeLabel(designOf({ frame_style: "box" }), makeShapeLine(fontFiles))).toBeNull();
});
