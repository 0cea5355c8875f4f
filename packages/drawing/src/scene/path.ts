// Outlines as every painter understands them: moves, lines, cubic curves and circles, in modules, y downwards. A path
// is filled by the non-zero rule, so a hole runs against the outline around it.

/** Operations of a path; each takes the numbers that stand beside it. */
export const moveOp = 0; // x y
const lineOp = 1; // x y
const curveOp = 2; // x1 y1 x2 y2 x y
const closeOp = 3; // nothing
const circleOp = 4; // cx cy r; a closed outline of its own, clockwise
/** How many numbers each operation takes, by its code. */
const numbersOf = [2, 2, 6, 0, 3] as const;

/** Operations and their numbers, in two flat lists: a large symbol has tens of thousands. */
export type Path = { ops: number[]; numbers: number[] };

/** A point in modules, y downwards. */
export type Point = readonly [x: number, y: number];

/** An empty path. */
export function newPath(): Path {
  return { ops: [], numbers: [] };
}

/** Begins an outline. */
export function moveTo(path: Path, x: number, y: number): void {
  path.ops.push(moveOp);
  path.numbers.push(x, y);
}

/** Continues an outline with a line. */
export function lineTo(path: Path, x: number, y: number): void {
  path.ops.push(lineOp);
  path.numbers.push(x, y);
}

/** Continues an outline with a cubic curve. */
export function curveTo(path: Path, x1: number, y1: number, x2: number, y2: number, x: number, y: number): void {
  path.ops.push(curveOp);
  path.numbers.push(x1, y1, x2, y2, x, y);
}

/** Ends an outline where it began. */
export function closePath(path: Path): void {
  path.ops.push(closeOp);
}

/** Adds a circle, an outline of its own. */
export function addCircle(path: Path, cx: number, cy: number, r: number): void {
  path.ops.push(circleOp);
  path.numbers.push(cx, cy, r);
}

/** How far a control point lies from the end of a quarter circle, as a share of its radius. */
const quarterArc = 0.5522847498;

/**
 * Adds a closed polygon whose corners are rounded: `radius(i)` is how far from corner `i` the curve begins on both of
 * its edges (for right angles, the radius). An edge must be as long as its two radii together.
 */
export function addPolygon(path: Path, corners: readonly Point[], radius: (i: number) => number = () => 0): void {
  const count = corners.length;
  for (let i = 0; i < count; i++) {
    const [x, y] = corners[i] as Point;
    const r = radius(i);
    if (r === 0) {
      if (i === 0) moveTo(path, x, y);
      else lineTo(path, x, y);
      continue;
    }
    const [fromX, fromY] = towards([x, y], corners[(i + count - 1) % count] as Point, r);
    const [toX, toY] = towards([x, y], corners[(i + 1) % count] as Point, r);
    if (i === 0) moveTo(path, fromX, fromY);
    else lineTo(path, fromX, fromY);
    const near = (end: number, corner: number) => end + (corner - end) * quarterArc;
    curveTo(path, near(fromX, x), near(fromY, y), near(toX, x), near(toY, y), toX, toY);
  }
  closePath(path);
}

function towards([x, y]: Point, [toX, toY]: Point, distance: number): Point {
  const length = Math.hypot(toX - x, toY - y);
  return [x + ((toX - x) * distance) / length, y + ((toY - y) * distance) / length];
}

/** An upright rectangle in modules, by its upper left corner. */
export type Rectangle = readonly [x: number, y: number, width: number, height: number];
/** One for all corners, or one for each, clockwise from the top left. */
export type CornerRadii = number | readonly [number, number, number, number];

/** Adds a rectangle, clockwise from its top left corner. */
export function addRectangle(path: Path, [x, y, width, height]: Rectangle, radii: CornerRadii = 0): void {
  addPolygon(path, rectangle(x, y, width, height), (i) => (typeof radii === "number" ? radii : (radii[i] as number)));
}

/** Adds a rectangle as `addRectangle` does, but against the clock: a hole. */
export function cutRectangle(path: Path, [x, y, width, height]: Rectangle, radii: CornerRadii = 0): void {
  // Backwards from the top left corner on, so corner i is corner 4 − i of the way clockwise.
  const corners = rectangle(x, y, width, height);
  const backwards = [0, 3, 2, 1].map((i) => corners[i] as Point);
  addPolygon(path, backwards, (i) => (typeof radii === "number" ? radii : (radii[(4 - i) % 4] as number)));
}

