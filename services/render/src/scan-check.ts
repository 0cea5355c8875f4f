// Nothing unscannable leaves: what was drawn is read back by an independent decoder from the same pixels, as delivered and
// as a poor camera sees them, and judged by what makes codes fail outside a laboratory.
import { composite, contrastRatio, luminance, type Rgba } from "@qrfactory/domain/color";
import { isSquares, lookAt, type Raster, rasterize } from "./qr/rasterize.js";
import type { Scene } from "./qr/scene.js";
import { surfaceOf } from "./qr/surface.js";
import { blur, resample } from "./seen.js";
import { type Pixels, type Reading, readQrCode } from "./zxing.js";

/**
 * Below this, cameras lose modules in ordinary light, whatever a decoder makes of perfect pixels: yellow on white has
 * 1.07, cyan 1.25, light grey (#ccc) 1.6, orange 1.975. Of 12,800 random designs that were delivered from 1.8 on, three
 * were read by one of three decoders only, all of them between 1.93 and 1.97.
 */
const contrastMin = 1.97;

/** From here on more contrast reads no better: it is what WCAG 2.2 asks of text. */
export const contrastEnough = 4.5;

/** The decoder sees modules of about this many pixels: larger ones cost time and show nothing new. */
const seenModulePx = 4;

/**
 * Pixels a module in the degraded pictures, before each is blurred with its neighbours: a label across the room. A hand
 * moves, so one distance of these is enough: at a single one decoders stumble over a code in forty, squares with round
 * eyes included.
 */
const degradedModulePx = [3, 3.4, 2.6];

/** The quiet zone that the standard asks for (ISO/IEC 18004:2015, 6.3.8). */
export const quietZoneModules = 4;

/** What each missing pixel a module, missing module of quiet zone and swapped polarity leave of the score. */
const factors = {
  modulePx: [0, 0.7, 0.9],
  quietZone: [0.6, 0.75, 0.9, 0.95],
  inverted: 0.8,
} as const;

export type ScanResult = {
  isReadable: boolean;
  /**
   * 0 when it is not readable; else 100 × contrast × pixels × quiet zone × polarity × spare correction, each a share:
   * contrast grows from 0.2 at a ratio of 1.97 to 1 at 4.5; pixels a module 1 → 0.7, 2 → 0.9, more → 1; quiet zone of
   * 0 → 0.6, 1 → 0.75, 2 → 0.9, 3 → 0.95, 4 and more → 1 modules; light on dark 0.8; and what the decoder left unused
   * of the error correction.
   */
  score: number;
  /** What to change, in a sentence; empty when it is readable. */
  advice: string;
};

export type Drawn = {
  /** Side of the image that the scene was made for. */
  widthPx: number;
  /** Its pixels, or null where the format has none. */
  raster: Raster | null;
};

/** Reads a scene back, and judges it. */
export async function checkScan(scene: Scene, text: string, drawn: Drawn): Promise<ScanResult> {
  const { contrast, isInverted, advice } = judgeColors(scene);
  if (advice !== "") return refused(advice);
  const { substrate } = surfaceOf(scene);
  const reading = await readBack(scene, text, { ...drawn, substrate });
  if (typeof reading === "string") return refused(reading);
  const shares = [
    Math.min(1, 0.2 + (0.8 * (contrast - contrastMin)) / (contrastEnough - contrastMin)),
    factors.modulePx[Math.floor(drawn.widthPx / scene.side)] ?? 1,
    factors.quietZone[scene.quietZone] ?? 1,
    isInverted ? factors.inverted : 1,
    reading.unusedCorrection,
  ];
  const score = Math.max(1, Math.round(100 * shares.reduce((product, share) => product * share, 1)));
  return { isReadable: true, score, advice: "" };
}

export type ColorVerdict = {
  /** Of the ink that differs least from what it stands on, 1 to 21. */
  contrast: number;
  /** Light on dark. */
  isInverted: boolean;
  /** What to change, in a sentence; empty when cameras can tell the colours apart. */
  advice: string;
};

