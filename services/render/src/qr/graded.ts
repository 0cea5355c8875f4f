// The fast road for one gradient on an opaque ground: cairo says how much of each pixel is covered, the colours are mixed
// here from a table. Cairo itself computes the gradient for every pixel of the image, covered or not.
import { composite, type Rgba } from "@qrfactory/domain/color";
import { paintCoverage, placeOnPixels } from "./canvas.js";
import type { Linear, Radial, Scene } from "./scene.js";

/** The gradient of a scene that this road can paint: an opaque one that fills all its shapes, no picture; else null. */
export function onlyGradient({ background, shapes }: Scene): Linear | Radial | null {
  const [first] = shapes;
  if (background[3] !== full || !first || first.kind === "picture" || first.fill.kind === "flat") return null;
  const { fill } = first;
  const isOpaque = fill.from[3] === full && fill.to[3] === full;
  return isOpaque && shapes.every((shape) => shape.kind !== "picture" && shape.fill === fill) ? fill : null;
}

/** Steps of the table of colours; more than a pixel's eight bits can tell apart. */
const steps = 1_024;
const full = 255;

/** Blue, green, red and alpha of each pixel, as cairo keeps them. */
export function paintGraded(scene: Scene, fill: Linear | Radial, widthPx: number): Uint8Array {
  const { coverage, stride } = paintCoverage(scene, widthPx);
  const table = Uint32Array.from({ length: steps + 1 }, (_, i) => wordOf(between(fill.from, fill.to, i / steps)));
  const ground = wordOf(scene.background);
  const words = new Uint32Array(widthPx * widthPx).fill(ground);
  const stepAt = stepsAlong(fill, placeOnPixels(scene, widthPx));
  for (let y = 0; y < widthPx; y++) {
    for (let x = 0, from = y * stride, to = y * widthPx; x < widthPx; x++) {
      const covered = coverage[from + x] as number;
      if (covered === 0) continue;
      const ink = table[stepAt(x, y)] as number;
      words[to + x] = covered === full ? ink : mix(ink, ground, covered);
    }
  }
  return new Uint8Array(words.buffer);
}

/** Which step of the table a pixel's middle lies at. */
function stepsAlong(fill: Linear | Radial, { scale, offset }: { scale: number; offset: number }) {
  const toScene = (pixel: number) => (pixel + 0.5 - offset) / scale;
  const clamp = (share: number) => (share <= 0 ? 0 : share >= 1 ? steps : Math.round(share * steps));
  if (fill.kind === "radial") {
    const { cx, cy, r } = fill;
    return (x: number, y: number) => {
      const [dx, dy] = [toScene(x) - cx, toScene(y) - cy];
      return clamp(Math.sqrt(dx * dx + dy * dy) / r);
    };
  }
  const [alongX, alongY] = [fill.x2 - fill.x1, fill.y2 - fill.y1];
  const length = alongX * alongX + alongY * alongY;
  return (x: number, y: number) => clamp(((toScene(x) - fill.x1) * alongX + (toScene(y) - fill.y1) * alongY) / length);
}

function between(from: Rgba, to: Rgba, share: number): Rgba {
  const at = (i: 0 | 1 | 2) => Math.round(from[i] + (to[i] - from[i]) * share);
  return composite([at(0), at(1), at(2), full], from);
}

function wordOf([red, green, blue]: Rgba): number {
  return ((full << 24) | (red << 16) | (green << 8) | blue) >>> 0;
}

/** Two opaque colours mixed by coverage, red and blue in one multiplication. */
function mix(ink: number, ground: number, covered: number): number {
  const rest = full - covered;
  const redBlue = (ink & 0xff00ff) * covered + (ground & 0xff00ff) * rest + 0x800080;
  const green = ((ink >> 8) & full) * covered + ((ground >> 8) & full) * rest + 0x80;
  const byFull = (value: number) => (value + (value >>> 8)) >>> 8;
  const red = byFull((redBlue >>> 16) & 0xffff);
  const blue = byFull(redBlue & 0xffff);
  return ((full << 24) | (red << 16) | (byFull(green) << 8) | blue) >>> 0;
}
