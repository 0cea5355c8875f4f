// Whether the label of a frame can be seen on what it stands on: the filled banner, or the background. Where that is a
// picture, only its pixels tell.
import { composite, contrastRatio, type Rgba, rgbaOf, substrateUnder } from "./color.js";

/** Below this a word is guessed rather than read; a design may still be quieter than WCAG asks. */
export const labelContrastVisible = 1.5;

/** Contrast at which large text is read with ease (WCAG 2.2, 1.4.3). */
export const labelContrastMin = 3;

/** Whether a label of this `frame_style` stands on a filled banner, and not on the background. */
export function isBanner(style: string): boolean {
  return style === "banner-bottom" || style === "banner-top";
}

/** The fields of a request that decide the colours of a label; colours are in normal form, see domain/design/color. */
export type LabelColors = {
  color: string;
  background: string;
  frame_style: string;
  frame_label?: string | undefined;
  frame_color?: string | undefined;
  frame_label_color?: string | undefined;
  gradient_from?: string | undefined;
  gradient_to?: string | undefined;
  gradient_type: string;
};

/** The field to correct and the sentence that says how. */
export type Vanishing = { field: "frame_label_color" | "frame_color"; message: string };

/** The background as it is seen: on what a see-through one is taken to lie on. */
export function groundOf({
  color,
  background,
  gradient_from,
}: Pick<LabelColors, "color" | "background" | "gradient_from">): Rgba {
  return composite(rgbaOf(background), substrateUnder(rgbaOf(gradient_from ?? color)));
}

/**
 * Why a label would not be seen, and the field that has to change; null when it would be, and where a picture behind it
 * decides. The ink itself is judged with the symbol.
 */
export function vanishingLabel(request: LabelColors, hasPicture: boolean): Vanishing | null {
  const { frame_style: style, frame_label: label, frame_label_color: explicit, frame_color: frame } = request;
  const color = explicit ?? frame;
  if (!label || style === "none" || color === undefined) return null;
  const ground = groundOf(request);
  if (isBanner(style)) return explicit === undefined ? null : onBanner(request, explicit, ground);
  if (hasPicture) return null;
  const contrast = contrastOn(ground, color);
  if (contrast >= labelContrastVisible) return null;
  const field = explicit === undefined ? "frame_color" : "frame_label_color";
  const drawn = explicit === undefined ? "A label is drawn like its frame, and frame_color" : "A frame_label_color of";
  const seeThrough = request.background.endsWith("ff") ? "" : ", which lets through what it lies on";
  const message =
    `${drawn} ${shown(color)} vanishes on a background of ${shown(request.background)}${seeThrough} ` +
    `(contrast ${contrast.toFixed(1)} to 1); ${remedy(ground)}`;
  return { field, message };
}

function onBanner(request: LabelColors, color: string, ground: Rgba): Vanishing | null {
  for (const { field, banner } of bannersOf(request)) {
    const filled = composite(rgbaOf(banner), ground);
    const contrast = contrastOn(filled, color);
    if (contrast >= labelContrastVisible) continue;
    const message =
      `A label of ${shown(color)} vanishes on a banner of ${shown(banner)}` +
      `${field === "frame_color" ? "" : `, its ${field}`} (contrast ${contrast.toFixed(1)} to 1); ` +
      `leave frame_label_color out, or ${remedy(filled)}`;
    return { field: "frame_label_color", message };
  }
  return null;
}

/** Fill of a banner where its label stands: a vertical gradient has one end there, others both. */
function bannersOf(request: LabelColors): { field: string; banner: string }[] {
  const { frame_style: style, frame_color: frame, color, gradient_from: from, gradient_to: to } = request;
  if (frame !== undefined) return [{ field: "frame_color", banner: frame }];
  if (from === undefined || to === undefined) return [{ field: "color", banner: color }];
  const ends = [
    { field: "gradient_from", banner: from },
    { field: "gradient_to", banner: to },
  ];
  if (request.gradient_type !== "vertical") return ends;
  return style === "banner-top" ? ends.slice(0, 1) : ends.slice(1);
}

/** How much an ink differs from an opaque ground that it is painted on. */
export function contrastOn(ground: Rgba, color: string): number {
  return contrastRatio(composite(rgbaOf(color), ground), ground);
}

/** A colour that would be right on a ground, as the end of a sentence. */
export function remedy(ground: Rgba): string {
  const better = contrastOn(ground, "#000000ff") >= contrastOn(ground, "#ffffffff") ? "#000000" : "#ffffff";
  return `give a frame_label_color with a contrast of at least ${labelContrastMin} to 1, ${better} for example.`;
}

/** A colour as people write it. */
export function shown(normal: string): string {
  return normal.replace(/^(#[0-9a-f]{6})ff$/, "$1");
}
