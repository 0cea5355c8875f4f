// How an image is styled: the fields of a generate request for patterns, gradients, finder eyes and frames, and their
// normal form. Omitted colours follow the ink, so that two spellings of one picture are one design.
import { z } from "zod";
import { composite, contrastRatio, type Rgba, rgbaOf } from "./color.js";
import { inkColor } from "./color-fields.js";
import { groundOf, isBanner, labelContrastMin } from "./label-contrast.js";

/** How the modules outside the finder eyes are drawn. */
export const patterns = [
  "squares",
  "rounded",
  "dot",
  "diamond",
  "liquid",
  "connected-h",
  "connected-v",
  "hexagon",
  "star",
  "halftone",
  "frame",
] as const;

/** Shape of the data modules. */
export type Pattern = (typeof patterns)[number];

/**
 * How the ring of a finder eye is drawn; the tip of a leaf points to the corner that it is named after in the eye at
 * the top left, and in the others to its mirror image.
 */
export const eyeBorderShapes = [
  "square",
  "rounded",
  "circle",
  "leaf-tl",
  "leaf-tr",
  "leaf-br",
  "leaf-bl",
  "frame",
] as const;

/** Shape of a finder eye's ring. */
export type EyeBorderShape = (typeof eyeBorderShapes)[number];

/** How the middle of a finder eye is drawn. */
export const eyeCenterShapes = [
  "square",
  "rounded",
  "circle",
  "leaf-tl",
  "sunburst",
  "star",
  "diamond",
  "cross",
] as const;

/** Shape of a finder eye's centre. */
export type EyeCenterShape = (typeof eyeCenterShapes)[number];

/** One word for both parts of an eye; a `frame` has a square in its middle. */
export const eyeShapes = ["square", "rounded", "circle", "frame"] as const;

/** Directions of a gradient, as the field `gradient_type` names them. */
export const gradientTypes = ["vertical", "horizontal", "diagonal", "radial"] as const;
/** Direction of a gradient. */
export type GradientType = (typeof gradientTypes)[number];

/** Frame around the symbol. */
export const frameStyles = ["box", "rounded", "banner-bottom", "banner-top", "ticket"] as const;
/** Style of a frame around the symbol. */
export type FrameStyle = (typeof frameStyles)[number];

/** Characters of a label as readers count them: grapheme clusters (Unicode Standard Annex 29). */
const labelLengthMax = 40;

/** A character may carry any number of marks; with four code points for each even family emoji have room. */
const labelCodePointsMax = 4 * labelLengthMax;

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

const frameLabel = z
  .string()
  // One line of text has one spelling: composed, without space around it.
  .transform((text) => text.normalize("NFC").trim())
  .superRefine((text, context) => {
    const mistake = labelMistake(text);
    if (mistake) context.addIssue({ code: "custom", message: mistake });
  });

function labelMistake(text: string): string | null {
  if (/\p{Surrogate}/u.test(text)) return "The label is not valid Unicode: it holds half of a surrogate pair.";
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text)) return "A label is one line without control characters.";
  // Counting clusters is the dearer half, so it never sees more than a bounded text.
  const isLong = text.length > 2 * labelCodePointsMax || [...text].length > labelCodePointsMax;
  if (isLong || [...graphemes.segment(text)].length > labelLengthMax) {
    return `A label has at most ${labelLengthMax} characters.`;
  }
  return null;
}

/** The style fields of a generate request (contract, section 4). */
export const styleFields = {
  pattern: z.enum(patterns).default("squares"),
  gradient_from: inkColor.optional(),
  gradient_to: inkColor.optional(),
  gradient_type: z.enum(gradientTypes).default("vertical"),
  eye_shape: z.enum(eyeShapes).default("square"),
  eye_border_shape: z.enum(eyeBorderShapes).optional(),
  eye_center_shape: z.enum(eyeCenterShapes).optional(),
  eye_color: inkColor.optional(),
  eye_border_color: inkColor.optional(),
  eye_center_color: inkColor.optional(),
  frame_style: z.enum(["none", ...frameStyles]).default("none"),
  frame_color: inkColor.optional(),
  frame_label: frameLabel.optional(),
  frame_label_color: inkColor.optional(),
};

const styleShape = z.object(styleFields);
type StyleRequest = z.output<typeof styleShape>;

