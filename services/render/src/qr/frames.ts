// What stands around a symbol: where it lies in the square image, the outline of the frame, and the room for its label.
// All measures are whole modules where the symbol depends on them, so that its modules stay on the grid of pixels.
import { type Frame, type FrameStyle, isBanner } from "@qrfactory/domain/design-style";
import { addCircle, addRectangle, arcTo, closePath, cutRectangle, moveTo, newPath, type Path } from "./path.js";

/** A rectangle in modules. */
export type Box = { x: number; y: number; width: number; height: number };

export type FrameLayout = {
  /** Modules along the side of the image. */
  side: number;
  /** Where the symbol with its quiet zone begins. */
  left: number;
  top: number;
  /** What the frame covers, its inside included. */
  bounds: Box;
  outline: Path;
  /** Where the label may stand; it is centred there. */
  labelBox: Box;
};

/** Shares of the width of the symbol with its quiet zone. */
const strokeShare = 0.032;
const labelShare = 0.18;
const cornerShare = 0.075;
const notchShare = 0.035;

/** A banner that says nothing is a third as high as one with a label. */
const emptyBanner = 1 / 3;

/** Lays a frame around a symbol that is `width` modules wide, its quiet zone of `quietZone` included. */
export function layOutFrame(
  { style, label }: Pick<Frame, "style" | "label">,
  width: number,
  quietZone: number,
): FrameLayout {
  const stroke = Math.max(1, Math.round(width * strokeShare));
  const band = bandHeight(style, { hasLabel: label !== "", width, stroke });
  const bounds = { x: 0, y: 0, width: width + 2 * stroke, height: width + 2 * stroke + band };
  // The frame is higher than wide; half of the difference lies on either side.
  bounds.x = band / 2;
  const left = bounds.x + stroke;
  const top = stroke + (style === "banner-top" ? band : 0);
  const drawn = { bounds, stroke, band, corner: Math.max(1.5 * stroke, width * cornerShare) };
  return {
    side: bounds.height,
    left,
    top,
    bounds,
    outline: outlines[style]({ ...drawn, notch: width * notchShare, seam: top + width }),
    labelBox: labelBox(style, drawn, quietZone),
  };
}

/** What a label adds to the height, an even number of modules. */
function bandHeight(style: FrameStyle, of: { hasLabel: boolean; width: number; stroke: number }): number {
  const full = of.width * labelShare;
  const wanted = of.hasLabel ? full : style === "ticket" ? full / 2 : isBanner(style) ? full * emptyBanner : 0;
  return 2 * Math.round(wanted / 2);
}

type Drawn = { bounds: Box; stroke: number; band: number; corner: number };

/** Margins of a label, as shares of the band's height. */
const labelMarginX = 0.5;
const labelMarginY = 0.2;
/** Dots of a perforation run along the upper edge of a ticket's stub. */
const stubMarginY = 0.24;

function labelBox(style: FrameStyle, { bounds, stroke, band, corner }: Drawn, quietZone: number): Box {
  const marginX = Math.max(1.5 * stroke, isBanner(style) ? band * labelMarginX : corner);
  const x = bounds.x + stroke + marginX;
  const width = bounds.width - 2 * (stroke + marginX);
  // A banner reaches to the edge, so its label is in the middle of band and stroke together.
  if (isBanner(style)) {
    const height = band + stroke;
    const y = style === "banner-top" ? 0 : bounds.height - height;
    return { x, y: y + height * labelMarginY, width, height: height * (1 - 2 * labelMarginY) };
  }
  const bandTop = bounds.height - stroke - band;
  if (style === "ticket") return { x, y: bandTop + band * stubMarginY, width, height: band * (1 - 2 * stubMarginY) };
  // The quiet zone above a label on the background looks like a part of its margin.
  const lent = Math.min(quietZone, 4) * 0.2;
  return { x, y: bandTop + (band * labelMarginY) / 2 - lent, width, height: band * (1 - labelMarginY) };
}

type Outlining = Drawn & {
  notch: number;
  /** Where the symbol ends and a ticket's stub begins. */
  seam: number;
};

