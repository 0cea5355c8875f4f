// The alignment patterns of a symbol (ISO/IEC 18004:2015, 6.3.6 and annex E): rings of 5 × 5 modules with one in the middle.
// Scanners correct their view by them, so a ring stays whole: a line joins its modules where the pattern leaves them apart.
import { addRectangle, cutRectangle, newPath, type Path, type Point } from "./path.js";
import type { CurvedPattern } from "./patterns.js";

/** The row and column of the timing patterns. */
const timing = 6;

/** Middles along both axes: evenly spread from the far end, the rest to the near. */
function middlesAlong(side: number): number[] {
  const version = (side - 17) / 4;
  if (version === 1) return [];
  const gaps = Math.floor(version / 7) + 1;
  const last = side - 7;
  // The one version whose table in the standard is not rounded like the others.
  const step = version === 32 ? 26 : 2 * Math.ceil((last - timing) / gaps / 2);
  return [timing, ...Array.from({ length: gaps }, (_, i) => last - (gaps - 1 - i) * step)];
}

/** The middle modules of all alignment patterns of a symbol. */
export function alignmentMiddles(side: number): Point[] {
  const middles = middlesAlong(side);
  const last = side - 7;
  // Where finder eyes are there is no room for them.
  const isFinder = (x: number, y: number) =>
    (x === timing && y === timing) || (x === timing && y === last) || (x === last && y === timing);
  return middles.flatMap((y) => middles.flatMap((x): Point[] => (isFinder(x, y) ? [] : [[x, y]])));
}

/** Half of the modules along a side of an alignment pattern, rounded down. */
export const alignmentReach = 2;

/** Patterns that leave no space between modules: their rings are whole anyway. */
const joined: ReadonlySet<CurvedPattern> = new Set(["rounded", "liquid"]);

/**
 * How thick the line through the middles of a ring's modules is, and how round the corners of the whole module in its
 * middle. A line of 0.5, or a middle of a pattern's own, is found by zxing-cpp and ZBar, but not by jsQR.
 */
const lineThickness = 0.86;
const middleRadius = 0.25;

/** What holds the rings with these middles together, whose modules are drawn like all others. */
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
