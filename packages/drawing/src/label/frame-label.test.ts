import { expect, test } from "@jest/globals";
import { frameStyles } from "@qrfactory/domain/design/style";
import { fontFiles } from "../fonts.fixture.js";
import { type Box, layOutFrame } from "../scene/frames.js";
import type { Path } from "../scene/path.js";
import { type LabelRoom, placeLabel, requireLegible, shapeFrameLabel } from "./frame-label.js";
import { makeShapeLine } from "./shaper.js";

const shapeLine = makeShapeLine(fontFiles);

const symbolSide = 25;
const quietZone = 4;
const box: Box = { x: 0, y: 0, width: 30, height: 4 };

const room = (label: string, style: (typeof frameStyles)[number] = "banner-bottom", widthPx = 600) => ({
  frame: { style, label, color: null, labelColor: null },
  ...{ symbolSide, quietZone, widthPx },
});

function extentOf({ numbers }: Path) {
  const of = (axis: number) => numbers.filter((_, i) => i % 2 === axis);
  const [xs, ys] = [of(0), of(1)];
  return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
}

async function shapeIn(place: LabelRoom) {
  const lines = await shapeFrameLabel(place.frame.label, shapeLine);
  requireLegible(lines, place);
  return lines;
}

const placed = async (label: string, into = box) => extentOf(placeLabel(await shapeIn(room(label)), into));

test("labels of a series have one size and one baseline, whatever letters are in them", async () => {
  const [flat, accents, hanging] = await Promise.all(["TABLE", "TÂBLÉ", "TABLEg"].map((label) => placed(label)));
  expect(accents?.bottom).toBeCloseTo(flat?.bottom as number, 1);
  expect(hanging?.bottom).toBeGreaterThan((flat?.bottom as number) + 0.5);
  // Capitals stand in the middle of the box.
  expect(((flat?.top as number) + (flat?.bottom as number)) / 2).toBeCloseTo(box.height / 2, 1);
  expect(accents?.top).toBeLessThan(flat?.top as number);
});

test("a long label is set in two lines, and each letter is larger than in one", async () => {
  const words = "Scan me for the menu & the wine list, ok";
  expect(await shapeIn(room(words))).toHaveLength(2);
  const both = await placed(words);
  const one = extentOf(placeLabel([await shapeLine(words)], box));
  expect(both.bottom - both.top).toBeGreaterThan(1.5 * (one.bottom - one.top));
  expect(await shapeIn(room("Menu"))).toHaveLength(1);
  expect(await shapeIn(room("扫描二维码查看菜单和价格".repeat(2)))).toHaveLength(2);
});

test.each(frameStyles)("no label of a frame %s leaves its frame", async (style) => {
  for (const label of ["Scan me", "gjpqy ÅÉÖ", "QUÉT MÃ ĐỂ XEM THỰC ĐƠN", "Scan me for the menu & the wine list, ok"]) {
    const { bounds, labelBox } = layOutFrame({ style, label }, { symbolSide, quietZone, widthPx: 600 });
    const { left, right, top, bottom } = extentOf(placeLabel(await shapeIn(room(label, style)), labelBox));
    expect(left).toBeGreaterThan(bounds.x + 0.5);
    expect(right).toBeLessThan(bounds.x + bounds.width - 0.5);
    expect(top).toBeGreaterThan(bounds.y + 0.3);
    expect(bottom).toBeLessThan(bounds.y + bounds.height - 0.3);
  }
});

test("letters too small to be read are refused, with what would do", async () => {
  const word = "x".repeat(40);
  await expect(shapeIn(room(word, "box", 200))).rejects.toMatchObject({
    code: "validation_failed",
    errors: {
      frame_label: [expect.stringMatching(/Shorten the label to about \d+ characters, or raise size to \d+\.$/)],
    },
  });
  const message = await shapeIn(room(word, "box", 200)).catch((error: Error) => error.message);
  const [characters = 0, size = 0] = (/(\d+) characters.* (\d+)\.$/.exec(String(message)) ?? []).slice(1).map(Number);
  await expect(shapeIn(room(word, "box", size))).resolves.toBeDefined();
  await expect(shapeIn(room("x".repeat(characters), "box", 200))).resolves.toBeDefined();
});
