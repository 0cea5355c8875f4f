// An image as a camera would see it: shades of grey, smaller, blurred. Works on whole pictures, one byte a pixel.
import type { Pixels } from "./zxing.js";

/** Scales a square picture to another width, each pixel the average of what it covers. */
export function resample({ width, data }: Pixels, outWidth: number): Pixels {
  const weights = coverage(width, outWidth);
  const wide = new Float32Array(outWidth * width);
  for (let y = 0; y < width; y++) {
    for (const [x, { from, shares }] of weights.entries()) {
      let sum = 0;
      for (const [i, share] of shares.entries()) sum += share * (data[y * width + from + i] as number);
      wide[y * outWidth + x] = sum;
    }
  }
  const out = new Uint8Array(outWidth * outWidth);
  for (const [y, { from, shares }] of weights.entries()) {
    for (let x = 0; x < outWidth; x++) {
      let sum = 0;
      for (const [i, share] of shares.entries()) sum += share * (wide[(from + i) * outWidth + x] as number);
      out[y * outWidth + x] = sum + 0.5;
    }
  }
  return { width: outWidth, height: outWidth, data: out };
}

/** For each pixel of the new width: the first old one that it covers, and the share that each of them has in it. */
function coverage(width: number, outWidth: number): { from: number; shares: number[] }[] {
  const step = width / outWidth;
  return Array.from({ length: outWidth }, (_, x) => {
    const [start, end] = [x * step, Math.min(width, (x + 1) * step)];
    const from = Math.floor(start);
    const shares: number[] = [];
    for (let at = from; at < end - 1e-9; at++)
      shares.push((Math.min(end, at + 1) - Math.max(start, at)) / (end - start));
    return { from, shares };
  });
}

/** Averages every pixel with its eight neighbours, as a lens that is slightly out of focus does. */
export function blur({ width, height, data }: Pixels): Pixels {
  const out = new Uint8Array(data.length);
  const clamp = (value: number, most: number) => Math.max(0, Math.min(most - 1, value));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let dy = -1; dy <= 1; dy++) {
        const row = clamp(y + dy, height) * width;
        for (let dx = -1; dx <= 1; dx++) sum += data[row + clamp(x + dx, width)] as number;
      }
      out[y * width + x] = sum / 9 + 0.5;
    }
  }
  return { width, height, data: out };
}
