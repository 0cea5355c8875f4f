// Nothing unscannable leaves: what was drawn is read back by an independent decoder from the same pixels, and judged by
// what makes codes fail outside a laboratory.
import { composite, contrastRatio, luminance, type Rgba } from "@qrfactory/domain/color";
import { expandRows, paintRows, snapGrid } from "./qr/raster.js";
import type { Scene, Squares } from "./qr/scene.js";
import { type Pixels, readQrCode } from "./zxing.js";

/**
 * Below this, cameras lose modules in ordinary light, whatever a decoder makes of perfect pixels: yellow on white has
 * 1.07, cyan 1.25, light grey (#ccc) 1.6, orange 2.
 */
const contrastMin = 1.5;

/** From here on more contrast reads no better: it is what WCAG 2.2 asks of text. */
const contrastEnough = 4.5;

/** The decoder sees modules of at most this many pixels: larger ones cost time and show nothing new. */
const decodedModulePxMax = 4;

/** The quiet zone that the standard asks for (ISO/IEC 18004:2015, 6.3.8). */
const quietZoneModules = 4;

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
   * contrast grows from 0.2 at a ratio of 1.5 to 1 at 4.5; pixels a module 1 → 0.7, 2 → 0.9, more → 1; quiet zone of
   * 0 → 0.6, 1 → 0.75, 2 → 0.9, 3 → 0.95, 4 and more → 1 modules; light on dark 0.8; and what the decoder left unused
   * of the error correction.
   */
  score: number;
  /** What to change, in a sentence; empty when it is readable. */
  advice: string;
};

/** Reads a scene of flat squares back, as it lies on the pixels of an image that is `widthPx` wide. */
export async function checkScan(scene: Scene, text: string, widthPx: number): Promise<ScanResult> {
  const [squares] = scene.shapes as [Squares];
  const { ink, ground } = seen(squares.color, scene.background);
  const contrast = contrastRatio(ink, ground);
  if (contrast < contrastMin) {
    const advice = `color and background differ too little (contrast ${contrast.toFixed(2)} to 1); choose at least ${contrastMin} to 1, better ${contrastEnough} to 1.`;
    return { isReadable: false, score: 0, advice };
  }
  const { modulePx } = snapGrid(scene.side, widthPx);
  const seenPx = modulePx <= decodedModulePxMax ? widthPx : decodedModulePxMax * scene.side;
  const reading = await readQrCode(paintPixels(scene, { ink, ground }, seenPx));
  // Readers guess the character set of bytes, which says nothing about the drawing; kanji are no bytes of the text.
  if (!reading || !(Buffer.from(text).equals(reading.bytes) || reading.text === text)) {
    const advice = `the code could not be read back; try more contrast, a quiet_zone of ${quietZoneModules} or a larger size.`;
    return { isReadable: false, score: 0, advice };
  }
  const shares = [
    Math.min(1, 0.2 + (0.8 * (contrast - contrastMin)) / (contrastEnough - contrastMin)),
    factors.modulePx[modulePx] ?? 1,
    factors.quietZone[squares.left] ?? 1,
    luminance(ink) > luminance(ground) ? factors.inverted : 1,
    reading.unusedCorrection,
  ];
  const score = Math.max(1, Math.round(100 * shares.reduce((product, share) => product * share, 1)));
  return { isReadable: true, score, advice: "" };
}

/**
 * The two colours as they are seen. Where the background lets something through, that is white under dark ink and
 * black under light ink: whoever chose that ink has such a surface in mind.
 */
function seen(color: Rgba, background: Rgba): { ink: Rgba; ground: Rgba } {
  const substrate: Rgba = luminance(color) > 0.5 ? [0, 0, 0, 255] : [255, 255, 255, 255];
  const ground = composite(background, substrate);
  return { ink: composite(color, ground), ground };
}

/** The rows that a PNG of this width holds, in shades of grey. */
function paintPixels(scene: Scene, { ink, ground }: { ink: Rgba; ground: Rgba }, widthPx: number): Pixels {
  const rows = paintRows(scene.shapes[0] as Squares, snapGrid(scene.side, widthPx));
  return { width: widthPx, height: widthPx, data: expandRows(rows, widthPx, luma(ink), luma(ground)) };
}

/** Brightness of an opaque colour as cameras' pictures have it, 0 to 255 (Rec. 601). */
function luma([red, green, blue]: Rgba): number {
  return Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
}