const outlines: Record<FrameStyle, (outlining: Outlining) => Path> = {
  box: (frame) => ringPath(frame, 0, [0, 0, 0, 0]),
  rounded: (frame) => {
    const inner = frame.corner - frame.stroke;
    return ringPath(frame, frame.corner, [inner, inner, inner, inner]);
  },
  "banner-bottom": (frame) => {
    const inner = frame.corner - frame.stroke;
    return ringPath(frame, frame.corner, [inner, inner, 0, 0], { bottom: frame.band });
  },
  "banner-top": (frame) => {
    const inner = frame.corner - frame.stroke;
    return ringPath(frame, frame.corner, [0, 0, inner, inner], { top: frame.band });
  },
  ticket: ticketPath,
};

/** A frame of one stroke all around, thicker by `top` and `bottom`. */
function ringPath(
  { bounds: { x, y, width, height }, stroke }: Outlining,
  corner: number,
  inner: readonly [number, number, number, number],
  { top = 0, bottom = 0 } = {},
): Path {
  const path = newPath();
  addRectangle(path, [x, y, width, height], corner);
  const hole = [x + stroke, y + stroke + top, width - 2 * stroke, height - 2 * stroke - top - bottom] as const;
  cutRectangle(path, hole, inner);
  return path;
}

/** Dots of a perforation, in strokes: their size and how far apart they are. */
const perforationRadius = 0.22;
const perforationStep = 1.3;

/** A ticket: rounded, with a notch in either side where the stub is torn off, and a dotted line between them. */
function ticketPath({ bounds, stroke, corner, notch, seam }: Outlining): Path {
  const path = newPath();
  ticketOutline(path, bounds, { corner, notch, seam });
  ticketHole(path, bounds, { corner, notch, seam, stroke });
  const from = bounds.x + notch + 2 * stroke;
  const to = bounds.x + bounds.width - notch - 2 * stroke;
  const count = Math.max(2, Math.round((to - from) / (perforationStep * stroke)));
  for (let i = 0; i <= count; i++) addCircle(path, from + ((to - from) * i) / count, seam, perforationRadius * stroke);
  return path;
}

const quarter = Math.PI / 2;

type Ticket = { corner: number; notch: number; seam: number };

function ticketOutline(path: Path, { x, y, width, height }: Box, { corner: r, notch, seam }: Ticket): void {
  const [right, bottom] = [x + width, y + height];
  moveTo(path, x + r, y);
  arcTo(path, [right - r, y + r], r, -quarter, 0);
  arcTo(path, [right, seam], notch, -quarter, -3 * quarter);
  arcTo(path, [right - r, bottom - r], r, 0, quarter);
  arcTo(path, [x + r, bottom - r], r, quarter, 2 * quarter);
  arcTo(path, [x, seam], notch, quarter, -quarter);
  arcTo(path, [x + r, y + r], r, 2 * quarter, 3 * quarter);
  closePath(path);
}

/** The inside, one stroke away from the outline everywhere, the other way round. */
function ticketHole(path: Path, box: Box, { corner, notch, seam, stroke }: Ticket & { stroke: number }): void {
  const [x, y] = [box.x + stroke, box.y + stroke];
  const [right, bottom] = [box.x + box.width - stroke, box.y + box.height - stroke];
  const r = corner - stroke;
  const wide = notch + stroke;
  // The arc around the notch ends where it meets the inner edge.
  const reach = Math.acos(stroke / wide);
  moveTo(path, x + r, y);
  arcTo(path, [x + r, y + r], r, 3 * quarter, 2 * quarter);
  arcTo(path, [box.x, seam], wide, -reach, reach);
  arcTo(path, [x + r, bottom - r], r, 2 * quarter, quarter);
  arcTo(path, [right - r, bottom - r], r, quarter, 0);
  arcTo(path, [box.x + box.width, seam], wide, 2 * quarter - reach, 2 * quarter + reach);
  arcTo(path, [right - r, y + r], r, 0, -quarter);
  closePath(path);
}
