import { expect, test } from "@jest/globals";
import { eyeBorderShapes, eyeCenterShapes, patterns } from "@qrfactory/domain/design/style";
import { factors, levelsOf, type ScanTraits, scanScore } from "./scan-score.js";

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

test("plain squares of black on white have all of the score", () => {
  expect(scanScore(plain)).toBe(100);
});

test.each<[string, Partial<ScanTraits>]>([
  ["light on dark", { isInverted: true }],
  ["round eyes", { eyeBorderShape: "circle" }],
  ["leaves with stars", { eyeBorderShape: "leaf-tl", eyeCenterShape: "star" }],
  ["little contrast", { contrast: 2 }],
  ["one pixel a module", { modulePx: 1 }],
  ["no quiet zone", { quietZone: 0 }],
  ["a decoder that stumbled", { hasStumbled: true }],
])("%s costs some of the score, as cameras measured", (_name, change) => {
  expect(scanScore({ ...plain, ...change })).toBeLessThan(95);
});

test("more of what makes a code harder to read never raises the score", () => {
  const round = { ...plain, eyeBorderShape: "circle" } as const;
  const falling = (scores: number[]) => scores.every((score, i) => i === 0 || score <= (scores[i - 1] as number));
  expect(falling([21, 7, 4.5, 3, 2.2, 1.97].map((contrast) => scanScore({ ...plain, contrast })))).toBe(true);
  expect(falling([40, 3, 2, 1].map((modulePx) => scanScore({ ...plain, modulePx })))).toBe(true);
  expect(falling([21, 29, 33, 37, 41, 45, 53, 61, 185].map((side) => scanScore({ ...round, side })))).toBe(true);
  expect(falling([16, 4, 3, 2, 1, 0].map((quietZone) => scanScore({ ...plain, quietZone })))).toBe(true);
  expect(falling([1, 0.9, 0.7, 0.5, 0].map((unusedCorrection) => scanScore({ ...plain, unusedCorrection })))).toBe(
    true,
  );
});

test("every level that a design may have has a factor of its own, from nothing to all", () => {
  const changes: Partial<ScanTraits>[] = [
    ...patterns.map((pattern) => ({ pattern })),
    ...eyeBorderShapes.flatMap((eyeBorderShape) =>
      eyeCenterShapes.map((eyeCenterShape) => ({ eyeBorderShape, eyeCenterShape })),
    ),
    ...[21, 33, 37, 41, 45, 53, 61].map((side) => ({ eyeBorderShape: "circle", side }) as const),
    ...[true, false].flatMap((is) => [{ hasFrame: is }, { hasLogo: is }, { isInverted: is }, { hasStumbled: is }]),
    ...[1.97, 2, 3, 4.5, 7, 21].map((contrast) => ({ contrast })),
    ...[1, 2, 3, 100].map((modulePx) => ({ modulePx })),
    ...[0, 1, 2, 3, 4, 16].map((quietZone) => ({ quietZone })),
    ...[0, 0.5, 0.7, 0.85, 1].map((unusedCorrection) => ({ unusedCorrection })),
  ];
  for (const change of changes) {
    for (const [trait, level] of Object.entries(levelsOf({ ...plain, ...change }))) {
      expect([trait, level, factors[trait]?.[level]]).toEqual([trait, level, expect.any(Number)]);
    }
  }
});
