// A square of modules packed into words of 32, the form in which whole rows are masked and judged at once.

/** Rows of light modules above and below, so that looking a little past an edge needs no test. */
export const marginRows = 4;

/**
 * How a grid of so many modules a side lies in an Int32Array: column by column of words, each with its rows in turn.
 */
export type GridShape = {
  side: number;
  /** Columns of words. */
  columns: number;
  /** Words in a column, margins included. */
  stride: number;
  /** In all. */
  words: number;
};

/** The shape of a grid of `side` modules a side. */
export function gridShapeOf(side: number): GridShape {
  const columns = (side + 31) >> 5;
  const stride = side + 2 * marginRows;
  return { side, columns, stride, words: columns * stride };
}

/** Index of the word of a module; its bit there is `x & 31`. */
export function wordAt({ stride }: GridShape, x: number, y: number): number {
  return (x >> 5) * stride + marginRows + y;
}

/** The bits of the last column of words that are modules of the grid. */
export function lastColumnMask({ side }: GridShape): number {
  return (side & 31) === 0 ? -1 : (1 << (side & 31)) - 1;
}

/** The module behind a bit: the index of its word × 32 + its place there. */
export function moduleAt({ stride }: GridShape, bit: number): [x: number, y: number] {
  const word = bit >> 5;
  const column = Math.floor(word / stride);
  return [(column << 5) + (bit & 31), word - column * stride - marginRows];
}

/** Where `transpose` works; it is never left in the middle. */
const block = new Int32Array(32);

/** Mirrors a grid at its main diagonal, 32 × 32 modules at a time, so that what judges columns can judge rows. */
export function transpose(shape: GridShape, from: Int32Array, to: Int32Array): void {
  const { side, columns, stride } = shape;
  for (let column = 0; column < columns; column++) {
    for (let band = 0; band < columns; band++) {
      const height = Math.min(32, side - band * 32);
      const source = column * stride + marginRows + band * 32;
      for (let i = 0; i < 32; i++) block[i] = i < height ? (from[source + i] as number) : 0;
      transposeBlock();
      const width = Math.min(32, side - column * 32);
      const target = band * stride + marginRows + column * 32;
      for (let i = 0; i < width; i++) to[target + i] = block[i] as number;
    }
  }
}

/** Swaps quarters, then quarters of quarters, down to single bits. */
function transposeBlock(): void {
  let mask = 0xffff;
  for (let half = 16; half > 0; half >>= 1, mask ^= mask << half) {
    for (let i = 0; i < 32; i = (i + half + 1) & ~half) {
      const upper = block[i] as number;
      const lower = block[i + half] as number;
      const swapped = ((upper >>> half) ^ lower) & mask;
      block[i + half] = lower ^ swapped;
      block[i] = upper ^ (swapped << half);
    }
  }
}
