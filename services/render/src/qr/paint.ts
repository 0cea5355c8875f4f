// The one place that knows which painter makes which format, and what pixels the scan check looks at: those that were
// delivered, or for vectors those of a print at 300 dpi.
import { composite, type Rgba } from "@qrfactory/domain/color";
import type { Design } from "@qrfactory/domain/design";
import { paintEps } from "./paint-eps.js";
import { paintPdf } from "./paint-pdf.js";
import { paintSvg } from "./paint-svg.js";
import { jpegOf, paintPlainly, pngOf, type Raster, rasterize } from "./rasterize.js";
import type { Scene } from "./scene.js";

export type Painted = { bytes: Buffer; raster: Raster | null };

const white: Rgba = [255, 255, 255, 255];

/** The bytes of the image, and its pixels where the format has any. */
export function paintScene(scene: Scene, design: Pick<Design, "format" | "widthPx" | "widthInches" | "dpi">): Painted {
  const { format, widthPx, dpi } = design;
  if (format === "png") {
    const raster = rasterize(scene, widthPx);
    return { bytes: pngOf(raster, dpi), raster };
  }
  if (format === "jpeg") {
    // JPEG has no transparency: what the background lets through is white. Readers of designs give each its resolution.
    const raster = paintPlainly({ ...scene, background: composite(scene.background, white) }, widthPx);
    return { bytes: jpegOf(raster, dpi as number), raster };
  }
  if (format === "svg") return { bytes: paintSvg(scene, design), raster: null };
  // Readers of designs give every PDF and EPS its inches.
  const widthInches = design.widthInches as number;
  return {
    bytes: format === "pdf" ? paintPdf(scene, { widthInches }) : paintEps(scene, { widthInches }),
    raster: null,
  };
}
