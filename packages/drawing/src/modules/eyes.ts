// The three finder eyes as shapes of their own: a ring of 7 × 7 modules and a middle of 3 × 3 (ISO/IEC 18004:2015,
// 6.3.3). Scanners find a symbol by cuts of 1:1:3:1:1 through the middle of an eye, along its sides and from corner to
// corner, so rings are a module thick all around, and middles reach 1.25 to 2.1 modules in every direction.
import type { EyeBorderShape, EyeCenterShape } from "@qrfactory/domain/design/style";
import {
  addCircle,
  addPolygon,
  addRectangle,
  arcTo,
  closePath,
  cutRectangle,
  moveTo,
  newPath,
  type Path,
  type Point,
  starCorners,
} from "../scene/path.js";

/** Modules along a side of an eye. */
export const eyeSide = 7;

/** Where the eyes of a symbol begin. */
export function eyeCorners(side: number): Point[] {
  const far = side - eyeSide;
  return [
    [0, 0],
    [far, 0],
    [0, far],
  ];
}

/** Where an eye's middle lies in it. */
const middle = eyeSide / 2;

/** The rings of all three eyes: that of the top left as its shape says, the others its mirror images. */
export function drawEyeBorders(side: number, shape: EyeBorderShape): Path {
  const path = newPath();
  eyeCorners(side).forEach((corner, eye) => {
    borders[shape](path, corner, mirrors[eye] as Mirror);
  });
  return path;
}

/** The middles of all three eyes, mirrored alike, in rings of this shape. */
export function drawEyeCenters(side: number, shape: EyeCenterShape, ring: EyeBorderShape = "square"): Path {
  const path = newPath();
  const draw = (ring === "circle" ? centersInCircle[shape] : null) ?? centers[shape];
  eyeCorners(side).forEach(([x, y], eye) => {
    draw(path, [x + middle, y + middle], mirrors[eye] as Mirror);
  });
  return path;
}

/** Whether middles of this shape are whole modules, and not drawn smaller than those to fit into their ring. */
export function isWholeSquare(shape: EyeCenterShape, ring: EyeBorderShape): boolean {
  return shape === "square" && ring !== "circle";
}

/** For each corner of a box (top left, top right, bottom right, bottom left) the one that it is the image of. */
type Mirror = readonly [number, number, number, number];

/** Of the eyes in the order of `eyeCorners`: as it is, left and right exchanged, top and bottom exchanged. */
const mirrors: readonly Mirror[] = [
  [0, 1, 2, 3],
  [1, 0, 3, 2],
  [3, 2, 1, 0],
];

type Draw = (path: Path, at: Point, mirror: Mirror) => void;

type Radii = readonly [number, number, number, number];

/** A ring one module thick; corners are top left, top right, bottom right, bottom left. */
function ring(outer: Radii, inner: Radii): Draw {
  return (path, [x, y], mirror) => {
    addRectangle(path, [x, y, eyeSide, eyeSide], mirrored(outer, mirror));
    cutRectangle(path, [x + 1, y + 1, eyeSide - 2, eyeSide - 2], mirrored(inner, mirror));
  };
}

const mirrored = (radii: Radii, mirror: Mirror): Radii => mirror.map((corner) => radii[corner]) as unknown as Radii;

function evenRing(outer: number, inner: number): Draw {
  return ring([outer, outer, outer, outer], [inner, inner, inner, inner]);
}

/** A ring with one sharp corner, the tip of the leaf; around the others it is as thick as along its sides. */
function leafRing(tip: number): Draw {
  const radii = (r: number) => [0, 1, 2, 3].map((i) => (i === tip ? 0 : r)) as unknown as Radii;
  return ring(radii(2.2), radii(1.2));
}

const borders: Record<EyeBorderShape, Draw> = {
  square: evenRing(0, 0),
  rounded: evenRing(2, 1.15),
  circle: evenRing(3.5, 2.5),
  "leaf-tl": leafRing(0),
  "leaf-tr": leafRing(1),
  "leaf-br": leafRing(2),
  "leaf-bl": leafRing(3),
  // A plaque: the corners are scooped out, and the hole follows them one module further in.
  frame: (path, corner) => {
    addScooped(path, corner, 0.9);
    cutScooped(path, corner, 1.9);
  },
};

