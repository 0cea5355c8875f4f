// Fits the factors of the scan score to what cameras read of random designs: services/render/src/check/scan-score.ts
// holds those of `npm run show -- cameras fit`.
import { easiestFirst, levelsOf, type ScanTraits } from "@qrfactory/render/check/scan-score";
import { measureDesigns } from "./measure-designs.js";
import type { Measured } from "./read-designs.js";
import { shareRead } from "./report.js";

/** Rounds of fitting each trait while the others stand; the factors do not move any more after some twenty. */
const rounds = 30;

/** How many designs the guess that a level costs nothing weighs. */
const guessWeight = 2;

/** Traits of one design, and the share of camera pictures in which it was read, 0 to 1. */
export type Sample = { traits: ScanTraits; share: number };
/** Fitted factors by trait and value. */
export type Fitted = Record<string, Record<string, number>>;

/** Designs that the factors are fitted to, and their run: none of those that a report is made of. */
const fitted = { count: 400, run: 1_000 } as const;

/** Measures designs, and prints the factors that tell best how they are read. */
export async function printFactors(): Promise<void> {
  const measured = await measureDesigns(fitted.count, fitted.run, { alone: true });
  console.log(JSON.stringify(fitFactors(samplesOf(measured)), null, 2));
}

/** Of each of our designs its traits, and the share of readings that succeed. */
export function samplesOf(measured: Measured[]): Sample[] {
  const readings = measured.flatMap((one) => one.readings);
  return readings.flatMap((one) => (one.traits ? [{ traits: one.traits, share: shareRead(one) }] : []));
}

/** The factors whose products come nearest to the shares by least squares, one trait after the other. */
export function fitFactors(samples: Sample[]): Fitted {
  const rows = samples.map(({ traits, share }) => ({ levels: levelsOf(traits), share }));
  const factors: Fitted = {};
  for (const { levels } of rows) {
    for (const [trait, level] of Object.entries(levels)) factors[trait] = { ...factors[trait], [level]: 1 };
  }
  let scale = 1;
  const productOf = (levels: Record<string, string>, except?: string) =>
    Object.entries(levels).reduce(
      (product, [trait, level]) => (trait === except ? product : product * (factors[trait]?.[level] ?? 1)),
      scale,
    );
  for (let round = 0; round < rounds; round++) {
    scale =
      rows.reduce((sum, { levels, share }) => sum + (share * productOf(levels)) / scale, 0) /
      rows.reduce((sum, { levels }) => sum + (productOf(levels) / scale) ** 2, 0);
    for (const [trait, levels] of Object.entries(factors)) {
      for (const level of Object.keys(levels)) {
        const mine = rows.filter((row) => row.levels[trait] === level);
        const sum = mine.reduce(
          (total, row) => total + row.share * productOf(row.levels, trait),
          guessWeight * scale ** 2,
        );
        const squares = mine.reduce(
          (total, row) => total + productOf(row.levels, trait) ** 2,
          guessWeight * scale ** 2,
        );
        levels[level] = sum / squares;
      }
    }
  }
  return scaled(factors);
}

/** The traits of plain squares in a large picture: nothing is taken of them. */
const plain = levelsOf({
  ...{ pattern: "squares", eyeBorderShape: "square", eyeCenterShape: "square", hasFrame: false, hasLogo: false },
  ...{
    isInverted: false,
    contrast: 21,
    modulePx: 100,
    quietZone: 4,
    side: 33,
    unusedCorrection: 1,
    hasStumbled: false,
  },
});

/**
 * Each factor as a share of that of plain squares; where levels have an order, a harder one has no more than an easier
 * one.
 */
function scaled(factors: Fitted): Fitted {
  return Object.fromEntries(
    Object.entries(factors).map(([trait, levels]) => {
      const most = levels[plain[trait] as string] ?? 1;
      const shares = Object.entries(levels).map(([level, factor]) => [level, factor / most] as const);
      const order = easiestFirst[trait];
      return [trait, order ? falling(Object.fromEntries(shares), order) : Object.fromEntries(shares.map(rounded))];
    }),
  );
}

const rounded = ([level, share]: readonly [string, number]) => [level, Math.round(100 * share) / 100] as const;

function falling(shares: Record<string, number>, order: readonly string[]): Record<string, number> {
  let most = 1;
  return Object.fromEntries(
    order.flatMap((level) => {
      const share = shares[level];
      if (share === undefined) return [];
      most = Math.min(most, share);
      return [rounded([level, most])];
    }),
  );
}
