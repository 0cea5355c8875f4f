// The shapes of a symbol: its body in a pattern or as a halftone, alignment patterns, and the finder eyes.
import type { Design } from "@qrfactory/domain/design/design";
import { drawAlignment } from "../modules/alignment.js";
import { drawEyeBorders, drawEyeCenters, eyeCorners, eyeSide, isWholeSquare } from "../modules/eyes.js";
import { drawHalftone } from "../modules/halftone.js";
import { drawPattern } from "../modules/patterns.js";
import { alignmentMiddles, alignmentReach } from "../symbol/alignment-places.js";
import type { Modules, QrSymbol } from "../symbol/symbol.js";
import { dataModulesOf } from "../symbol/template.js";
import type { IsCleared } from "./clearing.js";
import { flat } from "./fill.js";
import { addPath, newPath, type Path } from "./path.js";
import type { Fill, Filled } from "./shapes.js";

/** Fields of a design that decide the shapes of its symbol. */
type SymbolDesign = Pick<Design, "pattern" | "eyeBorderShape" | "eyeCenterShape" | "eyeBorderColor" | "eyeCenterColor">;

/** Place of a symbol in its scene, and what fills it. */
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

/** Draws the modules of a symbol and its finder eyes, the eyes after the body. */
export function symbolShapes({ version, modules: whole }: QrSymbol, design: SymbolDesign, place: Place): Filled[] {
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
