import { expect, test } from "@jest/globals";
import { clearingOf } from "./clearing.js";
import type { Box } from "./frames.js";
import { placeLogo } from "./logo.js";
import type { Picture } from "./shapes.js";

const side = 33;
const size = 90;

/** A picture that is opaque where `is` says so; coordinates from -1 to 1. */
function pictureOf(is: (x: number, y: number) => boolean): Picture {
  const data = new Uint8Array(size * size * 4);
  for (let i = 0; i < size * size; i++) {
    const [x, y] = [((i % size) + 0.5) / (size / 2) - 1, (Math.floor(i / size) + 0.5) / (size / 2) - 1];
    if (is(x, y)) data[4 * i + 3] = 255;
  }
  return { width: size, height: size, data };
}

/** The clearing as rows of `#` and `.`, and how many modules it has. */
function clearingFor(picture: Picture) {
  const { box, cleared } = placeLogo(side, { picture, sizeRatio: 0.3, clearZone: true });
  const isCleared = clearingOf(box, cleared as Box, picture);
  const rows = Array.from({ length: side }, (_, y) =>
    Array.from({ length: side }, (_, x) => (isCleared(x, y) ? "#" : ".")).join(""),
  );
  return { text: rows.filter((row) => row.includes("#")), count: rows.join("").replaceAll(".", "").length };
}

test("a square logo has the whole rectangle", () => {
  const picture = pictureOf(() => true);
  const { cleared } = placeLogo(side, { picture, sizeRatio: 0.3, clearZone: true });
  expect(clearingFor(picture).count).toBe((cleared?.width ?? 0) * (cleared?.height ?? 0));
});

test("a round logo has a round clearing, with a module free on every side", () => {
  const { text, count } = clearingFor(pictureOf((x, y) => Math.hypot(x, y) <= 1));
  const square = clearingFor(pictureOf(() => true)).count;
  expect(count).toBeLessThan(0.92 * square);
  expect(count).toBeGreaterThan(0.7 * square);
  // The same from every side.
  expect([...text].reverse()).toEqual(text);
  expect(text.map((row) => [...row].reverse().join(""))).toEqual(text);
});

test("what a logo encloses is cleared with it", () => {
  const disc = clearingFor(pictureOf((x, y) => Math.hypot(x, y) <= 1));
  expect(clearingFor(pictureOf((x, y) => Math.abs(Math.hypot(x, y) - 0.9) <= 0.1)).text).toEqual(disc.text);
});

test("a shadow is no outline", () => {
  const picture = pictureOf((x, y) => Math.hypot(x, y) <= 0.5);
  const shaded = { ...picture, data: picture.data.map((value, i) => (i % 4 === 3 && value === 0 ? 20 : value)) };
  expect(clearingFor(shaded).text).toEqual(clearingFor(picture).text);
});
