// How bad a masked symbol is to read, by the four rules of ISO/IEC 18004:2015, 7.8.3, computed for 32 modules at once.
// Both directions use the same code: rows are judged as the columns of the mirrored grid. Grids hold no bit outside the
// symbol.
import { type GridShape, lastColumnMask, marginRows } from "./bit-grid.js";

/** Weights N1 to N4 of table 11. */
const weights = { run: 3, block: 3, finder: 40, balance: 10 } as const;

/** Bits set in a word. */
function countBits(word: number): number {
  let n = word - ((word >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/**
 * Rules 1 and 3 down the columns: runs of five and more of one colour cost 3 and 1 for each further module; a pattern
 * like a finder (1:1:3:1:1) with four light modules before or after it costs 40. The outside is light: the quiet
 * zone is there whenever a symbol is read.
 */
export function columnPenalty(shape: GridShape, grid: Int32Array): number {
  const { side, columns, stride } = shape;
  let runs = 0;
  let finders = 0;
  for (let column = 0; column < columns; column++) {
    const inside = column === columns - 1 ? lastColumnMask(shape) : -1;
    const first = column * stride + marginRows;
    let word = grid[first] as number;
    // Bits: the last two, or the last four, steps were between modules of one colour; a run of five ended just above.
    let same = 0;
    let same2 = 0;
    let same2Before = 0;
    let ended = 0;
    // Where a run of five ends: twice 3 − 1 at its first, once for every module.
    for (let at = first + 1; at < first + side; at++) {
      const above = word;
      word = grid[at] as number;
      const equal = ~(word ^ above) & inside;
      const equal2 = equal & same;
      const five = equal2 & same2Before;
      if (five !== 0) {
        const begun = five & ~ended;
        runs += countBits(five) + (begun === 0 ? 0 : (weights.run - 1) * countBits(begun));
      }
      ended = five;
      same2Before = same2;
      same2 = equal2;
      same = equal;
    }
    for (let at = first + 6; at < first + side; at++) {
      const pattern =
        (grid[at] as number) &
        ~(grid[at - 1] as number) &
        (grid[at - 2] as number) &
        (grid[at - 3] as number) &
        (grid[at - 4] as number) &
        ~(grid[at - 5] as number) &
        (grid[at - 6] as number);
      if (pattern === 0) continue;
      const before =
        (grid[at - 7] as number) | (grid[at - 8] as number) | (grid[at - 9] as number) | (grid[at - 10] as number);
      const after =
        (grid[at + 1] as number) | (grid[at + 2] as number) | (grid[at + 3] as number) | (grid[at + 4] as number);
      finders += countBits(pattern & ~(before & after));
    }
  }
  return runs + finders * weights.finder;
}

/**
 * Rules 2 and 4: a block of 2 × 2 modules of one colour costs 3, each 5 % of dark modules more or less than half 10.
 */
export function areaPenalty(shape: GridShape, grid: Int32Array): number {
  const { side, columns, stride } = shape;
  let blocks = 0;
  let dark = 0;
  for (let column = 0; column < columns; column++) {
    const isLast = column === columns - 1;
    // A block is counted at its left column, so the last column of all has none.
    const inside = isLast ? lastColumnMask(shape) >>> 1 : -1;
    const first = column * stride + marginRows;
    let above = 0;
    let rightAbove = 0;
    for (let at = first; at < first + side; at++) {
      const word = grid[at] as number;
      const right = (word >>> 1) | (isLast ? 0 : (grid[at + stride] as number) << 31);
      dark += countBits(word);
      if (at > first) blocks += countBits(~((word ^ above) | (word ^ right) | (word ^ rightAbove)) & inside);
      above = word;
      rightAbove = right;
    }
  }
  const modules = side * side;
  const steps = Math.floor(Math.abs(20 * dark - 10 * modules) / modules);
  return blocks * weights.block + steps * weights.balance;
}
