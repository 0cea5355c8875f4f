// How well cameras will read a design, from what is known of it without them: a factor for each of its traits, fitted to
// what five decoders read under simulated cameras (infra/readme/cameras.md; fitted by infra/bench/src/cameras/fit-score.ts).
import type { SceneStyle } from "./qr/scene.js";

/** What of a drawn design decides its score. */
export type ScanTraits = SceneStyle & {
  /** Light on dark. */
  isInverted: boolean;
  /** Of the ink that differs least from what it stands on, 1 to 21. */
  contrast: number;
  /** Pixels a module in the delivered image; of a vector, in one of its nominal size. */
  modulePx: number;
  /** In modules. */
  quietZone: number;
  /** Share of the error correction that the first decoder did not need, 0 to 1. */
  unusedCorrection: number;
  /** Whether the check needed other views than the first, or the other decoder. */
  hasStumbled: boolean;
};

/** Trait → its level → the share of all readings that it leaves. The first level of each is the easiest to read. */
type Factors = Record<string, Record<string, number>>;

/** The level that a design has of each trait, by the names of `factors`. */
export function levelsOf(traits: ScanTraits): Record<string, string> {
  const ring = traits.eyeBorderShape.startsWith("leaf") ? "leaf" : traits.eyeBorderShape;
  const least = (trait: keyof typeof steps, value: number) => String(steps[trait].find((step) => value >= step) ?? 0);
  return {
    pattern: traits.pattern,
    // Decoders that look for the corners of an eye miss those of round ones, by the more modules the larger the symbol is.
    ring: ring === "square" ? ring : `${ring}, ${least("symbolSide", traits.symbolSide)}`,
    centre: traits.eyeCenterShape,
    frame: traits.hasFrame ? "yes" : "no",
    logo: traits.hasLogo ? "yes" : "no",
    polarity: traits.isInverted ? "light on dark" : "dark on light",
    contrast: least("contrast", traits.contrast),
    modulePx: least("modulePx", traits.modulePx),
    quietZone: least("quietZone", traits.quietZone),
    unused: least("unused", traits.unusedCorrection),
    stumbled: traits.hasStumbled ? "yes" : "no",
  };
}

/** Least values of the levels of what is counted or measured, the easiest to read first. */
const steps = {
  /** Version 1 has 21 modules a side and no alignment pattern. */
  symbolSide: [37, 29, 25, 21],
  contrast: [7, 4.5, 3, 2.2, 0],
  modulePx: [10, 8, 6, 5, 4, 3, 2, 1],
  quietZone: [4, 3, 2, 1, 0],
  unused: [1, 0.85, 0.7, 0.5, 0],
} as const;

/** The order of levels where they have one. */
export const easiestFirst: Record<string, readonly number[]> = {
  contrast: steps.contrast,
  modulePx: steps.modulePx,
  quietZone: steps.quietZone,
  unused: steps.unused,
};

/**
 * What cameras measured, but for what they were not shown: fewer than 3 pixels a module, a contrast below 2.2, and a quiet
 * zone that is too small, for nothing lies around a simulated picture.
 */
export const factors: Factors = {
  pattern: {
    squares: 1,
    diamond: 0.98,
    "connected-v": 0.98,
    "connected-h": 0.97,
    hexagon: 0.97,
    dot: 0.97,
    halftone: 0.97,
    star: 0.96,
    rounded: 0.96,
    liquid: 0.95,
    frame: 0.89,
  },
  ring: {
    square: 1,
    "rounded, 21": 0.92,
    "rounded, 25": 0.93,
    "rounded, 29": 0.94,
    "rounded, 37": 0.89,
    "leaf, 21": 0.89,
    "leaf, 25": 0.94,
    "leaf, 29": 0.88,
    "leaf, 37": 0.85,
    "frame, 21": 0.9,
    "frame, 25": 0.91,
    "frame, 29": 0.91,
    "frame, 37": 0.89,
    "circle, 21": 0.83,
    "circle, 25": 0.84,
    "circle, 29": 0.86,
    "circle, 37": 0.8,
  },
  centre: {
    "leaf-tl": 1.02,
    square: 1,
    rounded: 0.99,
    cross: 0.99,
    star: 0.98,
    sunburst: 0.97,
    circle: 0.96,
    diamond: 0.94,
  },
  frame: { yes: 1.02, no: 1 },
  logo: { yes: 1.02, no: 1 },
  polarity: { "dark on light": 1, "light on dark": 0.8 },
  contrast: { "7": 1, "4.5": 0.99, "3": 0.95, "2.2": 0.95, "0": 0.3 },
  modulePx: { "10": 1, "8": 0.99, "6": 0.99, "5": 0.99, "4": 0.99, "3": 0.99, "2": 0.89, "1": 0.69 },
  quietZone: { "4": 1, "3": 0.99, "2": 0.97, "1": 0.95, "0": 0.9 },
  unused: { "1": 1, "0.85": 0.99, "0.7": 0.98, "0.5": 0.96, "0": 0.93 },
  stumbled: { no: 1, yes: 0.9 },
};

/**
 * 100 × the factors of all traits, 1 to 100: about how many of the pictures that cameras take of a design five decoders
 * read, in percent of those that they read of plain squares.
 */
export function scanScore(traits: ScanTraits): number {
  const shares = Object.entries(levelsOf(traits)).map(([trait, level]) => factors[trait]?.[level] ?? 1);
  return Math.min(100, Math.max(1, Math.round(100 * shares.reduce((product, share) => product * share, 1))));
}
