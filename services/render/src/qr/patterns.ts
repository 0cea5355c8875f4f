// How modules become shapes: one function a pattern, from the modules to draw to outlines in module units. Every one keeps
// the middle of a dark module dark and of a light one light, because that is where scanners look.
import type { Pattern } from "@qrfactory/domain/design-style";
import { type Outline, traceOutlines } from "./outline.js";
import { addCircle, addPolygon, addRectangle, newPath, type Path, type Point, starCorners } from "./path.js";
import type { Modules } from "./symbol.js";

/** All patterns but `squares`, whose modules painters draw as they are. */
export type CurvedPattern = Exclude<Pattern, "squares">;

/** Adds the shape of the module whose top left corner is at x, y. */
type Stamp = (path: Path, x: number, y: number) => void;

/** The outlines of the dark modules in this pattern, relative to the first module's corner. */
export function drawPattern(modules: Modules, pattern: CurvedPattern): Path {
  const path = newPath();
  drawers[pattern](path, modules);
  return path;
}

const drawers: Record<CurvedPattern, (path: Path, modules: Modules) => void> = {
  rounded: smoothed({ convex: 0.42, concave: 0 }),
  liquid: smoothed({ convex: 0.5, concave: 0.5 }),
  "connected-h": runs("right"),
  "connected-v": runs("down"),
  dot: stamped((path, x, y) => addCircle(path, x + 0.5, y + 0.5, 0.46)),
  diamond: stamped((path, x, y) => addPolygon(path, starCorners([x + 0.5, y + 0.5], { points: 4, outer: 0.6 }))),
  hexagon: stamped((path, x, y) => addPolygon(path, starCorners([x + 0.5, y + 0.5], { points: 6, outer: 0.535 }))),
  star: stamped((path, x, y) =>
    addPolygon(path, starCorners([x + 0.5, y + 0.535], { points: 5, outer: 0.62, inner: 0.36 })),
  ),
  halftone: (path, modules) =>
    stamped((_, x, y) => addCircle(path, x + 0.5, y + 0.5, halftoneRadius(x + 0.5, y + 0.5, modules.side)))(
      path,
      modules,
    ),
  frame: stamped(addFramed),
};

function stamped(stamp: Stamp): (path: Path, modules: Modules) => void {
  return (path, { side, cells }) => {
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) if (cells[y * side + x] === 1) stamp(path, x, y);
    }
  };
}

/** Side of the square in a framed module, and the measures of the brackets at its corners. */
const framedCore = 0.62;
const bracket = { margin: 0.02, arm: 0.3, thickness: 0.1 };

/**
 * A square in four corner brackets. A closed ring around it would be dark, light, dark, light and dark along every line
 * through its middle, which readers take for finder eyes, hundreds of them.
 */
function addFramed(path: Path, x: number, y: number): void {
  const inset = (1 - framedCore) / 2;
  addRectangle(path, [x + inset, y + inset, framedCore, framedCore], 0.06);
  const { margin, arm, thickness } = bracket;
  // Out from the middle along both axes; every second bracket is mirrored, so its corners run the other way.
  for (const [h, v] of [
    [-1, -1],
    [1, -1],
    [1, 1],
    [-1, 1],
  ] as const) {
    const at = (alongX: number, alongY: number): Point => [
      x + 0.5 + h * (0.5 - margin - alongX),
      y + 0.5 + v * (0.5 - margin - alongY),
    ];
    const corners = [
      at(0, 0),
      at(arm, 0),
      at(arm, thickness),
      at(thickness, thickness),
      at(thickness, arm),
      at(0, arm),
    ];
    addPolygon(path, h === v ? corners : corners.reverse());
  }
}

/** Dots swell and shrink along rings around the middle, between sizes that even small prints keep apart. */
const halftoneRadiusMin = 0.37;
const halftoneRadiusMax = 0.53;
const halftoneRings = 2.5;

function halftoneRadius(x: number, y: number, side: number): number {
  const distance = Math.hypot(x - side / 2, y - side / 2) / (side / 2);
  const swell = (1 + Math.cos(distance * halftoneRings * Math.PI)) / 2;
  return halftoneRadiusMin + (halftoneRadiusMax - halftoneRadiusMin) * swell;
}

/** Modules that touch become one body whose corners are rounded: outer corners by `convex`, inner ones by `concave`. */
function smoothed({ convex, concave }: { convex: number; concave: number }) {
  return (path: Path, modules: Modules): void => {
    for (const outline of traceOutlines(modules)) {
      addPolygon(path, outline, (i) => (turnsRight(outline, i) ? convex : concave));
    }
  };
}

/** Whether the outline turns clockwise at corner `i`; dark lies to the right, so such a corner sticks out. */
function turnsRight(outline: Outline, i: number): boolean {
  const count = outline.length;
  const [x, y] = outline[i] as Outline[number];
  const [fromX, fromY] = outline[(i + count - 1) % count] as Outline[number];
  const [toX, toY] = outline[(i + 1) % count] as Outline[number];
  return (x - fromX) * (toY - y) - (y - fromY) * (toX - x) > 0;
}

/** Half of what is left between two rows of pills. */
const runMargin = 0.07;

/** Each unbroken run of dark modules along one axis becomes a pill. */
function runs(along: "right" | "down") {
  return (path: Path, { side, cells }: Modules): void => {
    const isDark = (line: number, at: number) =>
      at < side && cells[along === "right" ? line * side + at : at * side + line] === 1;
    for (let line = 0; line < side; line++) {
      for (let from = 0; from < side; from++) {
        if (!isDark(line, from)) continue;
        let to = from + 1;
        while (isDark(line, to)) to++;
        const [long, thick] = [to - from - 2 * runMargin, 1 - 2 * runMargin];
        const [x, y] = along === "right" ? [from, line] : [line, from];
        const [width, height] = along === "right" ? [long, thick] : [thick, long];
        addRectangle(path, [x + runMargin, y + runMargin, width, height], thick / 2);
        from = to;
      }
    }
  };
}
