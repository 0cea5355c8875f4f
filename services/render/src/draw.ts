// From a design to the bytes of its image: symbol, scene, painter, and the check that it scans. Whoever wants to
// know only whether it would be delivered asks for the verdict.
import type { Design } from "@qrfactory/domain/design/design";
import { printDpi } from "@qrfactory/domain/design/image-size";
import { ApiError } from "@qrfactory/domain/http/errors";
import type { ErrorCorrection } from "@qrfactory/domain/symbol/capacity";
import { type FrameLabel, requireLegible, shapeFrameLabel } from "@qrfactory/drawing/label/frame-label";
import { requireVisibleLabel } from "@qrfactory/drawing/label/label-ground";
import type { Logo } from "@qrfactory/drawing/scene/logo";
import { makeSymbolAround } from "@qrfactory/drawing/scene/logo";
import { cutGlow, soften, squareOf } from "@qrfactory/drawing/scene/picture";
import { snapGrid } from "@qrfactory/drawing/scene/pixel-grid";
import { layOut } from "@qrfactory/drawing/scene/scene";
import type { Picture, Scene } from "@qrfactory/drawing/scene/shapes";
import { makeSymbol, type QrSymbol } from "@qrfactory/drawing/symbol/symbol";
import { shapeLine } from "./labels.js";
import { paintPixels, paintScene } from "./qr/paint.js";
import type { Raster } from "./qr/rasterize.js";
import { checkScan, type ScanResult } from "./scan-check.js";

/** Part of every cache key: raised whenever the same design gives other bytes. */
export const rendererVersion = 13;

/** What every drawing of a design says of itself. */
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

/** The decoded pictures of a design. */
export type Pictures = { logo?: Picture; background?: Picture };

type DrawOptions = { checked: boolean; pictures?: Pictures };

/**
 * Draws a design. Throws `unscannable` when its size leaves less than one pixel a module, and `validation_failed` when
 * no bundled font draws its label, or the picture behind it is like it.
 */
export async function draw(design: Design, options: DrawOptions): Promise<Drawing> {
  const { symbol, scene } = await sceneOf(design, options.pictures);
  const { bytes, raster } = paintScene(scene, design);
  return { bytes, ...(await verdictOn(design, { symbol, scene, checked: options.checked, pixels: () => raster })) };
}

/** What `draw` would say of a design, by the same steps without the file: returns and throws the same. */
export async function judge(design: Design, options: DrawOptions): Promise<Verdict> {
  const { symbol, scene } = await sceneOf(design, options.pictures);
  return verdictOn(design, { symbol, scene, checked: options.checked, pixels: () => paintPixels(scene, design) });
}

type Judged = { symbol: QrSymbol; scene: Scene; checked: boolean; pixels: () => Raster | null };

async function verdictOn(design: Design, { symbol, scene, checked, pixels }: Judged): Promise<Verdict> {
  const scan = checked ? await checkScan(scene, design.text, { widthPx: design.widthPx, raster: pixels() }) : null;
  return { version: symbol.version, errorCorrection: symbol.errorCorrection, scan };
}

/** The symbol of a design and its scene; throws as `draw`. */
export async function sceneOf(design: Design, pictures: Pictures = {}): Promise<{ symbol: QrSymbol; scene: Scene }> {
  const { text, errorCorrection, textEncoding: encoding } = design;
  const logo = logoOf(design, pictures.logo);
  const symbol = logo
    ? makeSymbolAround(text, errorCorrection, logo, { encoding })
    : makeSymbol(text, errorCorrection, { encoding });
  const background = pictures.background ? squareOf(pictures.background) : null;
  const isShown = design.pattern === "halftone";
  const backdrop = background && soften(background, { isShown });
  const label = await labelOf(design, symbol.modules.side);
  requireVisibleLabel(design, symbol.modules.side, backdrop);
  const scene = layOut(symbol, design, { label, logo, backdrop, shown: isShown ? background : null });
  requireRoom(scene, design);
  return { symbol, scene };
}

/** The label of a design around a symbol of so many modules, or null where it has none; throws as `draw`. */
export async function labelOf(
  { frame, quietZone, widthPx }: Pick<Design, "frame" | "quietZone" | "widthPx">,
  symbolSide: number,
): Promise<FrameLabel | null> {
  if (!frame?.label) return null;
  const label = await shapeFrameLabel(frame.label, shapeLine);
  requireLegible(label, { frame, symbolSide, quietZone, widthPx });
  return label;
}

function logoOf({ logo }: Design, picture: Picture | undefined): Logo | null {
  if (!logo || !picture) return null;
  const { sizeRatio, clearZone, neonAlpha } = logo;
  return { picture: cutGlow(picture, neonAlpha), sizeRatio, clearZone };
}

/** A module needs a pixel of its own, a vector one of a print. Throws `unscannable`. */
export function requireRoom(
  { side }: Pick<Scene, "side">,
  { widthPx, widthInches, frame }: Pick<Design, "widthPx" | "widthInches" | "frame">,
): void {
  if (snapGrid(side, widthPx).modulePx >= 1) return;
  const code = `This code is ${side} modules wide with ${frame ? "its quiet zone and frame" : "its quiet zone"}`;
  if (widthInches !== null) {
    const least = (Math.ceil((100 * side) / printDpi) / 100).toFixed(2);
    const detail = `${code} and needs at least ${least} inches, for a print at ${printDpi} dpi; ${Number(widthInches.toFixed(2))} are too few. Raise size_inches or size (twice of that scans better), or shorten data.`;
    throw new ApiError("unscannable", detail, { errors: { size: [`At least ${least} inches.`] } });
  }
  const detail = `${code} and needs at least ${side} pixels; ${widthPx} are too few. Raise size to ${side} or more (${2 * side} scans better), or shorten data.`;
  throw new ApiError("unscannable", detail, { errors: { size: [`At least ${side} pixels.`] } });
}
