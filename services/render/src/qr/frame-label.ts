// The label in a frame: one line, or two where one would be small. Sizes and baselines go by capitals, not by the ink of
// the very words, so that a series of labels is set alike.

import type { Frame } from "@qrfactory/domain/design-style";
import { invalidField } from "@qrfactory/domain/errors";
import { type Box, layOutFrame } from "./frames.js";
import { type LabelOutline, shapeLabel } from "./label.js";
import { addPath, newPath, type Path } from "./path.js";

/** The lines of a label: one, or two. */
export type FrameLabel = readonly LabelOutline[];

/** In em: height of capitals, of a line with its descenders, and from one baseline to the next. */
const capHeight = 0.72;
const lineHeight = 0.95;
const leading = 1.15;
/** How far the ink may leave its box, in boxes, before it is made smaller: marks above capitals, and descenders. */
const inkShareMax = 1.3;

/** An em below this is a blur in print and on screens. */
const emPxMin = 9;

/** What decides how large a label is. */
export type LabelRoom = { frame: Frame; symbolSide: number; quietZone: number; widthPx: number };

/**
 * Shapes the label of a frame. Throws `validation_failed` for characters that no bundled font draws, and for more of them
 * than can be read at the size of the image.
 */
export async function shapeFrameLabel({ frame, symbolSide, quietZone, widthPx }: LabelRoom): Promise<FrameLabel> {
  const { side, labelBox } = layOutFrame(frame, symbolSide + 2 * quietZone, quietZone);
  const lines = await breakLines(frame.label, labelBox);
  const emPx = (emOf(lines, labelBox) * widthPx) / side;
  if (emPx < emPxMin) throw tooSmall(frame.label, widthPx, emPx);
  return lines;
}

/** A second line has to be worth it. */
const gainMin = 1.2;

/** One line, or two where the words allow that and their letters are much larger. */
async function breakLines(label: string, box: Box): Promise<FrameLabel> {
  const line = [await shapeLabel(label)];
  const halves = halvesOf(label);
  if (!halves) return line;
  const lines = await Promise.all(halves.map(shapeLabel));
  return emOf(lines, box) > gainMin * emOf(line, box) ? lines : line;
}

function tooSmall(label: string, widthPx: number, emPx: number) {
  const share = emPxMin / emPx;
  const characters = Math.max(1, Math.floor([...label].length / share));
  return invalidField(
    "frame_label",
    `In an image of ${widthPx} pixels these letters would be ${Math.floor(emPx)} pixels high. Shorten the label to about ${characters} characters, or raise size to ${Math.ceil(widthPx * share)}.`,
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

/** Letters of about one em, between any two of which a line may end. */
const ideograph = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]$/u;
const narrow = 0.55;

/** The two lines of a label, as equal as its words allow; null for a single word, and for what fits in a line anyway. */
function halvesOf(label: string): [string, string] | null {
  const characters = [...label];
  const widths = characters.map((character) => (ideograph.test(character) ? 1 : narrow));
  const total = widths.reduce((sum, width) => sum + width, 0);
  let before = 0;
  let [split, distance] = [-1, Number.POSITIVE_INFINITY];
  for (let at = 1; at < characters.length; at++) {
    before += widths[at - 1] as number;
    const [left, right] = [characters[at - 1] as string, characters[at] as string];
    const mayBreak = right === " " || (ideograph.test(left) && ideograph.test(right));
    if (mayBreak && Math.abs(total / 2 - before) < distance) [split, distance] = [at, Math.abs(total / 2 - before)];
  }
  const halves = [characters.slice(0, split).join("").trim(), characters.slice(split).join("").trim()] as const;
  return split > 0 && halves.every((half) => half !== "") ? [...halves] : null;
}
