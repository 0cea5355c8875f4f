// The logo of all examples: a white star on a coloured disc, drawn with the paths that everything here is drawn with.
import { rgbaOf } from "@qrfactory/domain/design/color";
import { addCircle, addPolygon, newPath, type Path, starCorners } from "@qrfactory/drawing/scene/path";
import type { Picture } from "@qrfactory/drawing/scene/shapes";
import { type Painting, paintCanvas, straightPixelsOf } from "./canvas.js";

/** Paths in flat colours on nothing, `side` units and pixels wide. */
export function paintPaths(side: number, paths: readonly (readonly [color: string, path: Path])[]): Painting {
  const shapes = paths.map(([color, path]) => {
    const fill = { kind: "flat" as const, color: rgbaOf(`${color}ff`) };
    return { kind: "path" as const, fill, path };
  });
  return paintCanvas({ side, background: [0, 0, 0, 0], shapes, quietZone: 0, inks: [] }, side);
}

/** The logo with a disc of this colour (`#rrggbb`), 160 pixels wide. */
export function starLogo(color: string): Picture {
  const side = 160;
  const [disc, star] = [newPath(), newPath()];
  addCircle(disc, side / 2, side / 2, side / 2);
  addPolygon(star, starCorners([side / 2, side / 2], { points: 5, outer: 0.36 * side, inner: 0.17 * side }));
  const painting = paintPaths(side, [
    [color, disc],
    ["#ffffff", star],
  ]);
  return { width: side, height: side, data: new Uint8Array(straightPixelsOf(painting)) };
}
