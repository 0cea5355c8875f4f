// One image, made by Node.js and by a browser out of the same code: what is bundled for the test of both.
import { zlibSync } from "fflate";
import type { DesignCase, PictureSeed } from "./designs.fixture.js";
import { drawImage, layOutDesign, paintImage, shapeLabel } from "./drawing.js";
import type { FontFiles } from "./label/fonts.js";
import { makeShapeLine, type ShapeLine } from "./label/shaper.js";
import { base64Of } from "./paint/bytes.js";
import type { Deflate } from "./paint/deflate.js";
import type { Picture } from "./scene/shapes.js";

/** One for both sides, so that equal rows are equal bytes. */
const deflate: Deflate = (bytes) => zlibSync(bytes);

function pictureOf({ width, height, seed, isRound }: PictureSeed): Picture {
  const data = new Uint8Array(4 * width * height);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    const isInside = !isRound || (2 * x - width) ** 2 / width ** 2 + (2 * y - height) ** 2 / height ** 2 < 1;
    data.set([x * seed, y * seed, (x + y) * seed, isInside ? 255 - ((seed * x) & 31) : 0], 4 * i);
  }
  return { width, height, data };
}

const picturesOf = ({ logo, background }: DesignCase) => ({
  ...(logo && { logo: pictureOf(logo) }),
  ...(background && { background: pictureOf(background) }),
});

/** A function that draws: the bytes in base64, or the message of a refusal. */
export function makeImageOf(fonts: FontFiles): (drawn: DesignCase) => Promise<string> {
  const shapeLine = makeShapeLine(fonts);
  return async (drawn) => {
    try {
      return base64Of(await drawImage(drawn.design, { deflate, shapeLine }, picturesOf(drawn)));
    } catch (error) {
      return `refused: ${(error as Error).message}`;
    }
  };
}

/** How often a design is laid out and painted in a second, its label shaped before. */
export async function rateOf(drawn: DesignCase, shapeLine: ShapeLine, forMs: number): Promise<number> {
  const { design } = drawn;
  const parts = { label: await shapeLabel(design, shapeLine), pictures: picturesOf(drawn) };
  let count = 0;
  const started = performance.now();
  for (; performance.now() - started < forMs; count++) paintImage(layOutDesign(design, parts).scene, design, deflate);
  return (1_000 * count) / (performance.now() - started);
}
