// Where the alignment patterns of a symbol are (ISO/IEC 18004:2015, 6.3.6 and annex E): rings of 5 × 5 modules with one
// in the middle.
import type { Point } from "../scene/path.js";

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
