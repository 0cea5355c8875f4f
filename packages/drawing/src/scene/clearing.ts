// The modules that are left out around a logo: those that its outline touches, one more on every side, and what it
// encloses. A round logo stands in a round clearing.
import type { Box } from "./frames.js";
import type { Picture } from "./shapes.js";

/** Tells whether the module at column x and row y of the symbol is left out. */
export type IsCleared = (x: number, y: number) => boolean;

/** Points along a module's side at which the picture is looked at. */
const samples = 6;
/** Fainter than this a pixel is a shadow or a soft edge, not the outline. */
const alphaMin = 48;

/** Finds the clearing of a logo that lies in `box`, within the modules that it may have. */
export function clearingOf(box: Box, { x: left, y: top, width, height }: Box, picture: Picture): IsCleared {
  const isOpaqueAt = (x: number, y: number) => {
    const column = Math.floor(((x - box.x) / box.width) * picture.width);
    const row = Math.floor(((y - box.y) / box.height) * picture.height);
    const isInside = column >= 0 && column < picture.width && row >= 0 && row < picture.height;
    return isInside && (picture.data[4 * (row * picture.width + column) + 3] as number) >= alphaMin;
  };
  const touched = gridOf(width, height, (x, y) => {
    for (let i = 0; i < samples * samples; i++) {
      const [dx, dy] = [((i % samples) + 0.5) / samples, (Math.floor(i / samples) + 0.5) / samples];
      if (isOpaqueAt(left + x + dx, top + y + dy)) return true;
    }
    return false;
  });
  const near = gridOf(width, height, (x, y) => around.some(([dx, dy]) => at(touched, x + dx, y + dy)));
  const outside = flood(near);
  return (x, y) => {
    const [column, row] = [x - left, y - top];
    return column >= 0 && column < width && row >= 0 && row < height && !at(outside, column, row);
  };
}

type Grid = { width: number; height: number; cells: boolean[] };

const around = [-1, 0, 1].flatMap((dy) => [-1, 0, 1].map((dx) => [dx, dy] as const));
const beside = around.filter(([dx, dy]) => Math.abs(dx) + Math.abs(dy) === 1);

function gridOf(width: number, height: number, is: (x: number, y: number) => boolean): Grid {
  const cells = Array.from({ length: width * height }, (_, i) => is(i % width, Math.floor(i / width)));
  return { width, height, cells };
}

const at = ({ width, height, cells }: Grid, x: number, y: number): boolean =>
  x >= 0 && x < width && y >= 0 && y < height && cells[y * width + x] === true;

/** Cells reached from the edge of a grid without crossing a set one. */
function flood(walls: Grid): Grid {
  const { width, height } = walls;
  const reached = gridOf(width, height, () => false);
  const waiting: [x: number, y: number][] = [];
  const visit = (x: number, y: number) => {
    const isThere = x >= 0 && x < width && y >= 0 && y < height;
    if (!isThere || at(walls, x, y) || at(reached, x, y)) return;
    reached.cells[y * width + x] = true;
    waiting.push([x, y]);
  };
  for (let x = 0; x < width; x++) for (const y of [0, height - 1]) visit(x, y);
  for (let y = 0; y < height; y++) for (const x of [0, width - 1]) visit(x, y);
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    for (const [dx, dy] of beside) visit(next[0] + dx, next[1] + dy);
  }
  return reached;
}
