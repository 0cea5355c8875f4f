import { expect, test } from "@jest/globals";
import { readDesign } from "@qrfactory/domain/design/design";
import { plans } from "@qrfactory/domain/plan/plans";
import { layOut } from "@qrfactory/drawing/scene/scene";
import type { Scene } from "@qrfactory/drawing/scene/shapes";
import { makeSymbol, type QrSymbol } from "@qrfactory/drawing/symbol/symbol";
import { drawDesign } from "../draw/draw-design.js";
import { checkScan } from "./scan-check.js";

const text = "https://example.com/a-page";

function sceneOf(fields: object = {}, symbol: QrSymbol = makeSymbol(text, "M")): Scene {
  return layOut(symbol, readDesign({ data: text, ...fields }, plans.enterprise).design);
}

async function check(fields: object = {}, widthPx = 600) {
  return checkScan(sceneOf(fields), text, { widthPx, raster: null });
}

test.each<[string, object, number, number, number]>([
  ["black on white", {}, 600, 100, 100],
  ["dark blue on transparent", { color: "#0a3d91ff", background: "#00000000" }, 600, 100, 100],
  ["white on transparent, as for a dark shirt", { color: "#ffffffff", background: "#00000000" }, 600, 70, 80],
  ["white on black", { color: "#ffffffff", background: "#000000ff" }, 600, 70, 80],
  ["red on white", { color: "#ff0000ff" }, 600, 80, 99],
  ["orange on white", { color: "#ffa500ff" }, 600, 20, 50],
  ["grey on white", { color: "#b5b5b5ff" }, 600, 1, 30],
  ["one pixel a module", {}, 40, 70, 70],
  ["two pixels a module", {}, 80, 90, 90],
  ["no quiet zone", { quiet_zone: 0 }, 600, 90, 90],
])("%s is readable and scores as it should", async (_name, change, widthPx, least, most) => {
  const result = await check(change, widthPx);
  expect(result).toMatchObject({ isReadable: true, advice: "" });
  expect(result.score).toBeGreaterThanOrEqual(least);
  expect(result.score).toBeLessThanOrEqual(most);
});

test.each([
  ["white on white", "#ffffffff", "#ffffffff"],
  ["yellow on white", "#ffff00ff", "#ffffffff"],
  ["cyan on white", "#00ffffff", "#ffffffff"],
  ["light grey on white", "#bbbbbbff", "#ffffffff"],
  ["dark red on aubergine", "#9d0208ff", "#3a0c23ff"],
  ["two greys", "#777777ff", "#888888ff"],
  ["black on nearly black", "#000000ff", "#1a1a1aff"],
  ["a veil of black", "#00000020", "#ffffffff"],
])("%s is not readable, whatever a decoder makes of it", async (_name, color, background) => {
  const result = await check({ color, background });
  expect(result).toMatchObject({ isReadable: false, score: 0 });
  expect(result.advice).toContain("contrast");
});

test("a symbol that says something else is not readable", async () => {
  const scene = sceneOf();
  expect(await checkScan(scene, `${text}!`, { widthPx: 600, raster: null })).toMatchObject({
    isReadable: false,
    score: 0,
  });
});

test("a damaged symbol loses score before it loses its text", async () => {
  const symbol = makeSymbol(text, "H");
  const { side, cells } = symbol.modules;
  const middle = Math.floor(side / 2);
  for (let y = middle - 2; y <= middle; y++) cells.fill(1, y * side + middle - 2, y * side + middle + 1);
  const result = await checkScan(sceneOf({}, symbol), text, { widthPx: 600, raster: null });
  expect(result.isReadable).toBe(true);
  expect(result.score).toBeLessThan(100);
  for (let y = 8; y < side - 8; y++) cells.fill(1, y * side, (y + 1) * side);
  expect((await checkScan(sceneOf({}, symbol), text, { widthPx: 600, raster: null })).isReadable).toBe(false);
});

test.each<[string, object, string]>([
  ["a gradient that fades away", { gradient_from: "black", gradient_to: "#eee" }, "gradient_to"],
  ["eyes like the background", { eye_color: "#fefefe" }, "eye_border_color"],
  ["light eyes in a dark symbol", { background: "#888", eye_center_color: "white" }, "eye_center_color is lighter"],
])("%s is refused by its field", async (_name, fields, named) => {
  const result = await check(fields);
  expect(result).toMatchObject({ isReadable: false, score: 0 });
  expect(result.advice).toContain(named);
});

test("stars of less than two pixels are refused with what would help", async () => {
  const result = await check({ pattern: "star", eye_center_shape: "star", quiet_zone: 0 }, 40);
  expect(result.isReadable).toBe(false);
  expect(result.advice).toMatch(/a quiet_zone of 4, a size of \d+ pixels or more/);
});

test.each([120, 200, 300, 400, 500, 512, 600, 1_000])(
  "round eyes that one decoder stumbles over as delivered are readable at %i pixels, for another reads them",
  async (size) => {
    for (const data of [
      text,
      "https://example.com",
      "https://example.com/menu/summer",
      "HTTPS://EXAMPLE.COM/Q/7K2MWX9P",
    ]) {
      const { design } = readDesign({ data, size, eye_border_shape: "circle" }, plans.enterprise);
      const { scan } = await drawDesign(design, { checked: true });
      expect(scan).toMatchObject({ isReadable: true, advice: "" });
      expect(scan?.score).toBeGreaterThanOrEqual(60);
    }
  },
);

test.each([300, 500, 512, 600])(
  "kanji, which the second decoder does not know, are read by the first in more views: %i",
  async (size) => {
    const data = "日本語のテキスト、メニュー";
    const { design } = readDesign({ data_type: "text", data, size, eye_border_shape: "circle" }, plans.enterprise);
    expect((await drawDesign(design, { checked: true })).scan).toMatchObject({ isReadable: true });
  },
);

test("a refusal says how often each decoder read the code", async () => {
  const result = await check({ pattern: "star", eye_center_shape: "star", quiet_zone: 0 }, 40);
  expect(result.advice).toMatch(/of 6 views of it zxing-cpp read \d and npm qr \d, where \d by each would do/);
});
