import { expect, test } from "@jest/globals";
import { lookAt, rasterize } from "../canvas/rasterize.js";
import { designOf, sceneFor, styledText } from "../canvas/styles.fixture.js";
import { isReadAgain } from "./second-reader.js";

test.each([133, 134, 200, 301])(
  "the second decoder reads a picture of %i pixels, of odd and even sides",
  async (width) => {
    const scene = await sceneFor(designOf({ pattern: "rounded" }));
    expect(isReadAgain(lookAt(rasterize(scene, width), [255, 255, 255, 255], 1), styledText)).toBe(true);
  },
);

test("the second decoder says that it reads nothing", () => {
  const nothing = { width: 51, height: 51, data: new Uint8Array(51 * 51).fill(255) };
  expect(isReadAgain(nothing, styledText)).toBe(false);
});
