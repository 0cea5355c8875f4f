// Sections of the contact sheet: every pattern, every ring and centre of an eye, every gradient and frame, and logos
// among them, in the few colours that keep it calm.
import { eyeBorderShapes, eyeCenterShapes, frameStyles, gradientTypes, patterns } from "@qrfactory/domain/design/style";

/** A design by the fields of a request; a star on a disc of `logoColor` is its logo. */
export type Tile = { caption: string; fields: Record<string, unknown>; logoColor?: string };

/** A section of the contact sheet. */
export type Section = { title: string; lines: string[]; tiles: Tile[] };

const ink = "#1f2937";
const accent = "#4f46e5";

/** From and to, dark enough for every camera. */
const pairs = [
  ["#4338ca", "#be185d"],
  ["#0f766e", "#1d4ed8"],
  ["#c2410c", "#9d174d"],
  ["#7e22ce", "#0369a1"],
  ["#14532d", "#0e7490"],
] as const;

const pairAt = (i: number) => pairs[i % pairs.length] as (typeof pairs)[number];

const gradientOf = (i: number, gradient_type: string) => {
  const [gradient_from, gradient_to] = pairAt(i);
  return { gradient_from, gradient_to, gradient_type };
};

const patternsSection: Section = {
  title: "Patterns",
  lines: ["Eleven ways to draw", "a module. Each is", "read by two decoders."],
  tiles: patterns.map((pattern) => ({ caption: pattern, fields: { pattern, color: ink } })),
};

const ringsSection: Section = {
  title: "Eyes",
  lines: ["Eight rings, and eight", "centres in any of them,", "each in its own colour."],
  tiles: [
    ...eyeBorderShapes.map((shape) => ({
      caption: `ring: ${shape}`,
      fields: {
        pattern: "rounded",
        color: ink,
        eye_border_shape: shape,
        eye_center_shape: "rounded",
        eye_color: accent,
      },
    })),
    ...eyeCenterShapes.map((shape) => ({
      caption: `centre: ${shape}`,
      fields: { pattern: "dot", color: ink, eye_border_shape: "rounded", eye_center_shape: shape, eye_color: accent },
    })),
    {
      caption: "ring and centre in two colours",
      fields: {
        pattern: "liquid",
        color: ink,
        eye_shape: "circle",
        eye_border_color: "#be185d",
        eye_center_color: accent,
      },
    },
  ],
};

const gradientPatterns = ["liquid", "connected-v", "rounded", "dot", "hexagon"];

const gradientsSection: Section = {
  title: "Gradients",
  lines: ["Two colours in one of", "four directions, across", "modules and eyes."],
  tiles: [
    ...gradientTypes.map((type, i) => ({
      caption: type,
      fields: { pattern: gradientPatterns[i], eye_shape: "rounded", ...gradientOf(i, type) },
    })),
    {
      caption: "on a tinted ground",
      fields: {
        pattern: gradientPatterns[4],
        eye_shape: "circle",
        ...gradientOf(4, "diagonal"),
        background: "#e8f8f0",
      },
    },
  ],
};

const framePatterns = ["rounded", "hexagon", "connected-h", "dot", "liquid"];
const labels = ["Scan me", "メニュー", "Отзывы", "Vérifier", "امسح الرمز"];

const framesSection: Section = {
  title: "Frames",
  lines: ["Five frames with labels", "in any script of the", "bundled fonts."],
  tiles: frameStyles.map((style, i) => ({
    caption: style,
    fields: {
      pattern: framePatterns[i],
      eye_shape: "rounded",
      color: pairAt(i)[0],
      frame_style: style,
      frame_label: labels[i],
    },
  })),
};

const logosSection: Section = {
  title: "Logos",
  lines: ["The correction grows", "with the logo, so that", "the code survives it."],
  tiles: [
    { caption: "plain", fields: { color: ink }, logoColor: accent },
    {
      caption: "dots, circles",
      fields: { pattern: "dot", eye_shape: "circle", color: "#be123c" },
      logoColor: "#be123c",
    },
    {
      caption: "diamonds, leaves",
      fields: { pattern: "diamond", color: "#0f766e", eye_border_shape: "leaf-br", eye_center_shape: "diamond" },
      logoColor: "#0f766e",
    },
    {
      caption: "liquid, radial",
      fields: { pattern: "liquid", eye_shape: "rounded", ...gradientOf(0, "radial") },
      logoColor: "#4338ca",
    },
    {
      caption: "in a banner",
      fields: {
        pattern: "connected-v",
        eye_shape: "rounded",
        ...gradientOf(3, "vertical"),
        frame_style: "banner-bottom",
        frame_label: "扫码点餐",
      },
      logoColor: "#6d28d9",
    },
  ].map((tile) => ({ ...tile, fields: { error_correction: "H", ...tile.fields } })),
};

/** In the order of the sheet; each has one tile less than its rows have cells, for its name. */
export const sections: readonly Section[] = [
  patternsSection,
  ringsSection,
  gradientsSection,
  framesSection,
  logosSection,
];
