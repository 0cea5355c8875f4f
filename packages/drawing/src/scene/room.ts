// Whether an image is large enough for its modules.
import type { Design } from "@qrfactory/domain/design/design";
import { printDpi } from "@qrfactory/domain/design/print";
import { ApiError } from "@qrfactory/domain/http/errors";
import { snapGrid } from "./pixel-grid.js";
import type { Scene } from "./shapes.js";

/** A module needs a pixel of its own, a vector one of a print. Throws `unscannable`. */
export function requireRoom(
  { side }: Pick<Scene, "side">,
  { widthPx, widthInches, frame }: Pick<Design, "widthPx" | "widthInches" | "frame">,
): void {
  if (snapGrid(side, widthPx).modulePx >= 1) return;
  const code = `This code is ${side} modules wide with ${frame ? "its quiet zone and frame" : "its quiet zone"}`;
  if (widthInches !== null) {
    const least = (Math.ceil((100 * side) / printDpi) / 100).toFixed(2);
    const detail =
      `${code} and needs at least ${least} inches, for a print at ${printDpi} dpi; ` +
      `${Number(widthInches.toFixed(2))} are too few. Raise size_inches or size (twice of that scans better), ` +
      "or shorten data.";
    throw new ApiError("unscannable", detail, { errors: { size: [`At least ${least} inches.`] } });
  }
  const detail =
    `${code} and needs at least ${side} pixels; ${widthPx} are too few. ` +
    `Raise size to ${side} or more (${2 * side} scans better), or shorten data.`;
  throw new ApiError("unscannable", detail, { errors: { size: [`At least ${side} pixels.`] } });
}
