import { expect, test } from "@jest/globals";
import { type Pixels, pngPixels, readers } from "@qrfactory/testing/decode";
import QRCode from "qrcode";
import { distort, distortionNames } from "./distortions.js";

const text = "https://example.com/a";
const modulePx = 8;

async function picture(): Promise<Pixels> {
  return pngPixels(await QRCode.toBuffer(text, { scale: modulePx, margin: 4 }));
}

const shadeAt = ({ width, data }: Pixels, x: number, y: number) => data[4 * (y * width + x)];

test.each(distortionNames)("%s is the same at every run", async (name) => {
  const first = await distort(await picture(), name, { modulePx, seed: 7 });
  const second = await distort(await picture(), name, { modulePx, seed: 7 });
  expect(Buffer.compare(Buffer.from(first.data), Buffer.from(second.data))).toBe(0);
});

test.each(distortionNames.filter((name) => name !== "noisy"))("plain squares are read when %s", async (name) => {
  expect(await readers["zxing-cpp"](await distort(await picture(), name, { modulePx, seed: 7 }))).toBe(text);
});

test("another seed makes other noise", async () => {
  const [one, other] = [7, 8].map(async (seed) => distort(await picture(), "noisy", { modulePx, seed }));
  const [a, b] = [Buffer.from((await one)?.data ?? []), Buffer.from((await other)?.data ?? [])];
  expect(Buffer.compare(a, b)).not.toBe(0);
});

test("what is distorted is no longer the picture that was delivered", async () => {
  const clean = await picture();
  for (const name of distortionNames.filter((one) => one !== "clean")) {
    const { data } = await distort(clean, name, { modulePx, seed: 7 });
    expect(Buffer.compare(Buffer.from(data), Buffer.from(clean.data))).not.toBe(0);
  }
});

test("seen from the side, the corners of the picture lie where they are said to lie", async () => {
  const side = 200;
  const black: Pixels = { width: side, height: side, data: new Uint8ClampedArray(4 * side * side).fill(255) };
  // A white pixel at the first corner is the ground around; the rest is black.
  for (let i = 4; i < black.data.length; i += 4) black.data.fill(0, i, i + 3);
  const warped = await distort(black, "warped", { modulePx, seed: 7 });
  for (const [x, y] of [
    [0.12, 0.04],
    [0.94, 0],
    [1, 0.88],
    [0, 1],
  ] as const) {
    const inwards = (at: number) => Math.round(at * side + 4 * Math.sign(0.5 - at));
    expect(shadeAt(warped, inwards(x), inwards(y))).toBe(0);
  }
  expect(shadeAt(warped, 2, 2)).toBe(255);
  expect(shadeAt(warped, side - 2, side - 2)).toBe(255);
});
