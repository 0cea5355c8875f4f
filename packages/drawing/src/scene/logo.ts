// Where a logo goes, what it costs a symbol, and which symbol can afford it. A decoder sees missing modules as errors,
// so the area that a logo clears must stay well within what the error correction repairs.
import {
  type ErrorCorrection,
  errorCorrectionLevels,
  type FitOptions,
  fitSymbol,
  versionMax,
} from "@qrfactory/domain/symbol/capacity";
import { damageOf } from "../symbol/damage.js";
import { makeSymbol, type QrSymbol } from "../symbol/symbol.js";
import type { Box } from "./frames.js";
import type { Picture } from "./shapes.js";

/** Share of the codewords that each level can repair (ISO/IEC 18004:2015, table 8). */
const recoveryShares: Record<ErrorCorrection, number> = { L: 0.07, M: 0.15, Q: 0.25, H: 0.3 };

/**
 * How much of the repairable share a logo may use; the rest is for dirt and bad light. Measured: logos within this
 * budget are read in all cases, at level M with a quarter of the width in as few as 31 %.
 */
const budgetShare = 0.4;

/**
 * How much of the correction of a block a logo may use. The budget above speaks of areas; in small symbols a logo
 * touches a larger share of the codewords than of the area, up to all that can be repaired
 * (infra/decisions/0011-what-a-logo-may-spoil.md).
 */
const damageMax = 0.5;

/** Versions by which a symbol may grow for its logo: beyond it the modules get smaller faster than the logo matters. */
const growthMax = 6;

/** A picture in the middle of the symbol. */
export type Logo = {
  picture: Picture;
  /** Share of the symbol's width that its longer side takes. */
  sizeRatio: number;
  /** Leaves out the modules under it and one module around it; finder eyes always stay. */
  clearZone: boolean;
};

/** Where a logo lies in a symbol, in modules from its top left corner, and the modules that are left out for it. */
export type LogoPlace = { box: Box; cleared: Box | null };

/** Finds the place of a logo in a symbol of `side` modules. */
export function placeLogo(side: number, logo: Logo): LogoPlace {
  const box = boxOf(logo, side);
  return { box, cleared: logo.clearZone ? clearZoneOf(box) : null };
}

function boxOf({ picture, sizeRatio }: Logo, side: number): Box {
  const scale = (side * sizeRatio) / Math.max(picture.width, picture.height);
  const [width, height] = [picture.width * scale, picture.height * scale];
  return { x: (side - width) / 2, y: (side - height) / 2, width, height };
}

/** The modules that a box touches, and one more on every side. */
function clearZoneOf({ x, y, width, height }: Box): Box {
  const [left, top] = [Math.floor(x) - 1, Math.floor(y) - 1];
  return { x: left, y: top, width: Math.ceil(x + width) + 1 - left, height: Math.ceil(y + height) + 1 - top };
}

/** Modules² that a logo makes unreadable: those that are left out, or those that it covers. */
export function areaOf({ box, cleared }: LogoPlace): number {
  const { width, height } = cleared ?? box;
  return width * height;
}

/** Modules² that a symbol of `side` modules can spare at a level. */
export function budgetOf(side: number, level: ErrorCorrection): number {
  return budgetShare * recoveryShares[level] * side * side;
}

/** Whether a module under or around a logo can be wrong: left out though dark, or covered by whatever is there. */
function spoils({ box, cleared }: LogoPlace, { modules }: QrSymbol) {
  const { side, cells } = modules;
  const { x, y, width, height } = cleared ?? box;
  return (column: number, row: number) => {
    const isUnder = column + 1 > x && column < x + width && row + 1 > y && row < y + height;
    return isUnder && (cleared === null || cells[row * side + column] === 1);
  };
}

/**
 * The symbol for a text and its logo: the smallest version, and in it the least level, that can spare the logo; where
 * none can that is a few versions larger, the one that the logo damages least, and the scan check decides.
 */
export function makeSymbolAround(
  text: string,
  least: ErrorCorrection,
  logo: Logo,
  options: Pick<FitOptions, "encoding"> = {},
): QrSymbol {
  let best: Candidate | null = null;
  for (const candidate of candidates(text, least, logo, options)) {
    if (candidate.affords) return candidate.symbol;
    if (!best || candidate.damage < best.damage) best = candidate;
  }
  return best?.symbol ?? makeSymbol(text, least, options);
}

type Candidate = { symbol: QrSymbol; damage: number; affords: boolean };

/** First every level in the version that it needs, then larger versions at the highest level that the text fits at. */
function* candidates(
  text: string,
  least: ErrorCorrection,
  logo: Logo,
  options: Pick<FitOptions, "encoding">,
): Generator<Candidate> {
  let last: QrSymbol | null = null;
  for (const level of errorCorrectionLevels.slice(errorCorrectionLevels.indexOf(least))) {
    if (!fitSymbol(text, level, options)) break;
    last = makeSymbol(text, level, options);
    yield judge(last, logo);
  }
  if (!last) return;
  const { version, errorCorrection } = last;
  for (let larger = version + 1; larger <= Math.min(version + growthMax, versionMax); larger++) {
    yield judge(makeSymbol(text, errorCorrection, { ...options, versionMin: larger }), logo);
  }
}

function judge(symbol: QrSymbol, logo: Logo): Candidate {
  const { side } = symbol.modules;
  const place = placeLogo(side, logo);
  const damage = damageOf(symbol, spoils(place, symbol));
  return { symbol, damage, affords: damage <= damageMax && areaOf(place) <= budgetOf(side, symbol.errorCorrection) };
}
