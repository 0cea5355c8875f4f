// A symbol as a halftone of a picture: each data module is nine cells, of which the one in the middle says what the
// module says, and the eight around it follow the picture (Chu et al., "Halftone QR Codes", SIGGRAPH Asia 2013). What
// readers find a symbol by is solid.
import { traceOutlines } from "../scene/outline.js";
import { closePath, lineTo, moveTo, newPath, type Path } from "../scene/path.js";
import type { Modules } from "../symbol/symbol.js";

/** Cells along a side of a module. */
export const cellsAlong = 3;

/** Tells of a module whether it is dark by its cells, solid as it is, or left out. */
export type HalftonePart = "cells" | "solid" | "empty";

/** A symbol whose data modules follow the tones of a picture. */
export type Halftone = {
  modules: Modules;
  partAt: (x: number, y: number) => HalftonePart;
  /** How dark each cell is to be, 0 to 1, row by row, `cellsAlong` times as many a side as modules. */
  tones: Float32Array;
  /** Pixels of a module's side: cells end on whole ones. */
  modulePx: number;
};

/** The outlines of the dark cells, in modules from the symbol's corner. */
export function drawHalftone(halftone: Halftone): Path {
  const { modules, modulePx } = halftone;
  const cells = ditherCells(halftone);
  const edges = cellEdges(modulePx);
  const place = (at: number) => Math.floor(at / cellsAlong) + (edges[at % cellsAlong] as number);
  const path = newPath();
  for (const outline of traceOutlines({ side: modules.side * cellsAlong, cells })) {
    for (const [i, [x, y]] of outline.entries()) (i === 0 ? moveTo : lineTo)(path, place(x), place(y));
    closePath(path);
  }
  return path;
}

/**
 * Share of a module's side that the cells at its edges have. With a third for each, half of the images are lost when a
 * camera sees them small or blurred; with a middle of half a module none is, and the picture is as good.
 */
const edgeShare = 0.23;

/** Where the cells of a module begin. */
function cellEdges(modulePx: number): number[] {
  const edge = modulePx < cellsAlong ? edgeShare : Math.max(1, Math.round(edgeShare * modulePx)) / modulePx;
  return [0, edge, 1 - edge];
}

/** Shares in which the error of a cell is diffused to the following ones (Floyd and Steinberg, 1976). */
const shares = [
  [1, 0, 7 / 16],
  [-1, 1, 3 / 16],
  [0, 1, 5 / 16],
  [1, 1, 1 / 16],
] as const;

/** Largest error diffused: middles that say the contrary of a wide area would smear into the next one. */
const debtMax = 1;

/**
 * Dark and light cells, 1 and 0, whose mean follows the tones, middles included: what one of them is too dark, those
 * around it are lighter.
 */
export function ditherCells({ modules, partAt, tones }: Omit<Halftone, "modulePx">): Uint8Array {
  const side = modules.side * cellsAlong;
  const cells = new Uint8Array(side * side);
  const debts = new Float32Array(side * side);
  const middle = cellsAlong >> 1;
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const [column, row] = [Math.floor(x / cellsAlong), Math.floor(y / cellsAlong)];
      const part = partAt(column, row);
      const at = y * side + x;
      const isDark = modules.cells[row * modules.side + column] === 1;
      if (part === "empty") continue;
      if (part === "solid") {
        cells[at] = isDark ? 1 : 0;
        continue;
      }
      const isMiddle = x % cellsAlong === middle && y % cellsAlong === middle;
      const wanted = (tones[at] as number) + (debts[at] as number);
      cells[at] = (isMiddle ? isDark : wanted > 0.5) ? 1 : 0;
      const debt = Math.max(-debtMax, Math.min(debtMax, wanted - (cells[at] as number)));
      for (const [dx, dy, share] of shares) {
        const [toX, toY] = [x + dx, y + dy];
        if (toX < 0 || toX >= side || toY >= side) continue;
        (debts[toY * side + toX] as number) += debt * share;
      }
    }
  }
  return cells;
}
