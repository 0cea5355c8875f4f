// From text to the dark and light modules of a QR symbol (ISO/IEC 18004:2015). Version, level and segments are chosen
// by domain/symbol/capacity; this places the codewords and picks the mask.

import { capacityOf, type ErrorCorrection, type FitOptions, fitSymbol } from "@qrfactory/domain/symbol/capacity";
import { densestModeOf } from "@qrfactory/domain/symbol/segmentation";
import { type Segment, type SegmentMode, segmentUnits } from "@qrfactory/domain/symbol/segments";
import { type GridShape, transpose, wordAt } from "./bit-grid.js";
import { codewordsOf } from "./codewords.js";
import { areaPenalty, columnPenalty } from "./penalty.js";
import { maskCount, type Plane, type Template, templateOf } from "./template.js";

/** A square of modules, row by row; 1 is dark. */
export type Modules = { side: number; cells: Uint8Array };

/** A finished symbol with the choices that led to it. */
export type QrSymbol = {
  /** 1 to 40. */
  version: number;
  /** Level reached, at least the one asked for. */
  errorCorrection: ErrorCorrection;
  /** Modes of the segments, in the order of first use. */
  modes: SegmentMode[];
  /** 0 to 7. */
  mask: number;
  modules: Modules;
};

/** Conditions on the symbol of a text. */
export type SymbolOptions = FitOptions & {
  /** 0 to 7; chosen by the penalty rules of the standard (7.8.3) unless told, as comparisons do. */
  mask?: number;
};

/**
 * Encodes a text in the smallest version that holds it at the level `least`, at the highest level that this version
 * has room for. Throws a RangeError that names the limit when the text is empty or even version 40 is too small.
 */
export function makeSymbol(text: string, least: ErrorCorrection, options: SymbolOptions = {}): QrSymbol {
  if (text === "") throw new RangeError("A QR symbol holds at least one character; the text is empty.");
  const fit = fitSymbol(text, least, options);
  if (!fit) {
    const mode = densestModeOf(text);
    const most = `${capacityOf(mode, least)} ${segmentUnits[mode]}`;
    throw new RangeError(`The largest QR symbol holds ${most} at level ${least}; the text is longer.`);
  }
  return encodeSegments(fit.segments, fit.version, fit.errorCorrection, options.mask);
}

/**
 * Encodes segments as they are given. Throws a RangeError that names the limit when they do not fit the version at this
 * level, or when version or mask do not exist.
 */
export function encodeSegments(
  segments: Segment[],
  version: number,
  errorCorrection: ErrorCorrection,
  mask?: number,
): QrSymbol {
  const isMask = mask === undefined || (Number.isInteger(mask) && mask >= 0 && mask < maskCount);
  if (!isMask) throw new RangeError(`Masks are numbered 0 to ${maskCount - 1}; there is no mask ${mask}.`);
  const template = templateOf(version, errorCorrection);
  const { shape, order, work } = template;
  const { data, candidate } = work;
  data.grid.fill(0);
  place(codewordsOf(segments, version, errorCorrection, order.length >> 3), order, data.grid);
  transpose(shape, data.grid, data.mirrored);
  const chosen = mask ?? bestMask(template);
  mix(candidate, data.grid, (template.planes[chosen] as Plane).grid);
  const modes = [...new Set(segments.map((segment) => segment.mode))];
  return { version, errorCorrection, modes, mask: chosen, modules: unpack(shape, candidate) };
}

/** Puts the bits of the codewords, highest first, into their modules; remainder bits are zeros. */
function place(codewords: Uint8Array, order: Uint16Array, grid: Int32Array): void {
  let at = 0;
  for (const codeword of codewords) {
    for (let bit = 7; bit >= 0; bit--) {
      const target = order[at++] as number;
      (grid[target >> 5] as number) |= ((codeword >> bit) & 1) << (target & 31);
    }
  }
}

function mix(to: Int32Array, data: Int32Array, plane: Int32Array): void {
  for (let i = 0; i < to.length; i++) to[i] = (data[i] as number) ^ (plane[i] as number);
}

/** The mask with the least penalty, of equals the first. */
function bestMask({ shape, planes, work: { data, candidate } }: Template): number {
  let best = 0;
  let bestPenalty = Number.POSITIVE_INFINITY;
  for (let mask = 0; mask < maskCount; mask++) {
    const { grid, mirrored } = planes[mask] as Plane;
    mix(candidate, data.grid, grid);
    let penalty = areaPenalty(shape, candidate);
    if (penalty < bestPenalty) penalty += columnPenalty(shape, candidate);
    if (penalty >= bestPenalty) continue;
    mix(candidate, data.mirrored, mirrored);
    penalty += columnPenalty(shape, candidate);
    if (penalty >= bestPenalty) continue;
    [best, bestPenalty] = [mask, penalty];
  }
  return best;
}

function unpack(shape: GridShape, grid: Int32Array): Modules {
  const { side } = shape;
  const cells = new Uint8Array(side * side);
  let at = 0;
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x += 32) {
      let word = grid[wordAt(shape, x, y)] as number;
      const end = at + Math.min(32, side - x);
      for (; at < end; at++, word >>>= 1) cells[at] = word & 1;
    }
  }
  return { side, cells };
}
