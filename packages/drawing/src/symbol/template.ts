// The template of a version, common to all its symbols: function patterns, the order in which modules take the data,
// and the eight masks (ISO/IEC 18004:2015, 6.3, 7.7 to 7.10). Made once a version and level, when first needed.

import { type ErrorCorrection, modulesOf, versionMax } from "@qrfactory/domain/symbol/capacity";
import { alignmentMiddles } from "./alignment-places.js";
import { type GridShape, gridShapeOf, lastColumnMask, transpose, wordAt } from "./bit-grid.js";

/** The mask patterns (table 10): a module is inverted where its condition holds; x is the column, y the row. */
const maskConditions: readonly ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => ((y >> 1) + Math.floor(x / 3)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

/** Number of masks of a QR symbol: 8. */
export const maskCount = maskConditions.length;

/** All conditions repeat after so many columns, and rows. */
const maskPeriod = 12;

/** For each mask and row (by its place in the period) the words of a row of the widest symbol. */
const maskWords = maskConditions.map((condition) =>
  Array.from({ length: maskPeriod }, (_, y) => {
    const words = new Int32Array(gridShapeOf(modulesOf(versionMax)).columns);
    for (let x = 0; x < words.length * 32; x++) {
      if (condition(x % maskPeriod, y)) (words[x >> 5] as number) |= 1 << (x & 31);
    }
    return words;
  }),
);

/** A grid and its mirror image. */
export type Plane = { grid: Int32Array; mirrored: Int32Array };

/** Everything that symbols of one version and level share. */
export type Template = {
  shape: GridShape;
  /** Where each bit of the codewords goes: index of its word × 32 + its bit there. */
  order: Uint16Array;
  /**
   * For each mask all that is not data, with the mask itself over the data region: exclusive-or with the data gives the
   * symbol.
   */
  planes: Plane[];
  /** Where a symbol is worked out; never left in the middle, so one for all symbols saves them the memory. */
  work: { data: Plane; candidate: Int32Array };
};

/** Level bits of the format information (table 12). */
const levelBits: Record<ErrorCorrection, number> = { L: 1, M: 0, Q: 3, H: 2 };

/** BCH(15,5), and what keeps the format information from being all light (annex C). */
const formatGenerator = 0b10100110111;
const formatMask = 0b101010000010010;

/** BCH(18,6) of the version information (annex D), which symbols carry from version 7. */
const versionGenerator = 0b1111100100101;
const versionInformationFrom = 7;

/** Value followed by the remainder of its division, `bits` bits of it. */
function withRemainder(value: number, generator: number, bits: number): number {
  let remainder = value << bits;
  for (let at = 31 - Math.clz32(remainder); at >= bits; at = 31 - Math.clz32(remainder)) {
    remainder ^= generator << (at - bits);
  }
  return (value << bits) | remainder;
}

/** The part that does not depend on the level; the grids are bits, `dark` of function patterns, `data` of the rest. */
type Frame = { shape: GridShape; order: Uint16Array; dark: Int32Array; data: Int32Array };

const frames = new Map<number, Frame>();
const templates = new Map<string, Template>();

/** The template of a version, 1 to 40, at a level; all 160 together take 7 MB. */
export function templateOf(version: number, level: ErrorCorrection): Template {
  if (!Number.isInteger(version) || version < 1 || version > versionMax) {
    throw new RangeError(`Versions are numbered 1 to ${versionMax}; there is no version ${version}.`);
  }
  const key = `${version}${level}`;
  let template = templates.get(key);
  if (!template) {
    template = makeTemplate(frameOf(version), level);
    templates.set(key, template);
  }
  return template;
}

/** Tells whether the module at column x and row y of a version holds data, and not a function pattern or its format. */
export function dataModulesOf(version: number): (x: number, y: number) => boolean {
  const { shape, data } = frameOf(version);
  return (x, y) => ((data[wordAt(shape, x, y)] as number) & (1 << (x & 31))) !== 0;
}

function frameOf(version: number): Frame {
  let frame = frames.get(version);
  if (!frame) {
    frame = makeFrame(version);
    frames.set(version, frame);
  }
  return frame;
}

function makeTemplate({ shape, order, dark, data }: Frame, level: ErrorCorrection): Template {
  const { side, columns } = shape;
  const planes = maskWords.map((rows, mask) => {
    const grid = dark.slice();
    for (let column = 0; column < columns; column++) {
      for (let y = 0; y < side; y++) {
        const at = wordAt(shape, column * 32, y);
        (grid[at] as number) |= (rows[y % maskPeriod]?.[column] as number) & (data[at] as number);
      }
    }
    const format = withRemainder((levelBits[level] << 3) | mask, formatGenerator, 10) ^ formatMask;
    placeFormat(format, side, (x, y, isDark) => {
      if (isDark) (grid[wordAt(shape, x, y)] as number) |= 1 << (x & 31);
    });
    const mirrored = new Int32Array(shape.words);
    transpose(shape, grid, mirrored);
    return { grid, mirrored };
  });
  const empty = () => new Int32Array(shape.words);
  return { shape, order, planes, work: { data: { grid: empty(), mirrored: empty() }, candidate: empty() } };
}

function makeFrame(version: number): Frame {
  const shape = gridShapeOf(modulesOf(version));
  const { side } = shape;
  const dark = new Int32Array(shape.words);
  const data = wholeGrid(shape);
  const set: SetModule = (x, y, isDark) => {
    if (x < 0 || y < 0 || x >= side || y >= side) return;
    const [at, bit] = [wordAt(shape, x, y), 1 << (x & 31)];
    dark[at] = isDark ? (dark[at] as number) | bit : (dark[at] as number) & ~bit;
    (data[at] as number) &= ~bit;
  };
  placePatterns(side, set);
  if (version >= versionInformationFrom) placeVersion(version, side, set);
  // Light for now: each mask writes its own.
  placeFormat(0, side, set);
  return { shape, order: dataOrder(shape, data), dark, data };
}

/** Every module of a grid and nothing beside it: what lies right of the edge would be judged with the symbol. */
function wholeGrid(shape: GridShape): Int32Array {
  const { side, columns } = shape;
  const grid = new Int32Array(shape.words);
  for (let column = 0; column < columns; column++) {
    const inside = column === columns - 1 ? lastColumnMask(shape) : -1;
    const first = wordAt(shape, column * 32, 0);
    grid.fill(inside, first, first + side);
  }
  return grid;
}

type SetModule = (x: number, y: number, isDark: boolean) => void;

/** Timing patterns, finders with their separators, alignment patterns, and the module that is always dark. */
function placePatterns(side: number, set: SetModule): void {
  for (let i = 0; i < side; i++) {
    set(i, 6, i % 2 === 0);
    set(6, i, i % 2 === 0);
  }
  const rings = (middleX: number, middleY: number, radius: number, isDark: (ring: number) => boolean) => {
    for (let y = -radius; y <= radius; y++) {
      for (let x = -radius; x <= radius; x++) {
        set(middleX + x, middleY + y, isDark(Math.max(Math.abs(x), Math.abs(y))));
      }
    }
  };
  for (const [x, y] of [
    [3, 3],
    [side - 4, 3],
    [3, side - 4],
  ] as const) {
    rings(x, y, 4, (ring) => ring !== 2 && ring !== 4);
  }
  for (const [x, y] of alignmentMiddles(side)) rings(x, y, 2, (ring) => ring !== 1);
}

function placeVersion(version: number, side: number, set: SetModule): void {
  const bits = withRemainder(version, versionGenerator, 12);
  for (let i = 0; i < 18; i++) {
    const isDark = ((bits >> i) & 1) === 1;
    const [near, far] = [Math.floor(i / 3), side - 11 + (i % 3)];
    set(near, far, isDark);
    set(far, near, isDark);
  }
}

/** Both copies of the 15 bits, and the dark module beside the second. */
function placeFormat(bits: number, side: number, set: SetModule): void {
  for (let i = 0; i < 15; i++) {
    const isDark = ((bits >> i) & 1) === 1;
    // Around the first finder, stepping over the timing patterns.
    if (i < 8) set(8, i < 6 ? i : i + 1, isDark);
    else set(i === 8 ? 7 : 14 - i, 8, isDark);
    if (i < 8) set(side - 1 - i, 8, isDark);
    else set(8, side - 15 + i, isDark);
  }
  set(8, side - 8, true);
}

/** Two columns at a time from the right, upwards and downwards in turns, over the timing column (7.7.3). */
function dataOrder(shape: GridShape, data: Int32Array): Uint16Array {
  const { side } = shape;
  const order = new Uint16Array(side * side);
  let count = 0;
  let isUpward = true;
  for (let right = side - 1; right > 0; right -= 2) {
    if (right === 6) right = 5;
    for (let i = 0; i < side; i++) {
      const y = isUpward ? side - 1 - i : i;
      for (let x = right; x >= right - 1; x--) {
        const at = wordAt(shape, x, y);
        if (((data[at] as number) >> (x & 31)) & 1) order[count++] = at * 32 + (x & 31);
      }
    }
    isUpward = !isUpward;
  }
  return order.slice(0, count);
}
