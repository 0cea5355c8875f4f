// Reads what was drawn: at the delivered size, and as a poor camera sees it. Where the first decoder stumbles over the
// very pixels of one view, as it does over one code in forty, others are shown to it and to a second one before it
// counts.

import type { Rgba } from "@qrfactory/domain/design/color";
import { beyondLatin1 } from "@qrfactory/domain/symbol/text-encoding";
import { isSquares } from "@qrfactory/drawing/paint/indexed-png";
import type { Scene } from "@qrfactory/drawing/scene/shapes";
import { lookAt, type Raster, rasterize } from "../canvas/rasterize.js";
import { blur, resample } from "./camera-view.js";
import { isReadAgain, mayBeUnknown } from "./second-reader.js";
import { type Pixels, type Reading, readQrCode } from "./zxing.js";

/** The decoder sees modules of about this many pixels: larger ones cost time and show nothing new. */
export const seenModulePx = 4;

/**
 * Pixels a module in the degraded pictures, before each is blurred with its neighbours: a label across the room. A hand
 * moves, so one distance of these is enough: at a single one decoders stumble over a code in forty, squares with round
 * eyes included.
 */
const degradedModulePx = [3, 3.4, 2.6];

/** Widths that take pixels off their grid, on which no camera ever sees them, as shares of the delivered one. */
const offGrid = [0.93, 0.87];
/**
 * The same of an image of few pixels a module: a camera comes nearer to it, for from afar there is nothing left to see.
 */
const offGridNear = [1.37, 1.83];

type View = (pixels: Pixels) => Pixels;

const atShare =
  (share: number): View =>
  (pixels) =>
    resample(pixels, Math.floor(share * pixels.width));

/** The delivered pixels and what a moving hand makes of them. */
const sharpViews: View[] = [
  (pixels) => pixels,
  ...offGrid.map(atShare),
  blur,
  (pixels) => blur(atShare(0.71)(pixels)),
  // Near enough that a small picture fills the view.
  (pixels) => blur(atShare(2.5)(pixels)),
];

/** The same of an image of few pixels a module. */
const nearViews: View[] = [
  (pixels) => pixels,
  ...offGridNear.map(atShare),
  (pixels) => blur(atShare(2.13)(pixels)),
  (pixels) => blur(atShare(2.5)(pixels)),
  (pixels) => blur(atShare(3.3)(pixels)),
];

/** Findings of a successful reading. */
export type ReadBack = {
  /** Share of the error correction that the first decoder did not need, in the worse of its readings. */
  unusedCorrection: number;
  /** Whether it needed another view or the other decoder. */
  hasStumbled: boolean;
};

/** The failure of decoders, as the rest of a sentence about the code. */
export type Unread = { failure: string };

/** An image as decoders see it. */
export type Seen = {
  /** Side of the image that the scene was made for. */
  widthPx: number;
  /** Its pixels, or null where the format has none. */
  raster: Raster | null;
  /** The surface under it. */
  substrate: Rgba;
};

/** Reads a scene with the decoders. */
export async function readBack(scene: Scene, text: string, seen: Seen): Promise<ReadBack | Unread> {
  const pixels = seenPixels(scene, seen);
  const first = await readText(pixels, text);
  // Flat squares of enough contrast that are read at all are read blurred, too: nothing of them gets lost.
  if (first && isSquares(scene)) return { unusedCorrection: first.unusedCorrection, hasStumbled: false };
  const isNear = isNearOnly(pixels, scene.side);
  const poor = await readDegraded(pixels, scene.side, text);
  if (first && poor) {
    return {
      unusedCorrection: Math.min(first.unusedCorrection, poor.unusedCorrection),
      hasStumbled: poor.hasStumbled,
    };
  }
  return weigh(await gather(isNear ? nearViews : sharpViews, pixels, text), {
    first,
    poor,
    isNear,
    isKanji: mayBeUnknown(text),
  });
}

/** Readings of both decoders, and of how many views. */
type Evidence = { viewCount: number; readings: Reading[]; countAgain: number };

async function gather(see: readonly View[], pixels: Pixels, text: string): Promise<Evidence> {
  const views = see.map((view) => view(pixels));
  const readings: Reading[] = [];
  for (const view of views) {
    const reading = await readText(view, text);
    if (reading) readings.push(reading);
  }
  return { viewCount: views.length, readings, countAgain: views.filter((view) => isReadAgain(view, text)).length };
}

/**
 * Sharp views that each decoder has to read, and the first alone where the second does not know the mode of the text.
 */
