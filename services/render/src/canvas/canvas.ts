// The plain path to pixels: node-canvas (cairo) fills one path a colour, smoothly. Transparent
// grounds and JPEGs are painted here, and the fast paths, with masks and pictures made here, are compared with it.
import type { Rgba } from "@qrfactory/domain/design/color";
import type { Box } from "@qrfactory/drawing/scene/frames";
import { squaresPath } from "@qrfactory/drawing/scene/outline";
import { tracePath } from "@qrfactory/drawing/scene/path";
import { snapGrid } from "@qrfactory/drawing/scene/pixel-grid";
import type { Fill, Filled, Picture, Scene } from "@qrfactory/drawing/scene/shapes";
import { type Canvas, type CanvasRenderingContext2D, createCanvas, createImageData } from "canvas";

/**
 * Where a scene of `side` modules lies on an image of `widthPx` pixels: module 0 begins at pixel `offset`, and each is
 * `scale` wide.
 */
export type Placement = { widthPx: number; side: number; scale: number; offset: number };

/** Shapes of fewer pixels a module need each part of one; from here on crisp edges are worth more. */
const crispPxMin = 4;

/**
 * Places a scene: modules of whole pixels, so that straight edges are crisp and every pattern has one margin; from edge
 * to edge where curved ones are small.
 */
export function placeOnPixels({ side, shapes }: Pick<Scene, "side" | "shapes">, widthPx: number): Placement {
  const { modulePx, offsetPx } = snapGrid(side, widthPx);
  if (modulePx >= crispPxMin || shapes.some((shape) => shape.kind === "squares")) {
    return { widthPx, side, scale: modulePx, offset: offsetPx };
  }
  return { widthPx, side, scale: widthPx / side, offset: 0 };
}

/** A scene painted on a canvas. */
export type Painting = {
  widthPx: number;
  isOpaque: boolean;
  context: CanvasRenderingContext2D;
};

/** Paints a scene, ground and all. */
export function paintCanvas(scene: Omit<Scene, "style">, widthPx: number): Painting {
  const context = createCanvas(widthPx, widthPx).getContext("2d");
  context.fillStyle = css(scene.background);
  context.fillRect(0, 0, widthPx, widthPx);
  const placement = placeOnPixels(scene, widthPx);
  const { scale, offset } = placement;
  for (const shape of scene.shapes) {
    if (shape.kind === "picture") {
      const { canvas, left, top } = fitPicture(shape.picture, shape.box, placement);
      context.resetTransform();
      context.drawImage(canvas, left, top);
      continue;
    }
    context.setTransform(scale, 0, 0, scale, offset, offset);
    context.fillStyle = styleOf(context, shape.fill);
    context.beginPath();
    trace(context, shape);
    context.fill("nonzero");
  }
  return { widthPx, isOpaque: scene.background[3] === 255, context };
}

/** Blue, green, red and alpha of each pixel, row by row, multiplied by alpha: as cairo keeps them. */
export function multipliedPixelsOf({ context }: Painting): Uint8Array {
  return context.canvas.toBuffer("raw");
}

/** Red, green, blue and alpha of each pixel, row by row, as PNG keeps them: not multiplied. */
export function straightPixelsOf({ context, widthPx }: Painting): Uint8ClampedArray {
  return context.getImageData(0, 0, widthPx, widthPx).data;
}

/** A JPEG at this quality shows no blocks around modules; colour is kept at full resolution, so edges do not bleed. */
const jpegQuality = 0.92;

/** The bytes of a JPEG of an opaque painting, which has no transparency; it carries its resolution. */
export function encodeJpeg({ context }: Painting, dpi: number): Buffer {
  const options = { quality: jpegQuality, chromaSubsampling: false, progressive: false };
  return withDensity(context.canvas.toBuffer("image/jpeg", options), dpi);
}

/**
 * Where libjpeg writes the density of its JFIF header (JFIF 1.02): behind two markers, a length, the name and version.
 */
const densityAt = 13;
const unitInch = 1;

