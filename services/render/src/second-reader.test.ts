import { expect, test } from "@jest/globals";
import { lookAt, rasterize } from "./qr/rasterize.js";
import { designOf, sceneFor, styledText } from "./qr/styles.fixture.js";
import { readQrCodeAgain } from "./second-reader.js";

test.each([133, 134, 200, 301])(
  "the second decoder reads a picture of %i pixels, of odd and even sides",
  async (width) => {
    const scene = await sceneFor(designOf({ pattern: "rounded" }));
    expect(readQrCodeAgain(lookAt(rasterize(scene, width), [255, 255, 255, 255], 1))).toBe(styledText);
  },
);

test("the second decoder says that it reads nothing", () => {
  expect(readQrCodeAgain({ width: 51, height: 51, data: new Uint8Array(51 * 51).fill(255) })).toBeNull();
});
