// The exact cost of missing modules: a codeword with one wrong module is a wrong codeword, and each block of a symbol
// repairs only so many. Modules in one place spoil more codewords than their share of the area says.
import { moduleAt } from "./bit-grid.js";
import { blockLayoutOf } from "./codewords.js";
import type { QrSymbol } from "./symbol.js";
import { templateOf } from "./template.js";

/**
 * How much of its correction the worst block of a symbol needs when some modules read wrongly: 0 for none, 1 for all of
 * it, more than 1 when the symbol cannot be read.
 */
export function damageOf(symbol: QrSymbol, isWrong: (x: number, y: number) => boolean): number {
  const { version, errorCorrection } = symbol;
  const { order, shape } = templateOf(version, errorCorrection);
  const total = order.length >> 3;
  const { blocks, degree, blockOf } = blockLayoutOf(version, errorCorrection, total);
  const wrong = new Uint16Array(blocks);
  for (let codeword = 0; codeword < total; codeword++) {
    const bits = order.subarray(codeword * 8, codeword * 8 + 8);
    if (bits.some((bit) => isWrong(...moduleAt(shape, bit)))) (wrong[blockOf(codeword)] as number)++;
  }
  return Math.max(...wrong) / Math.floor(degree / 2);
}
