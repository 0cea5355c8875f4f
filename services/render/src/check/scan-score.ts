// How well cameras will read a design, from what is known of it without them: a factor for each of its traits, fitted
// to what five decoders read under simulated cameras (packages/docs/measured/cameras.md; fitted by
// infra/bench/src/cameras/fit-score.ts).
import type { SceneStyle } from "@qrfactory/drawing/scene/shapes";

/** Facts of a drawn design that decide its score. */
export type ScanTraits = SceneStyle & {
  /** Light on dark. */
  isInverted: boolean;
  /** Of the ink that differs least from what it stands on, 1 to 21. */
  contrast: number;
  /** Modules along a side of the image. */
  side: number;
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
    ring,
    // Decoders that look for the corners of an eye miss those of round ones, by the more modules the more there are.
    side: ring === "square" ? "square ring" : least("side", traits.side),
    centre: `${traits.eyeCenterShape} in ${ring === "square" || ring === "circle" ? ring : "other"}`,
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

/** Least values of the levels of what is counted or measured, the largest first. */
const steps = {
  side: [61, 53, 45, 41, 37, 33, 0],
  contrast: [7, 4.5, 3, 2.2, 0],
  /** From 3 on cameras made no difference. */
  modulePx: [3, 2, 1],
  quietZone: [4, 3, 2, 1, 0],
  unused: [1, 0.85, 0.7, 0.5, 0],
} as const;

/** The order of levels where they have one. */
export const easiestFirst: Record<string, readonly string[]> = {
  side: ["square ring", ...steps.side.map(String).reverse()],
  contrast: steps.contrast.map(String),
  modulePx: steps.modulePx.map(String),
  quietZone: steps.quietZone.map(String),
  unused: steps.unused.map(String),
};

/**
 * Measured by cameras, but for designs they were not shown: fewer than 3 pixels a module, a contrast below 2.2, and a
 * quiet zone that is too small, for nothing lies around a simulated picture.
 */
export const factors: Factors = {
  pattern: {
    diamond: 1,
    dot: 1,
    hexagon: 1,
    squares: 1,
    star: 1,
    halftone: 0.99,
    "connected-h": 0.98,
    "connected-v": 0.98,
    frame: 0.98,
    liquid: 0.97,
    rounded: 0.96,
  },
  ring: {
    square: 1,
    rounded: 0.93,
    frame: 0.91,
    leaf: 0.92,
    circle: 0.87,
  },
  side: {
    "square ring": 1,
    "0": 0.94,
    "33": 0.94,
    "37": 0.94,
    "41": 0.94,
    "45": 0.94,
    "53": 0.93,
    "61": 0.88,
  },
  centre: {
    "square in square": 1,
    "rounded in square": 0.98,
    "circle in square": 0.92,
    "leaf-tl in square": 0.97,
    "sunburst in square": 0.94,
    "star in square": 0.91,
    "diamond in square": 0.9,
    "cross in square": 0.95,
    "square in other": 0.95,
    "rounded in other": 0.95,
    "circle in other": 0.94,
    "leaf-tl in other": 0.97,
    "sunburst in other": 0.93,
    "star in other": 0.9,
    "diamond in other": 0.93,
    "cross in other": 0.95,
    "square in circle": 0.93,
    "rounded in circle": 0.93,
    "circle in circle": 0.94,
    "leaf-tl in circle": 0.94,
    "sunburst in circle": 0.94,
    "star in circle": 0.94,
    "diamond in circle": 0.94,
    "cross in circle": 0.93,
  },
  frame: {
    yes: 1.03,
    no: 1,
  },
  logo: {
    no: 1,
    yes: 0.96,
  },
  polarity: {
    "dark on light": 1,
    "light on dark": 0.77,
  },
  contrast: {
    "7": 1,
    "4.5": 0.97,
    "3": 0.94,
    "2.2": 0.94,
    "0": 0.3,
  },
  modulePx: {
    "3": 1,
    "2": 0.9,
    "1": 0.7,
  },
  quietZone: {
    "4": 1,
    "3": 0.99,
    "2": 0.97,
    "1": 0.95,
    "0": 0.9,
  },
  unused: {
    "1": 1,
    "0.85": 0.99,
    "0.7": 0.96,
    "0.5": 0.96,
    "0": 0.94,
  },
  stumbled: {
    no: 1,
    yes: 0.93,
  },
};

/**
 * 100 × the factors of all traits, 1 to 100: about how many of the pictures that cameras take of a design five decoders
 * read, in percent of those that they read of plain squares.
 */
export function scanScore(traits: ScanTraits): number {
  const shares = Object.entries(levelsOf(traits)).map(([trait, level]) => factors[trait]?.[level] ?? 1);
  return Math.min(100, Math.max(1, Math.round(100 * shares.reduce((product, share) => product * share, 1))));
}
