// How dark each cell of a halftone has to be for the picture that it shows: from the colours of the picture, between
// the ground that the ink stands on and the ink.
import { composite, type Rgba } from "@qrfactory/domain/design/color";
import type { Picture, Scene } from "../scene/shapes.js";
import { surfaceOf } from "../scene/surface.js";
import { cellsAlong } from "./halftone.js";

/** Where the symbol lies in a scene of `side` modules, which the picture covers. */
export type SymbolPlace = { side: number; left: number; top: number; modules: number };

/** Brightness as the eye has it, 0 to 255 (Rec. 601). */
const lumaOf = (red: number, green: number, blue: number) => 0.299 * red + 0.587 * green + 0.114 * blue;
const luma = ([red, green, blue]: Rgba) => lumaOf(red, green, blue);

/**
 * A picture whose cells differ by less than this, of 255, is taken as it is: stretching would make a scene of noise.
 */
const rangeMin = 24;

/** Of a white ground: with less, what the data has dark in it is not made up for by stray cells. */
const toneMin = 0.02;

/** How much ink each cell needs, 0 to 1, row by row: the darkest of the picture most, the brightest least. */
export function cellTones(
  picture: Picture,
  place: SymbolPlace,
  colors: Pick<Scene, "background" | "inks">,
): Float32Array {
  const { ground } = surfaceOf(colors);
  const shades = cellShades(picture, place, ground);
  const ink = luma(composite(colors.inks[0]?.color ?? [0, 0, 0, 255], ground));
  let [darkest, brightest] = [255, 0];
  for (const shade of shades) [darkest, brightest] = [Math.min(darkest, shade), Math.max(brightest, shade)];
  const isFlat = brightest - darkest < rangeMin;
  const [from, to] = isFlat ? [0, 255] : [darkest, brightest];
  const isInverted = ink > luma(ground);
  return shades.map((shade) => {
    const bright = (shade - from) / (to - from);
    return toneMin + (1 - 2 * toneMin) * (isInverted ? bright : 1 - bright);
  });
}

/** The mean brightness of the picture in each cell, on the ground that it lies on. */
function cellShades(picture: Picture, { side, left, top, modules }: SymbolPlace, ground: Rgba): Float32Array {
  const { width, height } = picture;
  const shadeAt = shadesOn(picture, luma(ground));
  const count = modules * cellsAlong;
  const shades = new Float32Array(count * count);
  const start = (from: number, at: number, px: number) => ((from + at / cellsAlong) / side) * px;
  for (let y = 0; y < count; y++) {
    const [y1, y2] = spanOf(start(top, y, height), start(top, y + 1, height), height);
    for (let x = 0; x < count; x++) {
      const [x1, x2] = spanOf(start(left, x, width), start(left, x + 1, width), width);
      let sum = 0;
      for (let row = y1; row < y2; row++) {
        for (let column = x1; column < x2; column++) sum += shadeAt(row * width + column);
      }
      shades[y * count + x] = sum / ((x2 - x1) * (y2 - y1));
    }
  }
  return shades;
}

/** Tells how bright a pixel of a picture is on a ground of this brightness. */
function shadesOn({ data }: Picture, ground: number): (pixel: number) => number {
  return (pixel) => {
    const i = 4 * pixel;
    const alpha = (data[i + 3] as number) / 255;
    const shade = lumaOf(data[i] as number, data[i + 1] as number, data[i + 2] as number);
    return shade * alpha + ground * (1 - alpha);
  };
}

/** The whole pixels of a span, one at least. */
function spanOf(from: number, to: number, px: number): [number, number] {
  const first = Math.min(px - 1, Math.floor(from));
  return [first, Math.max(first + 1, Math.min(px, Math.round(to)))];
}
