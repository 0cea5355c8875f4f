import { expect, test } from "@jest/globals";
import { eyeBorderShapes, eyeCenterShapes, frameStyles, gradientTypes, patterns } from "@qrfactory/domain/design/style";
import { pngPixels } from "@qrfactory/testing/decode";
import { pngOf, rasterize } from "./rasterize.js";
import { designOf, readTwice, sceneFor, styledText } from "./styles.fixture.js";

async function read(fields: object) {
  const design = designOf({ size: 240, ...fields });
  const png = pngOf(rasterize(await sceneFor(design), design.widthPx), design.dpi);
  return readTwice(pngPixels(png));
}

/** Every value once in its turn, so that a few hundred pictures hold every pair of the longer lists. */
const at = <T>(list: readonly T[], i: number): T => list[i % list.length] as T;

test.each(patterns)("%s is read by two decoders with every eye and frame", async (pattern) => {
  for (const [i, border] of eyeBorderShapes.entries()) {
    const fields = {
      pattern,
      eye_border_shape: border,
      eye_center_shape: at(eyeCenterShapes, i + patterns.indexOf(pattern)),
      frame_style: at(["none", ...frameStyles], i + patterns.indexOf(pattern)),
    };
    expect([fields, ...(await read(fields))]).toEqual([fields, styledText, styledText]);
  }
});

test.each(eyeCenterShapes)("a %s in every ring is read by two decoders", async (center) => {
  for (const border of eyeBorderShapes) {
    const fields = { pattern: "rounded", eye_border_shape: border, eye_center_shape: center };
    expect([fields, ...(await read(fields))]).toEqual([fields, styledText, styledText]);
  }
});

test.each(gradientTypes)("a %s gradient is read by two decoders in every pattern", async (type) => {
  for (const pattern of patterns) {
    const fields = {
      pattern,
      gradient_from: "#4a00e0",
      gradient_to: "#c2185b",
      gradient_type: type,
      eye_color: "#1a1a40",
    };
    expect([fields, ...(await read(fields))]).toEqual([fields, styledText, styledText]);
  }
});