/** Adds what is wrong with the style fields as a whole through `refuse`. */
export function checkStyle(
  request: StyleRequest & { color: string },
  refuse: (path: string, message: string) => void,
): void {
  if (request.gradient_from !== undefined && request.gradient_to === undefined) {
    refuse("gradient_to", "A gradient has two colours: give gradient_to as well.");
  }
  if (request.gradient_to !== undefined && request.gradient_from === undefined) {
    refuse("gradient_from", "A gradient has two colours: give gradient_from as well.");
  }
  if (request.frame_label && request.frame_style === "none") {
    refuse("frame_label", "A label is part of a frame: give a frame_style as well.");
  }
}

/** Colours are in normal form, see domain/design/color; null always means "like the ink". */
export type Style = {
  /** Colour of modules without a gradient; the start of the gradient where there is one. */
  color: string;
  pattern: Pattern;
  gradient: { from: string; to: string; type: GradientType } | null;
  eyeBorderShape: EyeBorderShape;
  eyeCenterShape: EyeCenterShape;
  eyeBorderColor: string | null;
  eyeCenterColor: string | null;
  frame: Frame | null;
};

/** `label` is empty where there is none; `labelColor` is null where it is drawn like the frame. */
export type Frame = { style: FrameStyle; color: string | null; label: string; labelColor: string | null };

/**
 * The normal form of the style fields beside `color` and `background`. The ink is the gradient if there is one, else
 * `color`; eyes and frames that were given no colour, or that of a flat ink, follow it. A gradient between equal
 * colours is flat.
 */
export function normalizeStyle(request: StyleRequest & { color: string; background: string }): Style {
  const { gradient_from: from, gradient_to: to, gradient_type: type } = request;
  const isGradient = from !== undefined && to !== undefined && from !== to;
  const color = from ?? request.color;
  const unlessInk = (explicit: string | undefined) =>
    explicit === undefined || (!isGradient && explicit === color) ? null : explicit;
  return {
    color,
    pattern: request.pattern,
    gradient: isGradient ? { from, to, type } : null,
    eyeBorderShape: request.eye_border_shape ?? request.eye_shape,
    eyeCenterShape: request.eye_center_shape ?? (request.eye_shape === "frame" ? "square" : request.eye_shape),
    eyeBorderColor: unlessInk(request.eye_border_color ?? request.eye_color),
    eyeCenterColor: unlessInk(request.eye_center_color ?? request.eye_color),
    frame: normalizeFrame(request, { color, isGradient, frameColor: unlessInk(request.frame_color) }),
  };
}

type Inks = { color: string; isGradient: boolean; frameColor: string | null };

function normalizeFrame(request: StyleRequest & { color: string; background: string }, inks: Inks): Frame | null {
  const { frame_style: style, frame_label: label = "", frame_label_color: explicit } = request;
  if (style === "none") return null;
  const { color, isGradient, frameColor } = inks;
  const frame = { style, color: frameColor, label };
  // A colour of what is not drawn changes nothing.
  if (label === "") return { ...frame, labelColor: null };
  if (isBanner(style))
    return { ...frame, labelColor: explicit ?? onBanner(frameColor ?? color, groundOf(request), request.background) };
  const flatFrame = frameColor ?? (isGradient ? null : color);
  return { ...frame, labelColor: explicit === undefined || explicit === flatFrame ? null : explicit };
}

/** Fields that one word sets together, as the parts are called where one is judged by itself. */
const setTogether: Record<string, readonly string[]> = { eye_color: ["eye_border_color", "eye_center_color"] };

/** A sentence about a design in the names that its request used: `eye_color` where that set a part of the eyes. */
export function inNamesSent(sentence: string, request: unknown): string {
  const sent = (request ?? {}) as Record<string, unknown>;
  let text = sentence;
  for (const [one, parts] of Object.entries(setTogether)) {
    if (sent[one] === undefined) continue;
    for (const part of parts) if (sent[part] === undefined) text = text.replaceAll(part, one);
  }
  return text;
}

/** The colour of a label on a banner: that of the background where it can be read, else black or white. */
function onBanner(banner: string, ground: Rgba, background: string): string {
  const filled = composite(rgbaOf(banner), ground);
  const candidates = background.endsWith("ff") ? [background, "#ffffffff", "#000000ff"] : ["#ffffffff", "#000000ff"];
  const contrast = (candidate: string) => contrastRatio(rgbaOf(candidate), filled);
  const readable = candidates.find((candidate) => contrast(candidate) >= labelContrastMin);
  return readable ?? (contrast("#ffffffff") >= contrast("#000000ff") ? "#ffffffff" : "#000000ff");
}