/** What the colours alone decide. */
export function judgeColors(colors: Pick<Scene, "background" | "inks">): ColorVerdict {
  const { ground } = surfaceOf(colors);
  const inks = colors.inks.map(({ field, color }) => ({ field, ...comparedWith(ground, color) }));
  const weakest = inks.reduce((a, b) => (b.contrast < a.contrast ? b : a));
  const isInverted = inks[0]?.isLighter === true;
  const verdict = { contrast: weakest.contrast, isInverted };
  if (weakest.contrast < contrastMin) {
    const advice = `${weakest.field} and background differ too little (contrast ${weakest.contrast.toFixed(2)} to 1); choose at least ${contrastMin} to 1, better ${contrastEnough} to 1.`;
    return { ...verdict, advice };
  }
  const other = inks.find((ink) => ink.isLighter !== isInverted);
  if (!other) return { ...verdict, advice: "" };
  const [all, one] = isInverted ? ["lighter", "darker"] : ["darker", "lighter"];
  const advice = `${other.field} is ${one} than background where the other colours are ${all}; make all of them ${all}.`;
  return { ...verdict, advice };
}

function refused(advice: string): ScanResult {
  return { isReadable: false, score: 0, advice };
}

function comparedWith(ground: Rgba, color: Rgba): { contrast: number; isLighter: boolean } {
  const ink = composite(color, ground);
  return { contrast: contrastRatio(ink, ground), isLighter: luminance(ink) > luminance(ground) };
}

/** What a decoder reads at the delivered size and at the degraded one, the worse of the two, or what to change. */
async function readBack(scene: Scene, text: string, seen: Drawn & { substrate: Rgba }): Promise<Reading | string> {
  const pixels = seenPixels(scene, seen);
  const delivered = await readText(pixels, text);
  if (!delivered) return adviceFor(scene, seen, "could not be read back");
  // Flat squares of enough contrast that are read at all are read blurred, too: nothing of them gets lost.
  if (isSquares(scene)) return delivered;
  const degraded = await readDegraded(pixels, scene.side, text);
  if (!degraded) return adviceFor(scene, seen, "is lost when a camera sees it small or blurred");
  return degraded.unusedCorrection < delivered.unusedCorrection ? degraded : delivered;
}

/** Widths that take few pixels off their grid, on which no camera ever sees them, as shares of the delivered one. */
const offGrid = [0.93, 0.87];

async function readDegraded(pixels: Pixels, side: number, text: string): Promise<Reading | null> {
  const widths = degradedModulePx.map((modulePx) => Math.round(modulePx * side));
  if (pixels.width >= Math.max(...widths)) {
    for (const width of widths) {
      const reading = await readText(blur(resample(pixels, width)), text);
      if (reading) return reading;
    }
    return null;
  }
  // Too few pixels to take most of them away: there is no room for luck, so all of these have to be read.
  let worst: Reading | null = null;
  for (const share of offGrid) {
    const reading = await readText(resample(pixels, Math.floor(share * pixels.width)), text);
    if (!reading) return null;
    if (!worst || reading.unusedCorrection < worst.unusedCorrection) worst = reading;
  }
  return worst;
}

/** The delivered pixels, brought nearer to what a camera has of them. */
function seenPixels(scene: Scene, { widthPx, raster, substrate }: Drawn & { substrate: Rgba }): Pixels {
  const enoughPx = seenModulePx * scene.side;
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
  return Buffer.from(text).equals(reading.bytes) || reading.text === text ? reading : null;
}

/** Says what happened and, of what would help, what this scene has not got already. */
function adviceFor(scene: Scene, { widthPx }: Drawn, happened: string): string {
  const changes = [
    ...(scene.quietZone < quietZoneModules ? [`a quiet_zone of ${quietZoneModules}`] : []),
    ...(widthPx < seenModulePx * scene.side ? [`a size of ${seenModulePx * scene.side} pixels or more`] : []),
    ...(isSquares(scene) ? [] : ["pattern squares or rounded", "plainer eyes"]),
    "a higher error_correction",
    "more contrast",
  ];
  return `the code ${happened}; try ${changes.slice(0, -1).join(", ")} or ${changes.at(-1)}.`;
}
