// Frames around a symbol: its place in the square image, the outline of the frame, and the room for its label.
// A frame reaches to the edges of its image, and the symbol is as large as whole pixels allow: what they leave over
// goes to the label, and then to the quiet zone.

import { isBanner } from "@qrfactory/domain/design/label-contrast";
import type { Frame, FrameStyle } from "@qrfactory/domain/design/style";
import { linesOf } from "../label/label-lines.js";
import { addCircle, addRectangle, arcTo, closePath, cutRectangle, moveTo, newPath, type Path } from "./path.js";

/** A rectangle in modules. */
export type Box = { x: number; y: number; width: number; height: number };

/** Content of a frame: a symbol of so many modules, its least quiet zone, and the pixels of the image. */
export type Framing = { symbolSide: number; quietZone: number; widthPx: number };

/** Places of a frame's parts, in modules from the upper left corner of the image. */
export type FrameLayout = {
  /** Modules along the side of the image; where that has pixels enough, each module has a whole number of them. */
  side: number;
  /** Where the symbol begins. */
  left: number;
  top: number;
  /** Box of the frame, its inside included. */
  bounds: Box;
  outline: Path;
  /** Where the label may stand; it is centred there. */
  labelBox: Box;
};

/** Shares of the side of the image. */
const strokeShare = 0.022;
const cornerShare = 0.06;
const notchShare = 0.03;

/** Corners of a frame come nearer to the symbol than its sides do; with three quiet zones they stay away from it. */
const cornerQuietZones = 3;

/** Height of a label's band as a share of the image's side: at least, and where pixels are left over. */
type Share = { least: number; wanted: number };

/** By what the band holds: nothing, a line, or two. */
type Bands = readonly [empty: Share, line: Share, lines: Share];

const banner: Bands = [
  { least: 0.045, wanted: 0.06 },
  { least: 0.09, wanted: 0.13 },
  { least: 0.15, wanted: 0.19 },
];
const onGround: Bands = [
  { least: 0, wanted: 0 },
  { least: 0.07, wanted: 0.1 },
  { least: 0.13, wanted: 0.16 },
];
const stub: Bands = [
  { least: 0.06, wanted: 0.075 },
  { least: 0.1, wanted: 0.13 },
  { least: 0.16, wanted: 0.19 },
];

const bandsOf: Record<FrameStyle, Bands> = {
  box: onGround,
  rounded: onGround,
  "banner-bottom": banner,
  "banner-top": banner,
  ticket: stub,
};

/** Pixels that a line of a label has at least, so that small images have labels, too. */
const linePxMin = 15;

/** A band grows to this share at most for the sake of its pixels. */
const bandShareMax = 0.22;

/** Thousandths of a module: numbers in files stay short, and pixels hold exactly. */
const precision = 1_000;

/** Lays a frame around a symbol. */
export function layOutFrame({ style, label }: Pick<Frame, "style" | "label">, framing: Framing): FrameLayout {
  const { symbolSide, quietZone, widthPx } = framing;
  const lines = linesOf(label).length;
  const share = bandsOf[style][lines] as Share;
  const least = Math.max(share.least, Math.min(bandShareMax, (lines * linePxMin) / widthPx));
  const inner = symbolSide + 2 * quietZone;
  const stroke = Math.max(1, Math.round((strokeShare * inner) / (1 - least)));
  // The band of a banner lies at the edge, where its side has no stroke.
  const around = inner + (isBanner(style) ? stroke : 2 * stroke);
  const leastSide = around / (1 - least);
  const modulePx = Math.floor(widthPx / leastSide);
  const side = modulePx < 1 ? Math.ceil(leastSide) : wholeSide(widthPx, modulePx);
  const snap = (modules: number) => (modulePx < 1 ? modules : Math.round(modules * modulePx) / modulePx);
  const band = snap(Math.min(side - around, Math.max(least, share.wanted) * side));
  const above = (side - around - band) / 2;
  const top = snap(above + quietZone + (style === "banner-top" ? band : stroke));
  const bounds = { x: 0, y: 0, width: side, height: side };
  const corner = Math.min(cornerShare * side, stroke + cornerQuietZones * quietZone);
  const seam = top + symbolSide + quietZone + above;
  const drawn = { bounds, stroke, band, corner, seam };
  return {
    side,
    left: snap((side - symbolSide) / 2),
    top,
    bounds,
    outline: outlines[style]({ ...drawn, notch: notchShare * side }),
    labelBox: labelBox(style, drawn, quietZone + above),
  };
}

/** The longest side, in thousandths, in which each module has so many pixels. */
function wholeSide(widthPx: number, modulePx: number): number {
  const side = Math.floor((precision * widthPx) / modulePx) / precision;
  // Products and quotients of floating-point numbers may miss a whole one.
  const isWhole = modulePx * side <= widthPx && Math.floor(widthPx / side) === modulePx;
  return isWhole ? side : (Math.round(precision * side) - 1) / precision;
}

type Drawn = {
  bounds: Box;
  stroke: number;
  band: number;
  corner: number;
  /** Where the symbol with its quiet zone ends, and a ticket's stub begins. */
  seam: number;
};

/** Margins of a label, as shares of the band's height. */
const labelMarginX = 0.4;
const bannerMarginY = 0.17;
const groundMarginY = 0.14;
/** Dots of a perforation run along the upper edge of a ticket's stub. */
const stubMarginY = 0.2;

/** How much of the quiet zone above a label on the background looks like a part of its margin. */
const lentShare = 0.3;

function labelBox(style: FrameStyle, { bounds, stroke, band, corner, seam }: Drawn, quiet: number): Box {
  const marginX = Math.max(2 * stroke, isBanner(style) ? band * labelMarginX : corner);
  const across = { x: marginX, width: bounds.width - 2 * marginX };
  const within = (y: number, height: number, margin: number) => ({
    ...across,
    y: y + height * margin,
    height: height * (1 - 2 * margin),
  });
  if (isBanner(style)) return within(style === "banner-top" ? 0 : bounds.height - band, band, bannerMarginY);
  if (style === "ticket") return within(seam, band, stubMarginY);
  const lent = lentShare * quiet;
  return within(seam - lent, band + lent, groundMarginY);
}

type Outlining = Drawn & { notch: number };

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

/** A frame of one stroke all around, but for the top or bottom that it is told. */
function ringPath(
  { bounds: { x, y, width, height }, stroke }: Outlining,
  corner: number,
  inner: readonly [number, number, number, number],
  { top = stroke, bottom = stroke } = {},
): Path {
  const path = newPath();
  addRectangle(path, [x, y, width, height], corner);
  const hole = [x + stroke, y + top, width - 2 * stroke, height - top - bottom] as const;
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
