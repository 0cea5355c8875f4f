import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { gridShapeOf, transpose, wordAt } from "./bit-grid.js";
import { blockPenalty, type Cells, linePenalty } from "./penalty.fixture.js";
import { areaPenalty, columnPenalty } from "./penalty.js";

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
