// How modules become shapes: one function a pattern, from the modules to draw to outlines in module units. Every one keeps
// the middle of a dark module dark and of a light one light, because that is where scanners look.
import type { Pattern } from "@qrfactory/domain/design-style";
import { type Outline, traceOutlines } from "./outline.js";
import { addCircle, addPolygon, addRectangle, cutRectangle, newPath, type Path, starCorners } from "./path.js";
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
  // Cut across, a hairline ring around a broad core is unlike the 1:1:3:1:1 that readers take for a finder eye.
  frame: stamped((path, x, y) => {
    addRectangle(path, [x + 0.02, y + 0.02, 0.96, 0.96], 0.1);
    cutRectangle(path, [x + 0.1, y + 0.1, 0.8, 0.8], 0.04);
    addRectangle(path, [x + 0.19, y + 0.19, 0.62, 0.62], 0.04);
  }),
};

function stamped(stamp: Stamp): (path: Path, modules: Modules) => void {
  return (path, { side, cells }) => {
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) if (cells[y * side + x] === 1) stamp(path, x, y);
    }
  };
}

/** Dots swell and shrink along rings around the middle, between sizes that even small prints keep apart. */
const halftoneRadiusMin = 0.33;
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
