// Modules on pixels: whole ones, so that edges are crisp; the rest lies evenly around.

/** The image and the place of its module grid in it, in pixels. */
export type Grid = { widthPx: number; modulePx: number; offsetPx: number };

/** Snaps `side` modules into `widthPx` pixels; `modulePx` is 0 when not even one pixel a module is there. */
export function snapGrid(side: number, widthPx: number): Grid {
  const modulePx = Math.floor(widthPx / side);
  return { widthPx, modulePx, offsetPx: Math.floor((widthPx - modulePx * side) / 2) };
}
