// The one place that knows which painter makes which format, and what pixels the scan check looks at: those that were
// delivered, or for vectors those of a print at 300 dpi.
import { composite, type Rgba } from "@qrfactory/domain/design/color";
import type { Design } from "@qrfactory/domain/design/design";
import { paintEps } from "@qrfactory/drawing/paint/paint-eps";
import { paintPdf } from "@qrfactory/drawing/paint/paint-pdf";
import { paintSvg } from "@qrfactory/drawing/paint/paint-svg";
import type { Scene } from "@qrfactory/drawing/scene/shapes";
import { jpegOf, paintPlainly, pngOf, type Raster, rasterize } from "../canvas/rasterize.js";
import { bufferOf, zlibDeflate } from "../canvas/zlib-deflate.js";

/** A finished file, and its pixels where the format has any. */
export type Painted = { bytes: Buffer; raster: Raster | null };

type PaintDesign = Pick<Design, "format" | "widthPx" | "widthInches" | "dpi">;

const white: Rgba = [255, 255, 255, 255];

/** The pixels of an image, or null where its format has none. */
export function paintPixels(scene: Scene, { format, widthPx }: Pick<PaintDesign, "format" | "widthPx">): Raster | null {
  if (format === "png") return rasterize(scene, widthPx);
  if (format !== "jpeg") return null;
  // JPEG has no transparency: what the background lets through is white.
  return paintPlainly({ ...scene, background: composite(scene.background, white) }, widthPx);
}

/** The bytes of the image, and its pixels where the format has any. */
export function paintScene(scene: Scene, design: PaintDesign): Painted {
  const { format, dpi } = design;
  const raster = paintPixels(scene, design);
  // Readers of designs give every JPEG its resolution.
  if (raster) return { bytes: format === "png" ? pngOf(raster, dpi) : jpegOf(raster, dpi as number), raster };
  if (format === "svg") return { bytes: bufferOf(paintSvg(scene, design, zlibDeflate)), raster };
  // And every PDF and EPS its inches.
  const widthInches = design.widthInches as number;
  const paintPage = format === "pdf" ? paintPdf : paintEps;
  return { bytes: bufferOf(paintPage(scene, { widthInches }, zlibDeflate)), raster };
}
