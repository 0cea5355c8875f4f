// From a design to the bytes of its image: symbol, scene, painter, and the check that it scans.
import type { Design } from "@qrfactory/domain/design";
import { ApiError } from "@qrfactory/domain/errors";
import type { ErrorCorrection } from "@qrfactory/domain/symbol-capacity";
import { paintPng } from "./qr/paint-png.js";
import { paintSvg } from "./qr/paint-svg.js";
import { snapGrid } from "./qr/raster.js";
import { layOut, type Scene } from "./qr/scene.js";
import { makeSymbol } from "./qr/symbol.js";
import { checkScan, type ScanResult } from "./scan-check.js";

/** Part of every cache key: raised whenever the same design gives other bytes. */
export const rendererVersion = 2;

/** What every drawing of a design says of itself, and the image. */
export type Drawing = {
  bytes: Buffer;
  /** Of the symbol, 1 to 40. */
  version: number;
  errorCorrection: ErrorCorrection;
  /** Null when nobody asked for a check. */
  scan: ScanResult | null;
};

/** Draws a design. Throws `unscannable` when its size leaves less than one pixel a module. */
export async function draw(design: Design, options: { checked: boolean }): Promise<Drawing> {
  const symbol = makeSymbol(design.text, design.errorCorrection);
  const scene = layOut(symbol, design);
  requireRoom(scene, design);
  const bytes = design.format === "svg" ? paintSvg(scene, design) : paintPng(scene, design);
  const scan = options.checked ? await checkScan(scene, design.text, design.widthPx) : null;
  return { bytes, version: symbol.version, errorCorrection: symbol.errorCorrection, scan };
}

/** A module needs a pixel of its own; that holds for an SVG at its true size, too. */
function requireRoom({ side }: Scene, { widthPx }: Design): void {
  if (snapGrid(side, widthPx).modulePx >= 1) return;
  const detail = `This code is ${side} modules wide with its quiet zone and needs at least ${side} pixels; ${widthPx} are too few. Raise size to ${side} or more (${2 * side} scans better), or shorten data.`;
  throw new ApiError("unscannable", detail, { errors: { size: [`At least ${side} pixels.`] } });
}
