import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { gridShapeOf, transpose, wordAt } from "./bit-grid.js";
import { areaPenalty, columnPenalty } from "./penalty.js";

type Cells = number[][];

/** The rules of ISO/IEC 18004:2015, 7.8.3, word for word, for one direction: each line of modules by itself. */
function linePenalty(line: number[]): number {
  const text = line.join("");
  const runs = (text.match(/0{5,}|1{5,}/g) ?? []).reduce((sum, run) => sum + 3 + run.length - 5, 0);
  // The quiet zone is light.
  const around = `0000${text}0000`;
  let finders = 0;
  for (let i = 0; i < text.length; i++) {
    if (around.slice(i + 4, i + 11) !== "1011101") continue;
    if (around.slice(i, i + 4) === "0000" || around.slice(i + 11, i + 15) === "0000") finders++;
  }
  return runs + 40 * finders;
}

function blockPenalty(cells: Cells): number {
  let blocks = 0;
  let dark = 0;
  const at = (x: number, y: number) => cells[y]?.[x] as number;
  for (let y = 0; y < cells.length; y++) {
    for (let x = 0; x < cells.length; x++) {
      dark += at(x, y);
      const isInside = x + 1 < cells.length && y + 1 < cells.length;
      const sum = isInside ? at(x, y) + at(x + 1, y) + at(x, y + 1) + at(x + 1, y + 1) : 1;
      if (sum === 0 || sum === 4) blocks++;
    }
  }
  const percent = (100 * dark) / cells.length ** 2;
  return 3 * blocks + 10 * Math.floor(Math.abs(percent - 50) / 5 + 1e-9);
}

function pack(cells: Cells): Int32Array {
  const shape = gridShapeOf(cells.length);
  const grid = new Int32Array(shape.words);
  for (const [y, row] of cells.entries()) {
    for (const [x, cell] of row.entries()) (grid[wordAt(shape, x, y)] as number) |= cell << (x & 31);
  }
  return grid;
}

/** Squares of noise with runs and finder-like lines in it, of sides that fill words, do not, and take several. */
const squares = fc
  .tuple(
    fc.constantFrom(21, 31, 32, 33, 64, 65, 177),
    fc.integer({ min: 1, max: 0x7fffffff }),
    fc.integer({ min: 1, max: 9 }),
  )
  .map(([side, seed, density]): Cells => {
    let state = seed;
    const next = () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return state >> 8;
    };
    const cells = Array.from({ length: side }, () =>
      Array.from({ length: side }, () => (next() % 10 < density ? 1 : 0)),
    );
    for (let i = 0; i < side; i++) {
      const [x, y] = [next() % (side - 10), next() % side];
      for (const [j, cell] of [...(i % 2 ? "10111010000" : "00001011101")].entries()) {
        (cells[y] as number[])[x + j] = Number(cell);
        (cells[x + j] as number[])[y] = Number(cell);
      }
    }
    return cells;
  });

test("the penalty of 32 modules at once is the penalty of the rules as they are written", () => {
  fc.assert(
    fc.property(squares, (cells) => {
      const shape = gridShapeOf(cells.length);
      const grid = pack(cells);
      const mirrored = new Int32Array(shape.words);
      transpose(shape, grid, mirrored);
      const columns = cells.map((_, x) => cells.map((row) => row[x] as number));
      const sum = (lines: Cells) => lines.reduce((total, line) => total + linePenalty(line), 0);
      expect(mirrored).toEqual(pack(columns));
      expect(columnPenalty(shape, grid)).toBe(sum(columns));
      expect(columnPenalty(shape, mirrored)).toBe(sum(cells));
      expect(areaPenalty(shape, grid)).toBe(blockPenalty(cells));
    }),
    { numRuns: 60 },
  );
});
