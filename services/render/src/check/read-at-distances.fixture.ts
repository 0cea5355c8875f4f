// Reads a picture as a moving hand shows it to a phone: as it is, then slightly out of focus and from other distances.
import type { Pixels } from "@qrfactory/testing/decode";
import { blur, resample } from "./camera-view.js";

type Grey = Parameters<typeof blur>[0];

/** As delivered first; a decoder that stumbles over one of these reads the next. */
const sights: ((grey: Grey) => Grey)[] = [
  (grey) => grey,
  blur,
  (grey) => resample(grey, Math.round(0.87 * grey.width)),
  (grey) => blur(resample(grey, Math.round(0.71 * grey.width))),
  (grey) => resample(grey, Math.round(0.61 * grey.width)),
  // Near enough that a small picture fills the view.
  (grey) => blur(resample(grey, Math.round(2.5 * grey.width))),
];

/** At how many distances a code is looked at before it counts as unreadable. */
export const distances = sights.length;

/** The first distance, from 0, at which the reader reads exactly this text; null when it never does. */
export async function distanceOfReading(
  pixels: Pixels,
  text: string,
  read: (pixels: Pixels) => Promise<string | null>,
): Promise<number | null> {
  const grey = greyOf(pixels);
  for (const [distance, see] of sights.entries()) {
    if ((await read(distance === 0 ? pixels : inColor(see(grey)))) === text) return distance;
  }
  return null;
}

/** Brightness as in television (Rec. 601), which is what decoders look at. */
function greyOf({ width, height, data }: Pixels): Grey {
  const out = new Uint8Array(width * height);
  for (let i = 0; i < out.length; i++) {
    const [red, green, blue] = [data[4 * i] as number, data[4 * i + 1] as number, data[4 * i + 2] as number];
    out[i] = 0.299 * red + 0.587 * green + 0.114 * blue + 0.5;
  }
  return { width, height, data: out };
}

function inColor({ width, height, data }: Grey): Pixels {
  const out = new Uint8ClampedArray(4 * data.length).fill(255);
  for (const [i, shade] of data.entries()) out.fill(shade, 4 * i, 4 * i + 3);
  return { width, height, data: out };
}
