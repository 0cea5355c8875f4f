// Distortions of a picture by cameras, each alone and always the same: turning, perspective, compression, noise, and a
// lens out of focus. Works on pixels of red, green, blue and alpha with nothing transparent.
import type { Pixels } from "@qrfactory/testing/decode";
import { createCanvas, ImageData, loadImage } from "canvas";
import { randomFrom } from "./random.js";

/** Distortion → what it is, as the table says it. */
export const distortions = {
  clean: "as delivered",
  turned: "turned by 30°",
  warped:
    "seen from the side: the corners of the picture lie at (12, 4), (94, 0), (100, 88) and (0, 100) % of the side",
  jpeg: "JPEG of quality 40",
  noisy: "Gaussian noise of 32 of 255 shades in each pixel",
  blurred: "Gaussian blur of 0.4 module",
} as const;

/** Name of a distortion. */
export type Distortion = keyof typeof distortions;

/** Every distortion, in the order in which they are measured. */
export const distortionNames = Object.keys(distortions) as Distortion[];

const turnedBy = Math.PI / 6;
const jpegQuality = 0.4;
const noiseShades = 32;
const blurModules = 0.4;

/** Where the corners are seen (top left, top right, bottom right, bottom left), as shares of the side. */
const seenCorners = [
  [0.12, 0.04],
  [0.94, 0],
  [1, 0.88],
  [0, 1],
] as const;

/** The picture as a camera sees it; `modulePx` are pixels a module, `seed` chooses the noise. */
export async function distort(
  pixels: Pixels,
  distortion: Distortion,
  { modulePx, seed }: { modulePx: number; seed: number },
): Promise<Pixels> {
  switch (distortion) {
    case "clean":
      return pixels;
    case "turned":
      return turn(pixels);
    case "warped":
      return warp(pixels);
    case "jpeg":
      return compress(pixels);
    case "noisy":
      return addNoise(pixels, randomFrom(seed));
    case "blurred":
      return blur(pixels, blurModules * modulePx);
  }
}

/** Turns a picture about its middle on a ground that goes on as its first pixel is. */
function turn(pixels: Pixels): Pixels {
  const [cos, sin] = [Math.cos(turnedBy), Math.sin(turnedBy)];
  const side = Math.ceil(pixels.width * (cos + sin));
  const from = pixels.width / 2;
  return resample(pixels, side, (x, y) => {
    const [dx, dy] = [x - side / 2, y - side / 2];
    return [from + cos * dx + sin * dy, from - sin * dx + cos * dy];
  });
}

/** Looks at a picture from the side. */
function warp(pixels: Pixels): Pixels {
  const { width: side } = pixels;
  const [a, b, c, d, e, f, g, h] = unwarping;
  return resample(pixels, side, (x, y) => {
    const [u, v] = [x / side, y / side];
    const depth = g * u + h * v + 1;
    return [(side * (a * u + b * v + c)) / depth, (side * (d * u + e * v + f)) / depth];
  });
}

type Eight = [number, number, number, number, number, number, number, number];

/**
 * The projective map that takes the seen corners back to those of the unit square: the inverse of Heckbert's (1989,
 * 2.2.3).
 */
const unwarping: Eight = (() => {
  const [[x0, y0], [x1, y1], [x2, y2], [x3, y3]] = seenCorners;
  const [sx, sy] = [x0 - x1 + x2 - x3, y0 - y1 + y2 - y3];
  const [dx1, dy1, dx2, dy2] = [x1 - x2, y1 - y2, x3 - x2, y3 - y2];
  const det = dx1 * dy2 - dx2 * dy1;
  const [g, h] = [(sx * dy2 - dx2 * sy) / det, (dx1 * sy - sx * dy1) / det];
  const [a, b, c] = [x1 - x0 + g * x1, x3 - x0 + h * x3, x0];
  const [d, e, f] = [y1 - y0 + g * y1, y3 - y0 + h * y3, y0];
  // The adjugate of the matrix, scaled so that its last number is 1.
  const adjugate = [
    e - f * h,
    c * h - b,
    b * f - c * e,
    f * g - d,
    a - c * g,
    c * d - a * f,
    d * h - e * g,
    b * g - a * h,
  ];
  return adjugate.map((value) => value / (a * e - b * d)) as Eight;
})();

