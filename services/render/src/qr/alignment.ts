// The alignment patterns of a symbol (ISO/IEC 18004:2015, 6.3.6 and annex E) as shapes of their own: rings of 5 × 5 modules
// with one in the middle. Scanners correct their view by them, so they stay whole whatever the modules around look like.
import type { EyeBorderShape } from "@qrfactory/domain/design-style";
import { addCircle, addRectangle, cutRectangle, newPath, type Path, type Point } from "./path.js";

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

/** How round the corners of the ring, of its hole and of its middle are, by the shape of the eyes around. */
const radii: Partial<Record<EyeBorderShape, readonly [outer: number, inner: number, dot: number]>> = {
  rounded: [1.3, 0.6, 0.3],
  circle: [2.5, 1.5, 0.5],
};

/** The alignment patterns with these middles, in the manner of the eyes. */
export function drawAlignment(middles: readonly Point[], shape: EyeBorderShape): Path {
  const path = newPath();
  const [outer, inner, dot] = radii[shape] ?? [0, 0, 0];
  for (const [x, y] of middles) {
    addRectangle(path, [x - 2, y - 2, 5, 5], outer);
    cutRectangle(path, [x - 1, y - 1, 3, 3], inner);
    if (dot === 0.5) addCircle(path, x + 0.5, y + 0.5, 0.5);
    else addRectangle(path, [x, y, 1, 1], dot);
  }
  return path;
}
