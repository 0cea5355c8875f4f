import { expect, test } from "@jest/globals";
import type { ScanTraits } from "@qrfactory/render/check/scan-score";
import { fitFactors } from "./fit-score.js";

const plain: ScanTraits = {
  ...{ pattern: "squares", eyeBorderShape: "square", eyeCenterShape: "square", hasFrame: false, hasLogo: false },
  ...{
    isInverted: false,
    contrast: 21,
    modulePx: 12,
    quietZone: 4,
    side: 33,
    unusedCorrection: 1,
    hasStumbled: false,
  },
};

test("factors that made the shares are found again", () => {
  const patterns = { squares: 1, dot: 0.8, star: 0.5 } as const;
  const samples = Object.entries(patterns).flatMap(([pattern, factor]) =>
    [false, true].flatMap((isInverted) =>
      Array.from({ length: 20 }, () => ({
        traits: { ...plain, pattern: pattern as keyof typeof patterns, isInverted },
        share: 0.9 * factor * (isInverted ? 0.6 : 1),
      })),
    ),
  );
  const factors = fitFactors(samples);
  expect(factors.pattern?.squares).toBe(1);
  expect(factors.pattern?.dot).toBeCloseTo(0.8, 1);
  expect(factors.pattern?.star).toBeCloseTo(0.5, 1);
  expect(factors.polarity?.["light on dark"]).toBeCloseTo(0.6, 1);
});
