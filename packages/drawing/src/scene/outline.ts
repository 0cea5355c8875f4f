// Turns whole modules into closed outlines, so that vector formats fill one area instead of thousands of squares: fewer
// bytes, and no hairlines between neighbours.

import type { Modules } from "../symbol/symbol.js";
import { closePath, lineTo, moveTo, newPath, type Path } from "./path.js";
import type { Squares } from "./shapes.js";

/** A closed outline as its corners, in modules; its first edge goes right, then edges turn at every corner. */
export type Outline = [x: number, y: number][];

/** By heading: right, down, left, up, which is clockwise, as y grows downwards. */
const steps = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
] as const;

/** By heading: the module ahead to the right of a grid point; the one ahead to the left is that of a heading before. */
const aheadRight = [
  [0, 0],
  [-1, 0],
  [-1, -1],
  [0, -1],
] as const;

const turnRight = 1;
const turnLeft = 3;

/**
 * All outlines of the dark modules, dark always to the right of the way; modules that touch only at a corner are not
 * joined. Filling all of them at once, by either fill rule, paints exactly the dark modules.
 */
export function traceOutlines({ side, cells }: Modules): Outline[] {
  const dark = (x: number, y: number) => x >= 0 && y >= 0 && x < side && y < side && cells[y * side + x] === 1;
  const darkAhead = (x: number, y: number, heading: number) => {
    const [dx, dy] = aheadRight[heading % 4] as (typeof aheadRight)[number];
    return dark(x + dx, y + dy);
  };
  // Edges that go right are marked; every outline has one, so every outline is found once.
  const visited = new Uint8Array(side * side);

  function follow(startX: number, startY: number): Outline {
    const corners: Outline = [];
    let [x, y, heading] = [startX, startY, 0];
    do {
      corners.push([x, y]);
      const [dx, dy] = steps[heading] as (typeof steps)[number];
      let turn = 0;
      while (turn === 0) {
        if (heading === 0) visited[y * side + x] = 1;
        x += dx;
        y += dy;
        if (!darkAhead(x, y, heading)) turn = turnRight;
        else if (darkAhead(x, y, heading + 3)) turn = turnLeft;
      }
      heading = (heading + turn) % 4;
      // The heading belongs to the end, too: an outline may touch its own first corner on the way.
    } while (x !== startX || y !== startY || heading !== 0);
    return corners;
  }

  const outlines: Outline[] = [];
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const goesRight = dark(x, y) && !dark(x, y - 1);
      if (goesRight && visited[y * side + x] === 0) outlines.push(follow(x, y));
    }
  }
  return outlines;
}

/** The outlines of squares as a path. */
export function squaresPath({ left, top, modules }: Squares): Path {
  const path = newPath();
  for (const outline of traceOutlines(modules)) {
    for (const [i, [x, y]] of outline.entries()) (i === 0 ? moveTo : lineTo)(path, x + left, y + top);
    closePath(path);
  }
  return path;
}
