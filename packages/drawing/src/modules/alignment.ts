// How alignment patterns are drawn. Scanners correct their view by them, so a ring stays whole: a line joins its
// modules where the pattern leaves them apart.

import { addRectangle, cutRectangle, newPath, type Path, type Point } from "../scene/path.js";
import { alignmentReach } from "../symbol/alignment-places.js";
import type { CurvedPattern } from "./patterns.js";

/** Patterns that leave no space between modules: their rings are whole anyway. */
const joined: ReadonlySet<CurvedPattern> = new Set(["rounded", "liquid"]);

/**
 * How thick the line through the middles of a ring's modules is, and how round the corners of the whole module in its
 * middle. A line of 0.5, or a middle of a pattern's own, is found by zxing-cpp and ZBar, but not by jsQR.
 */
const lineThickness = 0.86;
const middleRadius = 0.25;

/** Modules around these middles that hold the rings together, drawn like all others. */
export function drawAlignment(middles: readonly Point[], pattern: CurvedPattern): Path {
  const path = newPath();
  if (joined.has(pattern)) return path;
  const half = lineThickness / 2;
  const [outside, inside] = [2 * alignmentReach + lineThickness, 2 * alignmentReach - lineThickness];
  for (const [x, y] of middles) {
    const [left, top] = [x + 0.5 - alignmentReach, y + 0.5 - alignmentReach];
    addRectangle(path, [left - half, top - half, outside, outside], half);
    cutRectangle(path, [left + half, top + half, inside, inside]);
    addRectangle(path, [x, y, 1, 1], middleRadius);
  }
  return path;
}
