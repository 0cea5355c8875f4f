import { expect, test } from "@jest/globals";
import { composite, contrastRatio, normalizeColor, type Rgba, rgbaOf } from "@qrfactory/domain/design/color";
import { groundColor, inkColor } from "@qrfactory/domain/design/color-fields";
import fc from "fast-check";

test.each([
  ["black", "#000000ff"],
  ["white", "#ffffffff"],
  ["transparent", "#00000000"],
  ["#FA0", "#ffaa00ff"],
  ["#Fa0", "#ffaa00ff"],
  ["#ffaa00", "#ffaa00ff"],
  ["#FFAA00FF", "#ffaa00ff"],
  ["#ffaa0080", "#ffaa0080"],
  ["#ffaa0000", "#00000000"],
])("%s is %s", (text, normal) => {
  expect(normalizeColor(text)).toBe(normal);
});

test.each([
  "",
  "Black",
  "red",
  "#ff",
  "#ffff",
  "#fffff",
  "#ggg",
  "#fff ",
  " #fff",
  "rgb(0,0,0)",
  "#fff\n",
  "__proto__",
])("%j is not a colour", (text) => {
  expect(normalizeColor(text)).toBeNull();
  expect(groundColor.safeParse(text).success).toBe(false);
});

test("one may draw on transparent, but not with it", () => {
  expect(groundColor.parse("transparent")).toBe("#00000000");
  expect(inkColor.safeParse("transparent").success).toBe(false);
});

test("the components of any colour are those that were spelled", () => {
  const component = fc.integer({ min: 0, max: 255 });
  fc.assert(
    fc.property(fc.tuple(component, component, component, fc.integer({ min: 1, max: 255 })), (rgba) => {
      const text = `#${rgba.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
      expect(rgbaOf(normalizeColor(text) ?? "")).toEqual(rgba);
    }),
  );
});

const black: Rgba = [0, 0, 0, 255];
const white: Rgba = [255, 255, 255, 255];
const clear: Rgba = [0, 0, 0, 0];

test("painting over: opaque hides, clear leaves, half mixes", () => {
  expect(composite(black, white)).toEqual(black);
  expect(composite(clear, white)).toEqual(white);
  expect(composite(white, clear)).toEqual(white);
  expect(composite(clear, clear)).toEqual(clear);
  expect(composite([0, 0, 0, 128], white)).toEqual([127, 127, 127, 255]);
  expect(composite([255, 0, 0, 128], [0, 0, 255, 128])).toEqual([170, 0, 85, 192]);
});

test("contrast runs from 1 to 21, whichever of the two comes first", () => {
  expect(contrastRatio(black, white)).toBeCloseTo(21);
  expect(contrastRatio(white, black)).toBeCloseTo(21);
  expect(contrastRatio(white, white)).toBe(1);
  expect(contrastRatio([119, 119, 119, 255], white)).toBeCloseTo(4.48, 2);
});
