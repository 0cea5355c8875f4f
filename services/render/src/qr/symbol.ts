// From text to the dark and light modules of a QR symbol (ISO/IEC 18004:2015). The version and level are chosen by
// domain/symbol-capacity; the encoder is npm `qr`, the fastest known to us by an order of magnitude.
import { type ErrorCorrection, fitSymbol, modulesOf } from "@qrfactory/domain/symbol-capacity";
import encodeQR, { type ErrorCorrection as EncoderLevel } from "qr";

/** A square of modules, row by row; 1 is dark. */
export type Modules = { side: number; cells: Uint8Array };

export type QrSymbol = {
  /** 1 to 40. */
  version: number;
  /** What was reached, at least what was asked. */
  errorCorrection: ErrorCorrection;
  modules: Modules;
};

const encoderLevels: Record<ErrorCorrection, EncoderLevel> = { L: "low", M: "medium", Q: "quartile", H: "high" };

/** The encoder insists on a quiet zone; its smallest is cut off again. */
const encoderBorder = 1;

/**
 * Encodes a text as one segment of its densest mode; outside the alphanumeric set that is bytes of UTF-8. The mask
 * (0 to 7) is chosen by the penalty rules of the standard (7.8.3); `mask` overrides it for comparisons. The text must
 * fit, see `fitSymbol`.
 */
export function makeSymbol(text: string, least: ErrorCorrection, mask?: number): QrSymbol {
  const fit = fitSymbol(text, least);
  if (!fit) throw new RangeError("The text does not fit in a QR symbol");
  const { version, errorCorrection, mode } = fit;
  const ecc = encoderLevels[errorCorrection];
  const rows = encodeQR(text, "raw", { version, ecc, encoding: mode, border: encoderBorder, mask });
  const side = modulesOf(version);
  const cells = new Uint8Array(side * side);
  for (let y = 0; y < side; y++) {
    const row = rows[y + encoderBorder] as boolean[];
    for (let x = 0; x < side; x++) cells[y * side + x] = row[x + encoderBorder] ? 1 : 0;
  }
  return { version, errorCorrection, modules: { side, cells } };
}
