// From a design to the bytes of its image: symbol, scene, painter, and the check that it scans. A caller that
// only wants to know whether it would be delivered asks for the verdict.
import type { Design } from "@qrfactory/domain/design/design";
import type { ErrorCorrection } from "@qrfactory/domain/symbol/capacity";
import { type LaidOut, layOutDesign, type Pictures, shapeLabel } from "@qrfactory/drawing/drawing";
import type { Scene } from "@qrfactory/drawing/scene/shapes";
import type { QrSymbol } from "@qrfactory/drawing/symbol/symbol";
import type { Raster } from "../canvas/rasterize.js";
import { checkScan, type ScanResult } from "../check/scan-check.js";
import { shapeLine } from "./labels.js";
import { paintPixels, paintScene } from "./paint-scene.js";

/** Part of every cache key: raised whenever the same design gives other bytes. */
export const rendererVersion = 13;

/** Facts about every drawing of a design. */
export type Verdict = {
  /** Of the symbol, 1 to 40. */
  version: number;
  errorCorrection: ErrorCorrection;
  /** Null when nobody asked for a check. */
  scan: ScanResult | null;
};

/** A verdict and the image that it speaks of. */
export type Drawing = Verdict & {
  bytes: Buffer;
  /** The bulk job for which it was drawn. */
  job?: string;
};

type DrawOptions = { checked: boolean; pictures?: Pictures };

/**
 * Draws a design. Throws `unscannable` when its size leaves less than one pixel a module, and `validation_failed` when
 * no bundled font draws its label, or the picture behind it is like it.
 */
export async function drawDesign(design: Design, options: DrawOptions): Promise<Drawing> {
  const { symbol, scene } = await sceneOf(design, options.pictures);
  const { bytes, raster } = paintScene(scene, design);
  return { bytes, ...(await verdictOn(design, { symbol, scene, checked: options.checked, pixels: () => raster })) };
}

/** Judges a design as `drawDesign` does, by the same steps without the file: returns and throws the same. */
export async function judgeDesign(design: Design, options: DrawOptions): Promise<Verdict> {
  const { symbol, scene } = await sceneOf(design, options.pictures);
  return verdictOn(design, { symbol, scene, checked: options.checked, pixels: () => paintPixels(scene, design) });
}

type Judged = { symbol: QrSymbol; scene: Scene; checked: boolean; pixels: () => Raster | null };

async function verdictOn(design: Design, { symbol, scene, checked, pixels }: Judged): Promise<Verdict> {
  const scan = checked ? await checkScan(scene, design.text, { widthPx: design.widthPx, raster: pixels() }) : null;
  return { version: symbol.version, errorCorrection: symbol.errorCorrection, scan };
}

/** The symbol of a design and its scene; throws as `drawDesign`. */
export async function sceneOf(design: Design, pictures: Pictures = {}): Promise<LaidOut> {
  return layOutDesign(design, { label: await shapeLabel(design, shapeLine), pictures });
}
