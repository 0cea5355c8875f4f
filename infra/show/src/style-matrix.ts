// Every combination of styles that the contract names, as requests: what the proof of readability goes through.

import { type ImageFormat, imageFormats } from "@qrfactory/domain/design/image-size";
import {
  eyeBorderShapes,
  eyeCenterShapes,
  eyeShapes,
  frameStyles,
  gradientTypes,
  type Pattern,
  patterns,
} from "@qrfactory/domain/design/style";

/** One request for an image: `fields` as a client sends them, and whether a logo comes with them. */
export type Style = {
  fields: { data: string; size: number; format: ImageFormat; pattern: Pattern } & Record<string, unknown>;
  hasLogo: boolean;
};

/** Content of all of them: a short link, as in most codes. */
export const matrixText = "https://example.com/menu";

/** Colours of the modules and of the eyes in every image of the matrix. */
export const matrixColors = { color: "#1d3557", eye_color: "#7b1e3b" };
/** Fields of each gradient, the first for none. */
export const gradients = [
  {},
  ...gradientTypes.map((type) => ({ gradient_from: "#4a00e0", gradient_to: "#c2185b", gradient_type: type })),
];

/** Fields of each frame, the first for none. */
export const frames = [
  {},
  ...frameStyles.map((style) => ({ frame_style: style, frame_label: "Scan me", frame_color: "#1d3557" })),
];

/** Pixels of the side; a PDF or EPS has as many at 300 dpi, which is what it is rasterised with. */
export const matrixSizePx = 400;

/**
 * The styles of one pattern and format in groups of those that differ by gradient and logo only: 4 eyes × 6 frames
 * × 5 gradients × with and without a logo, and for PNG each of 8 rings with each of 8 centres as well.
 */
export function stylesOf(pattern: Pattern, format: ImageFormat): Style[][] {
  const common = { data: matrixText, size: matrixSizePx, format, pattern, ...matrixColors };
  const groups: Style[][] = [];
  for (const eye_shape of eyeShapes) {
    for (const frame of frames) {
      groups.push(
        [false, true].flatMap((hasLogo) =>
          gradients.map((gradient) => ({ fields: { ...common, eye_shape, ...frame, ...gradient }, hasLogo })),
        ),
      );
    }
  }
  if (format !== "png") return groups;
  for (const border of eyeBorderShapes) {
    const fields = (center: string) => ({ ...common, eye_border_shape: border, eye_center_shape: center });
    groups.push(eyeCenterShapes.map((center) => ({ fields: fields(center), hasLogo: false })));
  }
  return groups;
}

/** A piece of work: images of one format in groups that are looked at together. */
export type Part = { name: string; format: ImageFormat; groups: Style[][] };

/** Pieces of the matrix that can be worked on side by side. */
export const matrixParts: Part[] = patterns.flatMap((pattern) =>
  imageFormats.map((format) => ({ name: `${pattern}, ${format}`, format, groups: stylesOf(pattern, format) })),
);