/**
 * Draws a square picture anew: `origin` says where a place of it came from. Between pixels lies their weighted mean.
 */
function resample(pixels: Pixels, side: number, origin: (x: number, y: number) => [number, number]): Pixels {
  const { width, data } = pixels;
  const out = new Uint8ClampedArray(4 * side * side).fill(255);
  const at = (x: number, y: number, channel: number) =>
    // Beyond its edge the ground goes on.
    x < 0 || y < 0 || x >= width || y >= width
      ? (data[channel] as number)
      : (data[4 * (y * width + x) + channel] as number);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const [fromX, fromY] = origin(x + 0.5, y + 0.5);
      const [left, top] = [Math.floor(fromX - 0.5), Math.floor(fromY - 0.5)];
      const [shareX, shareY] = [fromX - 0.5 - left, fromY - 0.5 - top];
      for (let channel = 0; channel < 3; channel++) {
        const upper = at(left, top, channel) * (1 - shareX) + at(left + 1, top, channel) * shareX;
        const lower = at(left, top + 1, channel) * (1 - shareX) + at(left + 1, top + 1, channel) * shareX;
        out[4 * (y * side + x) + channel] = upper * (1 - shareY) + lower * shareY;
      }
    }
  }
  return { width: side, height: side, data: out };
}

async function compress({ width, height, data }: Pixels): Promise<Pixels> {
  const context = createCanvas(width, height).getContext("2d");
  context.putImageData(new ImageData(Uint8ClampedArray.from(data), width, height), 0, 0);
  const jpeg = context.canvas.toBuffer("image/jpeg", { quality: jpegQuality });
  context.drawImage(await loadImage(jpeg), 0, 0);
  return { width, height, data: Uint8ClampedArray.from(context.getImageData(0, 0, width, height).data) };
}

/** Changes the brightness of each pixel by normally distributed shades (Box and Muller 1958). */
function addNoise({ width, height, data }: Pixels, random: () => number): Pixels {
  const out = new Uint8ClampedArray(data);
  for (let i = 0; i < out.length; i += 4) {
    const shades = noiseShades * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    for (let channel = 0; channel < 3; channel++) out[i + channel] = (data[i + channel] as number) + shades;
  }
  return { width, height, data: out };
}

/** Gaussian blur with a standard deviation of `sigma` pixels: along the rows, then along the columns. */
function blur(pixels: Pixels, sigma: number): Pixels {
  const reach = Math.ceil(3 * sigma);
  const weights = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-((i - reach) ** 2) / (2 * sigma * sigma)));
  const sum = weights.reduce((a, b) => a + b, 0);
  const shares = weights.map((weight) => weight / sum);
  return blurAlong(blurAlong(pixels, shares, "row"), shares, "column");
}

function blurAlong({ width, height, data }: Pixels, shares: number[], along: "row" | "column"): Pixels {
  const out = new Uint8ClampedArray(data.length).fill(255);
  const reach = (shares.length - 1) / 2;
  const [count, step] = along === "row" ? [width, 4] : [height, 4 * width];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const to = 4 * (y * width + x);
      const place = along === "row" ? x : y;
      const start = to - place * step;
      for (let channel = 0; channel < 3; channel++) {
        let shade = 0;
        for (let i = -reach; i <= reach; i++) {
          const from = Math.min(count - 1, Math.max(0, place + i));
          shade += (shares[i + reach] as number) * (data[start + from * step + channel] as number);
        }
        out[to + channel] = shade;
      }
    }
  }
  return { width, height, data: out };
}
