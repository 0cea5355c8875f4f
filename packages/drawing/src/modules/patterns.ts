// How modules become shapes: one function a pattern, from the modules to draw to outlines in module units. Every one
// keeps the middle of a dark module dark and of a light one light, because that is where scanners look.
import type { Pattern } from "@qrfactory/domain/design/style";
import { type Outline, traceOutlines } from "../scene/outline.js";
import { addCircle, addPolygon, addRectangle, cutRectangle, newPath, type Path, starCorners } from "../scene/path.js";
import type { Modules } from "../symbol/symbol.js";

/** All patterns but `squares`, whose modules painters draw as they are. */
export type CurvedPattern = Exclude<Pattern, "squares">;

/** Adds the shape of the module whose top left corner is at x, y. */
type Stamp = (path: Path, x: number, y: number) => void;

/**
 * The outlines of the dark modules in this pattern, relative to the first module's corner; `modulePx` is how many
 * pixels each will have along its side.
 */
export function drawPattern(modules: Modules, pattern: CurvedPattern, modulePx: number): Path {
  const path = newPath();
  drawers[pattern](path, modules, modulePx);
  return path;
}

const drawers: Record<CurvedPattern, (path: Path, modules: Modules, modulePx: number) => void> = {
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
  // Without a picture; see halftone for one with.
  halftone: (path, modules) =>
    stamped((_, x, y) => addCircle(path, x + 0.5, y + 0.5, halftoneRadius(y + 0.5, modules.side)))(path, modules),
  frame: (path, modules, modulePx) => stamped(framedFor(modulePx))(path, modules),
};

function stamped(stamp: Stamp): (path: Path, modules: Modules) => void {
  return (path, { side, cells }) => {
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) if (cells[y * side + x] === 1) stamp(path, x, y);
    }
  };
}

/** Below this, a light dot in a module is a grey that costs contrast and shows nothing: modules are filled. */
const framedPxMin = 6;

/** How many dots of a framed module lie side by side along it. */
const framedDots = 9;

/**
 * A square whose frame is told by a light dot in each of its corners, on whole pixels. More of a light line than its
 * corners makes each module look like an eye: with brackets WeChat's and jsQR lose half of such symbols.
 */
function framedFor(modulePx: number): Stamp {
  const dot = Math.max(1, Math.round(modulePx / framedDots)) / modulePx;
  const [near, far] = [dot, 1 - 2 * dot];
  return (path, x, y) => {
    addRectangle(path, [x, y, 1, 1]);
    if (modulePx < framedPxMin) return;
    for (const left of [near, far]) for (const top of [near, far]) cutRectangle(path, [x + left, y + top, dot, dot]);
  };
}

/** Dots swell from the top, where they stand apart, to the bottom, where they touch: a ramp of greys in print. */
const halftoneRadiusMin = 0.36;
const halftoneRadiusMax = 0.56;

function halftoneRadius(y: number, side: number): number {
  return halftoneRadiusMin + ((halftoneRadiusMax - halftoneRadiusMin) * y) / side;
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