/** An eye whose corners are cut away by quarter circles around them. */
function addScooped(path: Path, [x, y]: Point, r: number): void {
  const quarter = Math.PI / 2;
  const [right, bottom] = [x + eyeSide, y + eyeSide];
  moveTo(path, x + r, y);
  arcTo(path, [right, y], r, 2 * quarter, quarter);
  arcTo(path, [right, bottom], r, -quarter, -2 * quarter);
  arcTo(path, [x, bottom], r, 0, -quarter);
  arcTo(path, [x, y], r, quarter, 0);
  closePath(path);
}

/** The hole of such an eye, one module from its sides, against the clock: arcs of `r` around the corners of the eye. */
function cutScooped(path: Path, [x, y]: Point, r: number): void {
  const quarter = Math.PI / 2;
  const [right, bottom] = [x + eyeSide, y + eyeSide];
  // Between a side of the eye and where the arc meets the hole, one module away.
  const angle = Math.asin(1 / r);
  moveTo(path, x + 1, y + r * Math.cos(angle));
  arcTo(path, [x, bottom], r, angle - quarter, -angle);
  arcTo(path, [right, bottom], r, angle - 2 * quarter, -quarter - angle);
  arcTo(path, [right, y], r, quarter + angle, 2 * quarter - angle);
  arcTo(path, [x, y], r, angle, quarter - angle);
  closePath(path);
}

const rays = 12;

const centers: Record<EyeCenterShape, Draw> = {
  square: (path, [cx, cy]) => addRectangle(path, [cx - 1.5, cy - 1.5, 3, 3]),
  rounded: (path, [cx, cy]) => addRectangle(path, [cx - 1.5, cy - 1.5, 3, 3], 0.85),
  // Larger than the middle of a square is wide: from corner to corner of the ring there is more room.
  circle: (path, [cx, cy]) => addCircle(path, cx, cy, 1.6),
  "leaf-tl": (path, [cx, cy], mirror) =>
    addRectangle(path, [cx - 1.5, cy - 1.5, 3, 3], mirrored([0, 1.3, 1.3, 1.3], mirror)),
  sunburst: (path, at) => addPolygon(path, starCorners(at, { points: rays, outer: 1.78, inner: 1.54 })),
  star: (path, [cx, cy]) =>
    addPolygon(path, starCorners([cx, cy + 0.06], { points: 5, outer: 1.92, inner: 1.28 }), (i) => (i % 2 ? 0 : 0.12)),
  // Its sides bulge: straight ones would leave less than half of the cuts three modules.
  diamond: (path, at) =>
    addPolygon(path, starCorners(at, { points: 4, outer: 1.8, inner: 1.5 }), (i) => (i % 2 ? 0.6 : 0.12)),
  cross: (path, at) => addPolygon(path, crossCorners(at, 1.72, 0.88), (i) => (i % 3 === 2 ? 0.15 : 0.1)),
};

/**
 * Sharp corners would all but touch a circle: they are 2.1 modules from the middle, its hole 2.5. A circle fits as it
 * is.
 */
const centersInCircle: Partial<Record<EyeCenterShape, Draw>> = {
  circle: (path, [cx, cy]) => addCircle(path, cx, cy, 1.5),
  square: (path, [cx, cy]) => addRectangle(path, [cx - 1.4, cy - 1.4, 2.8, 2.8], 0.3),
  "leaf-tl": (path, [cx, cy], mirror) =>
    addRectangle(path, [cx - 1.5, cy - 1.5, 3, 3], mirrored([0.5, 1.3, 1.3, 1.3], mirror)),
};

/**
 * A saltire (×): arms that reach `reach` along the diagonals from the middle and are twice `half` wide, so that a cut
 * through its middle has 2.5 of the 3 modules of a whole one, and those beside it have them all.
 */
function crossCorners([cx, cy]: Point, reach: number, half: number): Point[] {
  const arm: Point[] = [
    [-half, -reach],
    [half, -reach],
    [half, -half],
  ];
  // The same three corners, turned by a quarter each time, and all of them by an eighth.
  let turned = arm;
  const corners: Point[] = [];
  for (let i = 0; i < 4; i++) {
    corners.push(...turned.map(([x, y]): Point => [cx + (x - y) * Math.SQRT1_2, cy + (x + y) * Math.SQRT1_2]));
    turned = turned.map(([x, y]): Point => [-y, x]);
  }
  return corners;
}