function rectangle(x: number, y: number, width: number, height: number): Point[] {
  return [
    [x, y],
    [x + width, y],
    [x + width, y + height],
    [x, y + height],
  ];
}

/**
 * Continues a path with an arc around cx, cy from one angle to another (radians from the right, growing clockwise, as y
 * grows downwards), with a line to where it begins. Curves of a quarter at most stay within 0.03 % of the circle.
 */
export function arcTo(path: Path, [cx, cy]: Point, r: number, from: number, to: number): void {
  const pieces = Math.max(1, Math.ceil(Math.abs(to - from) / (Math.PI / 2) - 1e-9));
  const step = (to - from) / pieces;
  const k = (4 / 3) * Math.tan(step / 4) * r;
  lineTo(path, cx + r * Math.cos(from), cy + r * Math.sin(from));
  for (let i = 0; i < pieces; i++) {
    const [a, b] = [from + i * step, from + (i + 1) * step];
    const [fromX, fromY, toX, toY] = [
      cx + r * Math.cos(a),
      cy + r * Math.sin(a),
      cx + r * Math.cos(b),
      cy + r * Math.sin(b),
    ];
    curveTo(
      path,
      fromX - k * Math.sin(a),
      fromY + k * Math.cos(a),
      toX + k * Math.sin(b),
      toY - k * Math.cos(b),
      toX,
      toY,
    );
  }
}

/** A regular polygon or, with every second corner at `inner`, a star, its first corner at `turn` from the top. */
export function starCorners(
  [cx, cy]: Point,
  { points, outer, inner = outer, turn = 0 }: { points: number; outer: number; inner?: number; turn?: number },
): Point[] {
  const hasInner = inner !== outer;
  const count = hasInner ? 2 * points : points;
  return Array.from({ length: count }, (_, i) => {
    const angle = (2 * Math.PI * i) / count + turn;
    const r = hasInner && i % 2 === 1 ? inner : outer;
    return [cx + r * Math.sin(angle), cy - r * Math.cos(angle)];
  });
}

/** Adds another path, scaled about the origin, then moved. */
export function addPath(path: Path, other: Path, { scale, dx, dy }: { scale: number; dx: number; dy: number }): void {
  let at = 0;
  for (const op of other.ops) {
    path.ops.push(op);
    const count = numbersOf[op] as number;
    if (op === circleOp) {
      const [cx, cy, r] = other.numbers.slice(at, at + count) as [number, number, number];
      path.numbers.push(cx * scale + dx, cy * scale + dy, r * scale);
    } else {
      for (let i = 0; i < count; i++) path.numbers.push((other.numbers[at + i] as number) * scale + (i % 2 ? dy : dx));
    }
    at += count;
  }
}

/** Callbacks of a walk along a path, one for each operation. */
export type PathPen = {
  moveTo: (x: number, y: number) => void;
  lineTo: (x: number, y: number) => void;
  curveTo: (x1: number, y1: number, x2: number, y2: number, x: number, y: number) => void;
  close: () => void;
  circle: (cx: number, cy: number, r: number) => void;
};

/** Walks along a path. */
export function tracePath({ ops, numbers }: Path, pen: PathPen): void {
  let at = 0;
  const next = () => numbers[at++] as number;
  for (const op of ops) {
    if (op === moveOp) pen.moveTo(next(), next());
    else if (op === lineOp) pen.lineTo(next(), next());
    else if (op === curveOp) pen.curveTo(next(), next(), next(), next(), next(), next());
    else if (op === circleOp) pen.circle(next(), next(), next());
    else pen.close();
  }
}

/** Draws a circle as four curves, for painters that know no circles. */
export function circleAsCurves(pen: Pick<PathPen, "moveTo" | "curveTo" | "close">): PathPen["circle"] {
  return (cx, cy, r) => {
    const k = r * quarterArc;
    pen.moveTo(cx + r, cy);
    pen.curveTo(cx + r, cy + k, cx + k, cy + r, cx, cy + r);
    pen.curveTo(cx - k, cy + r, cx - r, cy + k, cx - r, cy);
    pen.curveTo(cx - r, cy - k, cx - k, cy - r, cx, cy - r);
    pen.curveTo(cx + k, cy - r, cx + r, cy - k, cx + r, cy);
    pen.close();
  };
}
