// The surface under a code whose background lets something through: decides its contrast, and what is left of
// an image when a program drops its transparency.
import { composite, type Rgba, substrateUnder } from "@qrfactory/domain/design/color";
import type { Picture, Scene } from "./shapes.js";

/** Colours under the modules. */
export type Surface = {
  /** Opaque, under everything. */
  substrate: Rgba;
  /** The background on it: what ink is seen against. */
  ground: Rgba;
};

/** The surface of a scene, by its first ink. */
export function surfaceOf({ background, inks }: Pick<Scene, "background" | "inks">): Surface {
  const substrate = substrateUnder(inks[0]?.color ?? [0, 0, 0, 255]);
  return { substrate, ground: composite(background, substrate) };
}

/** A colour as it is, or that of the substrate, as clear, where nothing is to be seen of it. */
export function clearAs(substrate: Rgba, color: Rgba): Rgba {
  return color[3] === 0 ? [substrate[0], substrate[1], substrate[2], 0] : color;
}

/** Red, green, blue and alpha of pixels, `clearAs` throughout; the pixels are changed. */
export function clearPixelsAs(substrate: Rgba, pixels: Uint8Array | Uint8ClampedArray): void {
  const [red, green, blue] = substrate;
  for (let i = 0; i < pixels.length; i += 4) {
    if (pixels[i + 3] !== 0) continue;
    pixels[i] = red;
    pixels[i + 1] = green;
    pixels[i + 2] = blue;
  }
}

/** A picture whose clear pixels have the colour of the substrate, for documents that hold it with its transparency. */
export function pictureOn(substrate: Rgba, picture: Picture): Picture {
  const data = Uint8Array.from(picture.data);
  clearPixelsAs(substrate, data);
  return { ...picture, data };
}