function withDensity(jpeg: Buffer, dpi: number): Buffer {
  if (jpeg.toString("latin1", 6, 10) !== "JFIF") throw new Error("libjpeg wrote no JFIF header");
  jpeg.writeUInt8(unitInch, densityAt);
  jpeg.writeUInt16BE(dpi, densityAt + 1);
  jpeg.writeUInt16BE(dpi, densityAt + 3);
  return jpeg;
}

/** How much of each pixel shapes cover, 0 to 255, row by row; rows are `stride` bytes apart. */
export type Mask = { coverage: Uint8Array; stride: number };

/** The canvas of the last mask, used again: to get fresh memory takes as long as to draw in it. */
let maskCanvas: Canvas | null = null;

/** Paints what shapes cover together. */
export function paintCoverage(shapes: readonly Filled[], { widthPx, scale, offset }: Placement): Mask {
  maskCanvas ??= createCanvas(1, 1);
  const context = maskCanvas.getContext("2d", { pixelFormat: "A8" });
  if (maskCanvas.width !== widthPx) {
    maskCanvas.width = widthPx;
    maskCanvas.height = widthPx;
  }
  context.resetTransform();
  context.clearRect(0, 0, widthPx, widthPx);
  context.setTransform(scale, 0, 0, scale, offset, offset);
  context.fillStyle = "#000";
  context.beginPath();
  for (const shape of shapes) trace(context, shape);
  context.fill("nonzero");
  return { coverage: maskCanvas.toBuffer("raw"), stride: maskCanvas.stride };
}

/**
 * A picture in exactly the pixels of its box, snapped to whole ones, and where they begin. A picture at the edge
 * of the scene reaches the edge of the image, over the pixels that modules leave around them.
 */
export function fitPicture(
  { width, height, data }: Picture,
  box: Box,
  { widthPx: imagePx, side, scale, offset }: Placement,
): { canvas: Canvas; left: number; top: number } {
  const snap = (at: number) => (at <= 0 ? 0 : at >= side ? imagePx : Math.round(at * scale + offset));
  const [left, top] = [snap(box.x), snap(box.y)];
  const widthPx = Math.max(1, snap(box.x + box.width) - left);
  const heightPx = Math.max(1, snap(box.y + box.height) - top);
  const whole = createCanvas(width, height);
  const pixels = new Uint8ClampedArray(data.buffer, data.byteOffset, data.byteLength);
  whole.getContext("2d").putImageData(createImageData(pixels, width, height), 0, 0);
  if (width === widthPx && height === heightPx) return { canvas: whole, left, top };
  const canvas = createCanvas(widthPx, heightPx);
  const context = canvas.getContext("2d");
  context.drawImage(whole, 0, 0, widthPx, heightPx);
  return { canvas, left, top };
}

function trace(context: CanvasRenderingContext2D, shape: Filled): void {
  if (shape.kind === "path") tracePath(shape.path, penOf(context));
  else tracePath(squaresPath(shape), penOf(context));
}

const fullTurn = 2 * Math.PI;

function penOf(context: CanvasRenderingContext2D) {
  return {
    moveTo: (x: number, y: number) => context.moveTo(x, y),
    lineTo: (x: number, y: number) => context.lineTo(x, y),
    curveTo: (x1: number, y1: number, x2: number, y2: number, x: number, y: number) =>
      context.bezierCurveTo(x1, y1, x2, y2, x, y),
    close: () => context.closePath(),
    circle: (cx: number, cy: number, r: number) => {
      context.moveTo(cx + r, cy);
      context.arc(cx, cy, r, 0, fullTurn);
      context.closePath();
    },
  };
}

function styleOf(context: CanvasRenderingContext2D, fill: Fill): CanvasRenderingContext2D["fillStyle"] {
  if (fill.kind === "flat") return css(fill.color);
  const gradient =
    fill.kind === "linear"
      ? context.createLinearGradient(fill.x1, fill.y1, fill.x2, fill.y2)
      : context.createRadialGradient(fill.cx, fill.cy, 0, fill.cx, fill.cy, fill.r);
  gradient.addColorStop(0, css(fill.from));
  gradient.addColorStop(1, css(fill.to));
  return gradient;
}

function css([red, green, blue, alpha]: Rgba): string {
  return `rgba(${red},${green},${blue},${alpha / 255})`;
}
