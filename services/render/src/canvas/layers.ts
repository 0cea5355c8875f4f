// The fast path for opaque grounds, row by row: cairo says how much of each pixel a fill covers, the colours are mixed
// here from a table, and pictures lie under or over them. Cairo itself computes a gradient for every pixel, covered or
// not.
import type { Rgba } from "@qrfactory/domain/design/color";
import type { RowReader } from "@qrfactory/drawing/paint/png-rows";
import type { Fill, Filled, Placed, Scene } from "@qrfactory/drawing/scene/shapes";
import { fitPicture, type Placement, paintCoverage, placeOnPixels } from "./canvas.js";

/** Paints one layer into the red, green and blue of row `y`. */
type Layer = (y: number, row: Uint8Array) => void;

/**
 * Paints a scene on an opaque ground in red, green and blue, each row when it is asked for: they are never all held.
 */
export function paintLayers({ background, ...scene }: Scene, widthPx: number): RowReader {
  const placement = placeOnPixels(scene, widthPx);
  const layers = stackOf(scene.shapes).map((layer) =>
    Array.isArray(layer) ? inkLayer(layer, placement) : pictureLayer(layer, placement),
  );
  const ground = new Uint8Array(3 * widthPx);
  for (let i = 0; i < ground.length; i++) ground[i] = background[i % 3] as number;
  const row = new Uint8Array(3 * widthPx);
  return (y) => {
    row.set(ground);
    for (const paint of layers) paint(y, row);
    return row;
  };
}

/** Pictures, and neighbouring shapes of one fill together, which are one mask. */
function stackOf(shapes: Scene["shapes"]): (Filled[] | Placed)[] {
  const stack: (Filled[] | Placed)[] = [];
  for (const shape of shapes) {
    const last = stack.at(-1);
    if (shape.kind === "picture") stack.push(shape);
    else if (Array.isArray(last) && last[0]?.fill === shape.fill) last.push(shape);
    else stack.push([shape]);
  }
  return stack;
}

const full = 255;

function inkLayer(shapes: Filled[], placement: Placement): Layer {
  const { coverage, stride } = paintCoverage(shapes, placement);
  const { table, along, down, isRadial } = colorsOf((shapes[0] as Filled).fill, placement);
  const last = table.length - 1;
  return (y, row) => {
    const mask = coverage.subarray(y * stride, y * stride + along.length);
    const fromTop = down[y] as number;
    for (let x = 0, to = 0; x < mask.length; x++, to += 3) {
      const covered = mask[x] as number;
      if (covered === 0) continue;
      const sum = (along[x] as number) + fromTop;
      const step = isRadial ? Math.sqrt(sum) : sum;
      const ink = table[step <= 0 ? 0 : step >= last ? last : (step + 0.5) | 0] as number;
      const share = covered === full ? ink >>> 24 : byFull((ink >>> 24) * covered);
      if (share === full) {
        row[to] = ink >> 16;
        row[to + 1] = ink >> 8;
        row[to + 2] = ink;
      } else {
        row[to] = mix((ink >> 16) & full, row[to] as number, share);
        row[to + 1] = mix((ink >> 8) & full, row[to + 1] as number, share);
        row[to + 2] = mix(ink & full, row[to + 2] as number, share);
      }
    }
  };
}

/** Steps of a table of colours; more than a pixel's eight bits can tell apart. */
const steps = 1_024;

/**
 * The colours of a fill, each in one signed word (alpha, red, green, blue; engines are slow with unsigned ones), and
 * what each column and row adds to the step in it, for radial ones to its square.
 */
type Colors = { table: Int32Array; along: Float64Array; down: Float64Array; isRadial: boolean };

function colorsOf(fill: Fill, { widthPx, scale, offset }: Placement): Colors {
  const each = (stepsAt: (middle: number) => number) =>
    Float64Array.from({ length: widthPx }, (_, i) => stepsAt((i + 0.5 - offset) / scale));
  if (fill.kind === "flat") {
    return { table: Int32Array.of(wordOf(fill.color)), along: each(() => 0), down: each(() => 0), isRadial: false };
  }
  const table = Int32Array.from({ length: steps + 1 }, (_, i) => wordOf(between(fill.from, fill.to, i / steps)));
  if (fill.kind === "radial") {
    const { cx, cy, r } = fill;
    const squared = (middle: number) => each((at) => ((steps * (at - middle)) / r) ** 2);
    return { table, along: squared(cx), down: squared(cy), isRadial: true };
  }
  const { x1, y1, x2, y2 } = fill;
  const length = (x2 - x1) ** 2 + (y2 - y1) ** 2;
  const share = (from: number, to: number) => each((at) => (steps * (at - from) * (to - from)) / length);
  return { table, along: share(x1, x2), down: share(y1, y2), isRadial: false };
}

function between(from: Rgba, to: Rgba, share: number): Rgba {
  const at = (i: 0 | 1 | 2 | 3) => Math.round(from[i] + (to[i] - from[i]) * share);
  return [at(0), at(1), at(2), at(3)];
}

function wordOf([red, green, blue, alpha]: Rgba): number {
  return (alpha << 24) | (red << 16) | (green << 8) | blue;
}

function pictureLayer({ picture, box }: Placed, placement: Placement): Layer {
  const { canvas, left, top } = fitPicture(picture, box, placement);
  const { width, height } = canvas;
  // Blue, green, red and alpha, multiplied by alpha: as cairo keeps them.
  const pixels = canvas.toBuffer("raw");
  return (y, row) => {
    if (y < top || y >= top + height) return;
    const start = (y - top) * width * 4;
    for (let x = 0, from = start, to = left * 3; x < width; x++, from += 4, to += 3) {
      const rest = full - (pixels[from + 3] as number);
      for (let i = 0; i < 3; i++) {
        row[to + i] = (pixels[from + 2 - i] as number) + byFull((row[to + i] as number) * rest);
      }
    }
  };
}

/** One colour channel over another by a share of 0 to 255. */
function mix(over: number, under: number, share: number): number {
  return byFull(over * share + under * (full - share));
}

/** Divides a product of two bytes by 255, rounded. */
function byFull(product: number): number {
  const half = product + 0x80;
  return (half + (half >> 8)) >> 8;
}
