// The label in a frame: one line, or two where one would be small. Sizes and baselines go by capitals, not by the ink
// of the very words, so that a series of labels is set alike.

import type { Frame } from "@qrfactory/domain/design/style";
import { invalidField } from "@qrfactory/domain/http/errors";
import { type Box, type Framing, layOutFrame } from "../scene/frames.js";
import { addPath, newPath, type Path } from "../scene/path.js";
import { linesOf } from "./label-lines.js";
import type { LabelOutline, ShapeLine } from "./shaper.js";

/** The lines of a label: one, or two. */
export type FrameLabel = readonly LabelOutline[];

/** In em: height of capitals, of a line with its descenders, and from one baseline to the next. */
const capHeight = 0.72;
const lineHeight = 0.95;
const leading = 1.15;
/** How far the ink may leave its box, in boxes, before it is made smaller: marks above capitals, and descenders. */
const inkShareMax = 1.2;

/** An em below this is a blur in print and on screens. */
const emPxMin = 9;

/** Sizes that decide how large a label is. */
export type LabelRoom = Framing & { frame: Frame };

/** Shapes the lines of a label, which is not empty. Throws `validation_failed` for characters that no font draws. */
export async function shapeFrameLabel(label: string, shapeLine: ShapeLine): Promise<FrameLabel> {
  return Promise.all(linesOf(label).map(shapeLine));
}

/** Throws `validation_failed` for more letters than can be read at the size of the image. */
export function requireLegible(lines: FrameLabel, room: LabelRoom): void {
  if (emPxIn(lines, room) < emPxMin) throw tooSmall(lines, room);
}

/** Pixels of an em of the lines of a label. */
function emPxIn(lines: FrameLabel, { frame, ...framing }: LabelRoom): number {
  const { side, labelBox } = layOutFrame(frame, framing);
  return (emOf(lines, labelBox) * framing.widthPx) / side;
}

function tooSmall(lines: FrameLabel, room: LabelRoom) {
  const { frame, widthPx } = room;
  const emPx = emPxIn(lines, room);
  const characters = Math.max(1, Math.floor(([...frame.label].length * emPx) / emPxMin));
  // Whole pixels make letters grow by steps.
  let enoughPx = Math.ceil((widthPx * emPxMin) / emPx);
  while (emPxIn(lines, { ...room, widthPx: enoughPx }) < emPxMin) enoughPx = Math.ceil(1.02 * enoughPx);
  return invalidField(
    "frame_label",
    `In an image of ${widthPx} pixels these letters would be ${Math.floor(emPx)} pixels high. ` +
      `Shorten the label to about ${characters} characters, or raise size to ${enoughPx}.`,
  );
}

/** The outlines of a label in its box. */
export function placeLabel(lines: FrameLabel, box: Box): Path {
  const em = emOf(lines, box);
  const out = newPath();
  const middle = box.y + box.height / 2;
  lines.forEach(({ path, width }, index) => {
    const line = index - (lines.length - 1) / 2;
    addPath(out, path, {
      scale: em,
      dx: box.x + (box.width - width * em) / 2,
      dy: middle + (capHeight / 2 + line * leading) * em,
    });
  });
  return out;
}

/** Modules in an em of lines that fill their box. */
function emOf(lines: FrameLabel, box: Box): number {
  const between = (lines.length - 1) * leading;
  // From the middle of the capitals of all lines, which is the middle of the box.
  const above = -(lines[0]?.top ?? 0) - capHeight / 2;
  const below = (lines.at(-1)?.bottom ?? 0) + capHeight / 2;
  const ink = 2 * Math.max(above, below) + between;
  const share = lines.length === 1 ? 1 : inkShareMax;
  return Math.min(
    box.width / Math.max(...lines.map(({ width }) => width)),
    (share * box.height) / (lineHeight + between),
    (inkShareMax * box.height) / ink,
  );
}
