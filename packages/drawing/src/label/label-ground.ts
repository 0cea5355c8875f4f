// Whether a label can be seen where a picture lies behind it: its pixels tell, which are known when it is drawn.
import { composite, contrastRatio, type Rgba, rgbaOf } from "@qrfactory/domain/design/color";
import type { Design } from "@qrfactory/domain/design/design";
import { isBanner, labelContrastVisible, remedy, shown } from "@qrfactory/domain/design/label-contrast";
import { type ApiError, invalidField } from "@qrfactory/domain/http/errors";
import { type Box, layOutFrame } from "../scene/frames.js";
import { inksOf } from "../scene/scene.js";
import type { Picture } from "../scene/shapes.js";
import { surfaceOf } from "../scene/surface.js";

/** Points at which the picture behind a label is looked at, along and down. */
const samplesAlong = 32;
const samplesDown = 8;

/** Letters of which more than this share is lost in their ground are not read. */
const lostMax = 0.5;

type Labelled = Pick<Design, "quietZone" | "widthPx" | "frame" | "background" | "color" | "gradient"> &
  Parameters<typeof inksOf>[0];

/**
 * Throws `validation_failed` when a label is lost in the softened picture behind it, which covers the image of a symbol
 * of `symbolSide` modules.
 */
export function requireVisibleLabel(design: Labelled, symbolSide: number, backdrop: Picture | null): void {
  const { frame, background, gradient, color, quietZone, widthPx } = design;
  if (!frame?.label || !backdrop) return;
  const { ground } = surfaceOf({ background: rgbaOf(background), inks: inksOf(design) });
  const { side, labelBox } = layOutFrame(frame, { symbolSide, quietZone, widthPx });
  const inks = frame.color !== null ? [frame.color] : gradient ? [gradient.from, gradient.to] : [color];
  const label = frame.labelColor;
  const behind = pixelsBehind(backdrop, labelBox, side).map((pixel) => composite(pixel, ground));
  const seen = isBanner(frame.style)
    ? inks.flatMap((ink) => behind.map((under) => composite(rgbaOf(ink), under)))
    : behind;
  // A label of no colour of its own is drawn like its frame: of a gradient, either end is enough.
  const shares = (label === null ? inks : [label]).map((ink) => lostShare(rgbaOf(ink), seen));
  if (Math.min(...shares) > lostMax) throw lost(design, seen);
}

function lostShare(ink: Rgba, grounds: Rgba[]): number {
  const lost = grounds.filter((ground) => contrastRatio(composite(ink, ground), ground) < labelContrastVisible);
  return lost.length / grounds.length;
}

/** Points of a picture that covers a scene of `side` modules, evenly spread over a box in it. */
function pixelsBehind({ width, height, data }: Picture, box: Box, side: number): Rgba[] {
  return Array.from({ length: samplesAlong * samplesDown }, (_, i) => {
    const along = ((i % samplesAlong) + 0.5) / samplesAlong;
    const down = (Math.floor(i / samplesAlong) + 0.5) / samplesDown;
    const column = Math.min(width - 1, Math.floor(((box.x + along * box.width) / side) * width));
    const row = Math.min(height - 1, Math.floor(((box.y + down * box.height) / side) * height));
    const at = 4 * (row * width + column);
    return [data[at] as number, data[at + 1] as number, data[at + 2] as number, data[at + 3] as number];
  });
}

function lost({ frame, color }: Labelled, grounds: Rgba[]): ApiError {
  const field = frame?.labelColor === null && frame.color !== null ? "frame_color" : "frame_label_color";
  const mean = meanOf(grounds);
  const ink = frame?.labelColor ?? frame?.color ?? color;
  const contrast = contrastRatio(composite(rgbaOf(ink), mean), mean);
  const where = frame && isBanner(frame.style) ? "its banner and background_image" : "background_image";
  const message =
    `A label of ${shown(ink)} (${field}) vanishes in ${where}, which there is like ${hexOf(mean)} ` +
    `(contrast ${contrast.toFixed(1)} to 1); ${remedy(mean)}`;
  return invalidField(field, message);
}

function meanOf(colors: Rgba[]): Rgba {
  const mean = (at: 0 | 1 | 2) => Math.round(colors.reduce((sum, color) => sum + color[at], 0) / colors.length);
  return [mean(0), mean(1), mean(2), 255];
}

const hexOf = (color: Rgba) =>
  `#${[color[0], color[1], color[2]].map((part) => part.toString(16).padStart(2, "0")).join("")}`;
