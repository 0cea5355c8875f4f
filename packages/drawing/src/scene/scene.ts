// The scene in module units: symbol + design → a ground and shapes on it. Every painter paints this and
// nothing else, so formats cannot drift apart.
import { rgbaOf } from "@qrfactory/domain/design/color";
import type { Design } from "@qrfactory/domain/design/design";
import type { Frame } from "@qrfactory/domain/design/style";
import { type FrameLabel, placeLabel } from "../label/frame-label.js";
import { cellTones } from "../modules/tones.js";
import type { QrSymbol } from "../symbol/symbol.js";
import { clearingOf } from "./clearing.js";
import { flat, inkOf } from "./fill.js";
import { type Box, layOutFrame } from "./frames.js";
import { type Logo, placeLogo } from "./logo.js";
import type { Path } from "./path.js";
import { snapGrid } from "./pixel-grid.js";
import type { Fill, Filled, Ink, Picture, Placed, Scene } from "./shapes.js";
import { pictureOn, surfaceOf } from "./surface.js";
import { symbolShapes } from "./symbol-shapes.js";

/** Fields of a design that decide the scene. */
export type SceneDesign = Pick<
  Design,
  | "quietZone"
  | "color"
  | "background"
  | "pattern"
  | "gradient"
  | "eyeBorderShape"
  | "eyeCenterShape"
  | "eyeBorderColor"
  | "eyeCenterColor"
  | "frame"
  | "widthPx"
>;

/** Parts of a scene beside symbol and design. */
export type SceneParts = {
  /** The label of the frame, if it has one. */
  label?: FrameLabel | null;
  /** A square picture that covers everything, painted first. */
  backdrop?: Picture | null;
  /** The same picture as it is, for modules to show it as a halftone. */
  shown?: Picture | null;
  logo?: Logo | null;
};

/** Modules along a side of the scene of a symbol of `symbolSide` modules. */
export function sideOf(symbolSide: number, design: Pick<SceneDesign, "quietZone" | "frame" | "widthPx">): number {
  const { frame, quietZone, widthPx } = design;
  return frame ? layOutFrame(frame, { symbolSide, quietZone, widthPx }).side : symbolSide + 2 * quietZone;
}

/** Lays a symbol out as its design says. */
export function layOut(symbol: QrSymbol, design: SceneDesign, parts: SceneParts = {}): Scene {
  const { quietZone, frame, widthPx } = design;
  const { modules } = symbol;
  const framed = frame ? layOutFrame(frame, { symbolSide: modules.side, quietZone, widthPx }) : null;
  const side = framed?.side ?? modules.side + 2 * quietZone;
  const left = framed?.left ?? quietZone;
  const top = framed?.top ?? quietZone;
  const ink = inkOf(design, framed?.bounds ?? { x: left, y: top, width: modules.side, height: modules.side });
  const { backdrop, shown = null, logo, label = null } = parts;
  const place = logo ? placeLogo(modules.side, logo) : null;
  const isCleared = logo && place?.cleared ? clearingOf(place.box, place.cleared, logo.picture) : null;
  const background = rgbaOf(design.background);
  const inks = inksOf(design);
  const { substrate } = surfaceOf({ background, inks });
  const { modulePx } = snapGrid(side, widthPx);
  const tones = shown && cellTones(shown, { side, left, top, modules: modules.side }, { background, inks });
  const shapes: Filled[] = symbolShapes(symbol, design, { ink, left, top, isCleared, modulePx, tones });
  if (frame && framed) shapes.push(...frameShapes(frame, framed, { ink, label }));
  return {
    side,
    background,
    shapes: [
      ...(backdrop ? [placed(backdrop, { x: 0, y: 0, width: side, height: side })] : []),
      ...merged(shapes),
      ...(logo && place
        ? [placed(pictureOn(substrate, logo.picture), { ...place.box, x: place.box.x + left, y: place.box.y + top })]
        : []),
    ],
    quietZone,
    inks,
    style: {
      pattern: design.pattern,
      eyeBorderShape: design.eyeBorderShape,
      eyeCenterShape: design.eyeCenterShape,
      hasFrame: framed !== null,
      hasLogo: place !== null,
    },
  };
}

function placed(picture: Picture, box: Box): Placed {
  return { kind: "picture", picture, box };
}

/** The colours that the symbol is drawn with; see `Scene`. */
export function inksOf({ color, gradient, eyeBorderColor, eyeCenterColor }: SceneDesign): Ink[] {
  const inks: { field: string; normal: string | null }[] = [
    { field: gradient ? "gradient_from" : "color", normal: gradient?.from ?? color },
    { field: "gradient_to", normal: gradient?.to ?? null },
    { field: "eye_border_color", normal: eyeBorderColor },
    { field: "eye_center_color", normal: eyeCenterColor },
  ];
  return inks.flatMap(({ field, normal }) => (normal === null ? [] : [{ field, color: rgbaOf(normal) }]));
}

/** Whether a design is drawn as flat squares and nothing else, which costs next to nothing however large it is. */
export function isFlatSquares(design: SceneDesign): boolean {
  const { pattern, gradient, eyeBorderShape, eyeCenterShape, frame } = design;
  return pattern === "squares" && !gradient && !frame && eyeBorderShape === "square" && eyeCenterShape === "square";
}

type Framed = { outline: Path; labelBox: Box };

function frameShapes(frame: Frame, framed: Framed, of: { ink: Fill; label: FrameLabel | null }): Filled[] {
  const fill = frame.color === null ? of.ink : flat(frame.color);
  const shapes: Filled[] = [{ kind: "path", fill, path: framed.outline }];
  if (!of.label) return shapes;
  const labelFill = frame.labelColor === null ? fill : flat(frame.labelColor);
  return [...shapes, { kind: "path", fill: labelFill, path: placeLabel(of.label, framed.labelBox) }];
}

/** Shapes of one kind and one fill become one: one path a colour. Those never lie over each other. */
function merged(shapes: Filled[]): Filled[] {
  const out: Filled[] = [];
  for (const shape of shapes) {
    const i = out.findIndex((other) => other.kind === shape.kind && other.fill === shape.fill);
    const other = out[i];
    if (other?.kind === "squares" && shape.kind === "squares") {
      const { side, cells } = other.modules;
      const both = { side, cells: cells.map((cell, at) => cell | (shape.modules.cells[at] as number)) };
      out[i] = { ...other, modules: both };
    } else if (other?.kind === "path" && shape.kind === "path") {
      const ops = [...other.path.ops, ...shape.path.ops];
      out[i] = { ...other, path: { ops, numbers: [...other.path.numbers, ...shape.path.numbers] } };
    } else {
      out.push(shape);
    }
  }
  return out;
}
