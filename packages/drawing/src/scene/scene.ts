// The scene in module units: symbol + design → a ground and shapes on it. Every painter paints this and
// nothing else, so formats cannot drift apart.
import { rgbaOf } from "@qrfactory/domain/design/color";
import type { Design } from "@qrfactory/domain/design/design";
import type { Frame, GradientType } from "@qrfactory/domain/design/style";
import { type FrameLabel, placeLabel } from "../label/frame-label.js";
import { drawAlignment } from "../modules/alignment.js";
import { drawEyeBorders, drawEyeCenters, eyeCorners, eyeSide, isWholeSquare } from "../modules/eyes.js";
import { drawHalftone } from "../modules/halftone.js";
import { drawPattern } from "../modules/patterns.js";
import { cellTones } from "../modules/tones.js";
import { alignmentMiddles, alignmentReach } from "../symbol/alignment-places.js";
import type { Modules, QrSymbol } from "../symbol/symbol.js";
import { dataModulesOf } from "../symbol/template.js";
import { clearingOf, type IsCleared } from "./clearing.js";
import { type Box, layOutFrame } from "./frames.js";
import { type Logo, placeLogo } from "./logo.js";
import { addPath, newPath, type Path } from "./path.js";
import { snapGrid } from "./pixel-grid.js";
import type { Fill, Filled, Flat, Ink, Linear, Picture, Placed, Scene } from "./shapes.js";
import { pictureOn, surfaceOf } from "./surface.js";

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

function flat(color: string): Flat {
  return { kind: "flat", color: rgbaOf(color) };
}

/** The fill of everything that has no colour of its own; a gradient spans the box. */
function inkOf({ color, gradient }: Pick<Design, "color" | "gradient">, { x, y, width, height }: Box): Fill {
  if (!gradient) return flat(color);
  const [from, to] = [rgbaOf(gradient.from), rgbaOf(gradient.to)];
  const [right, bottom] = [x + width, y + height];
  const ends: Record<Exclude<GradientType, "radial">, Omit<Linear, "kind" | "from" | "to">> = {
    vertical: { x1: x, y1: y, x2: x, y2: bottom },
    horizontal: { x1: x, y1: y, x2: right, y2: y },
    diagonal: { x1: x, y1: y, x2: right, y2: bottom },
  };
  if (gradient.type !== "radial") return { kind: "linear", from, to, ...ends[gradient.type] };
  // From the middle to the corners.
  return { kind: "radial", from, to, cx: x + width / 2, cy: y + height / 2, r: Math.hypot(width, height) / 2 };
}

type Place = {
  ink: Fill;
  left: number;
  top: number;
  isCleared: IsCleared | null;
  /** Pixels along the side of a module. */
  modulePx: number;
  /** Tones of the cells of a halftone, or null. */
  tones: Float32Array | null;
};

function symbolShapes({ version, modules: whole }: QrSymbol, design: SceneDesign, place: Place): Filled[] {
  const { ink, left, top, isCleared, modulePx, tones } = place;
  const modules = isCleared ? only(whole, (x, y) => inEye(whole.side, x, y) || !isCleared(x, y)) : whole;
  const { pattern } = design;
  const fillOf = (color: string | null) => (color === null ? ink : flat(color));
  const borderFill = fillOf(design.eyeBorderColor);
  const sameEyeColor = design.eyeCenterColor === design.eyeBorderColor;
  const centerFill = sameEyeColor ? borderFill : fillOf(design.eyeCenterColor);
  const at = { left, top };
  const moved = (path: Path): Path => {
    const out = newPath();
    addPath(out, path, { scale: 1, dx: left, dy: top });
    return out;
  };

  const isSquare = (shape: string) => pattern === "squares" && shape === "square";
  if (isSquare(design.eyeBorderShape) && isSquare(design.eyeCenterShape) && borderFill === ink && centerFill === ink) {
    return [{ kind: "squares", fill: ink, ...at, modules }];
  }
  const shapes: Filled[] = [];
  if (pattern === "squares") {
    const body = only(modules, (x, y) => !inEye(modules.side, x, y));
    shapes.push({ kind: "squares", fill: ink, ...at, modules: body });
  } else if (tones) {
    const isData = dataModulesOf(version);
    const partAt = (x: number, y: number) =>
      inEye(modules.side, x, y) || isCleared?.(x, y) ? "empty" : isData(x, y) ? "cells" : "solid";
    shapes.push({ kind: "path", fill: ink, path: moved(drawHalftone({ modules, partAt, tones, modulePx })) });
  } else {
    const aligned = alignmentMiddles(modules.side).filter(([x, y]) => !isCleared || !touches(isCleared, x, y));
    const body = only(modules, (x, y) => !inEye(modules.side, x, y));
    shapes.push({ kind: "path", fill: ink, path: moved(drawPattern(body, pattern, modulePx)) });
    shapes.push({ kind: "path", fill: ink, path: moved(drawAlignment(aligned, pattern)) });
  }
  // Square eyes among square modules are modules like them, and as crisp.
  if (isSquare(design.eyeBorderShape)) {
    const border = only(modules, (x, y) => inEye(modules.side, x, y) && !inEyeCenter(modules.side, x, y));
    shapes.push({ kind: "squares", fill: borderFill, ...at, modules: border });
  } else {
    shapes.push({ kind: "path", fill: borderFill, path: moved(drawEyeBorders(modules.side, design.eyeBorderShape)) });
  }
  if (pattern === "squares" && isWholeSquare(design.eyeCenterShape, design.eyeBorderShape)) {
    const center = only(modules, (x, y) => inEyeCenter(modules.side, x, y));
    shapes.push({ kind: "squares", fill: centerFill, ...at, modules: center });
  } else {
    shapes.push({
      kind: "path",
      fill: centerFill,
      path: moved(drawEyeCenters(modules.side, design.eyeCenterShape, design.eyeBorderShape)),
    });
  }
  return shapes;
}

/** Whether any module of an alignment pattern around x, y is cleared: half of one misleads more than none. */
function touches(isCleared: IsCleared, x: number, y: number): boolean {
  const reach = Array.from({ length: 2 * alignmentReach + 1 }, (_, i) => i - alignmentReach);
  return reach.some((dy) => reach.some((dx) => isCleared(x + dx, y + dy)));
}

function only({ side, cells }: Modules, keeps: (x: number, y: number) => boolean): Modules {
  return { side, cells: cells.map((cell, i) => (cell === 1 && keeps(i % side, Math.floor(i / side)) ? 1 : 0)) };
}

function inEye(side: number, x: number, y: number): boolean {
  return eyeCorners(side).some(([left, top]) => x >= left && x < left + eyeSide && y >= top && y < top + eyeSide);
}

function inEyeCenter(side: number, x: number, y: number): boolean {
  return eyeCorners(side).some(([left, top]) => Math.abs(x - left - 3) <= 1 && Math.abs(y - top - 3) <= 1);
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
