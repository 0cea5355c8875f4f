// From a design to the bytes of its image: symbol, scene, painter, and the check that it scans.
import type { Design } from "@qrfactory/domain/design";
import { ApiError } from "@qrfactory/domain/errors";
import type { ErrorCorrection } from "@qrfactory/domain/symbol-capacity";
import { type FrameLabel, shapeFrameLabel } from "./qr/frame-label.js";
import type { Logo } from "./qr/logo.js";
import { makeSymbolAround } from "./qr/logo.js";
import { paintScene } from "./qr/paint.js";
import { cutGlow, soften } from "./qr/picture.js";
import { snapGrid } from "./qr/raster.js";
import { layOut, type Picture, type Scene } from "./qr/scene.js";
import { makeSymbol } from "./qr/symbol.js";
import { checkScan, type ScanResult } from "./scan-check.js";

/** Part of every cache key: raised whenever the same design gives other bytes. */
export const rendererVersion = 12;

/** What every drawing of a design says of itself, and the image. */
export type Drawing = {
  bytes: Buffer;
  /** Of the symbol, 1 to 40. */
  version: number;
  errorCorrection: ErrorCorrection;
  /** Null when nobody asked for a check. */
  scan: ScanResult | null;
  /** The bulk job for which it was drawn. */
  job?: string;
};

/** The decoded pictures of a design. */
export type Pictures = { logo?: Picture; background?: Picture };

/**
 * Draws a design. Throws `unscannable` when its size leaves less than one pixel a module, and `validation_failed` when no
 * bundled font draws its label.
 */
export async function draw(design: Design, options: { checked: boolean; pictures?: Pictures }): Promise<Drawing> {
  const { text, errorCorrection } = design;
  const logo = logoOf(design, options.pictures?.logo);
  const symbol = logo ? makeSymbolAround(text, errorCorrection, logo) : makeSymbol(text, errorCorrection);
  const backdrop = options.pictures?.background ? soften(options.pictures.background) : null;
  const label = await labelOf(design, symbol.modules.side);
  const scene = layOut(symbol, design, { label, logo, backdrop });
  requireRoom(scene, design);
  const { bytes, raster } = paintScene(scene, design);
  const scan = options.checked ? await checkScan(scene, design.text, { widthPx: design.widthPx, raster }) : null;
  return { bytes, version: symbol.version, errorCorrection: symbol.errorCorrection, scan };
}

/** The label of a design around a symbol of so many modules, or null where it has none; throws as `shapeFrameLabel`. */
export async function labelOf(
  { frame, quietZone, widthPx }: Pick<Design, "frame" | "quietZone" | "widthPx">,
  symbolSide: number,
): Promise<FrameLabel | null> {
  return frame?.label ? shapeFrameLabel({ frame, symbolSide, quietZone, widthPx }) : null;
}

function logoOf({ logo }: Design, picture: Picture | undefined): Logo | null {
  if (!logo || !picture) return null;
  const { sizeRatio, clearZone, neonAlpha } = logo;
  return { picture: cutGlow(picture, neonAlpha), sizeRatio, clearZone };
}

/** A module needs a pixel of its own; that holds for vectors at their true size, too. Throws `unscannable`. */
export function requireRoom(
  { side }: Pick<Scene, "side">,
  { widthPx, frame }: Pick<Design, "widthPx" | "frame">,
): void {
  if (snapGrid(side, widthPx).modulePx >= 1) return;
  const around = frame ? "its quiet zone and frame" : "its quiet zone";
  const detail = `This code is ${side} modules wide with ${around} and needs at least ${side} pixels; ${widthPx} are too few. Raise size to ${side} or more (${2 * side} scans better), or shorten data.`;
  throw new ApiError("unscannable", detail, { errors: { size: [`At least ${side} pixels.`] } });
}