const viewsMin = {
  withPoor: { each: 1, alone: 3 },
  withoutPoor: { each: 2, alone: 4 },
  /** Near views are kinder. */
  near: { each: 3, alone: 4 },
} as const;

/** Decides by all evidence, once a decoder has stumbled: both have to read the code. */
function weigh(
  { viewCount, readings, countAgain }: Evidence,
  { first, poor, isNear, isKanji }: { first: Reading | null; poor: Poor | null; isNear: boolean; isKanji: boolean },
): ReadBack | Unread {
  const least = isNear ? viewsMin.near : poor ? viewsMin.withPoor : viewsMin.withoutPoor;
  const isReadByBoth = Math.min(readings.length, countAgain) >= least.each;
  if (isReadByBoth || (isKanji && readings.length >= least.alone)) {
    const unused = [...readings, ...(poor ? [poor] : [])].map(({ unusedCorrection }) => unusedCorrection);
    return { unusedCorrection: Math.min(...unused), hasStumbled: true };
  }
  const happened = first ? "is lost when a camera sees it small or blurred" : "could not be read back";
  return {
    failure:
      `${happened}: of ${viewCount} views of it zxing-cpp read ${readings.length} and npm qr ${countAgain}, ` +
      `where ${least.each} by each would do`,
  };
}

/** Poor views that were read. */
type Poor = ReadBack;

/** Below this no camera sees a module for sure, whatever comes near: such an image has to be read from afar as well. */
const nearModulePxMin = 2;

/** Whether an image has too few pixels a module for a poorer view of it, and enough for a nearer one. */
const isNearOnly = ({ width }: Pixels, side: number): boolean =>
  width < Math.max(...degradedModulePx) * side && width >= nearModulePxMin * side;

async function readDegraded(pixels: Pixels, side: number, text: string): Promise<Poor | null> {
  const widths = degradedModulePx.map((modulePx) => Math.round(modulePx * side));
  if (pixels.width >= Math.max(...widths)) return readAny(widths, (width) => blur(resample(pixels, width)), text);
  const shares = isNearOnly(pixels, side) ? offGridNear : offGrid;
  return readAll(shares, (share) => atShare(share)(pixels), text);
}

/** One of several poor views is enough. */
async function readAny(poor: number[], see: (at: number) => Pixels, text: string): Promise<Poor | null> {
  for (const at of poor) {
    const reading = await readText(see(at), text);
    if (reading) return { unusedCorrection: reading.unusedCorrection, hasStumbled: false };
  }
  return poor.some((at) => isReadAgain(see(at), text)) ? { unusedCorrection: 1, hasStumbled: true } : null;
}

/** Too few pixels to take most of them away: there is no room for luck, so all of these views have to be read. */
async function readAll(poor: number[], see: (at: number) => Pixels, text: string): Promise<Poor | null> {
  let unusedCorrection = 1;
  let hasStumbled = false;
  for (const at of poor) {
    const view = see(at);
    const reading = await readText(view, text);
    if (reading) unusedCorrection = Math.min(unusedCorrection, reading.unusedCorrection);
    else if (isReadAgain(view, text)) hasStumbled = true;
    else return null;
  }
  return { unusedCorrection, hasStumbled };
}

/** The delivered pixels, brought nearer to what a camera has of them. */
function seenPixels(scene: Scene, { widthPx, raster, substrate }: Seen): Pixels {
  const enoughPx = Math.ceil(seenModulePx * scene.side);
  // Squares are the same at every whole number of pixels a module, so a small drawing says what a large one would.
  const isSmaller = !raster || (isSquares(scene) && widthPx > enoughPx);
  const looked = isSmaller ? rasterize(scene, Math.min(widthPx, enoughPx)) : raster;
  return lookAt(looked, substrate, Math.max(1, Math.floor(looked.widthPx / enoughPx)));
}

/** Reads the code; null unless it says exactly this. */
async function readText(pixels: Pixels, text: string): Promise<Reading | null> {
  const reading = await readQrCode(pixels);
  if (!reading) return null;
  // Readers guess the character set of bytes, which says nothing about the drawing; kanji are no bytes of the text.
  const isRead = bytesOf(text).some((bytes) => bytes.equals(reading.bytes)) || reading.text === text;
  return isRead ? reading : null;
}

/** The bytes that a symbol may hold a text in. */
function bytesOf(text: string): Buffer[] {
  const utf8 = Buffer.from(text);
  return beyondLatin1(text) === null ? [utf8, Buffer.from(text, "latin1")] : [utf8];
}
