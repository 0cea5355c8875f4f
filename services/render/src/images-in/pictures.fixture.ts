// Pictures for tests: sound ones of each type, and what hostile senders make of them.
import { createHash } from "node:crypto";
import { createCanvas } from "canvas";
import { PNG } from "pngjs";
import { backgroundLimits, checkImage } from "./image-header.js";
import type { PictureFile } from "./pictures.js";

/** A checked picture, as requests have them. */
export function fileOf(bytes: Buffer): PictureFile {
  const digest = createHash("sha256").update(bytes).digest("hex");
  return { bytes, digest, header: checkImage(bytes, backgroundLimits) };
}

/** Options of a decoder that gives a picture its time, whatever else keeps the machine busy. */
export const patient = { decodeMsMax: 40_000, waitMsEnd: 40_000 };

/** A picture of two colours: red on the left, transparent or blue on the right. */
export function canvasOf(width: number, height: number, right = "#0000ff") {
  const canvas = createCanvas(width, height);
  const context = canvas.getContext("2d");
  context.fillStyle = "#ff0000";
  context.fillRect(0, 0, width, height);
  context.clearRect(width / 2, 0, width / 2, height);
  context.fillStyle = right;
  context.fillRect(width / 2, 0, width / 2, height);
  return canvas;
}

export const pngOf = (width: number, height: number) => canvasOf(width, height).toBuffer("image/png");
export const jpegOf = (width: number, height: number) => canvasOf(width, height).toBuffer("image/jpeg");

/** A GIF of one red pixel, and of two frames: the first red, the second green. */
const gifHeader = (size: number) =>
  Buffer.from([0x47, 0x49, 0x46, 0x38, 0x39, 0x61, size, 0, size, 0, 0x80, 0, 0, 255, 0, 0, 0, 255, 0]);
const gifFrame = (color: 0 | 1) =>
  Buffer.from([0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0x02, 0x02, color === 0 ? 0x44 : 0x4c, 0x01, 0x00]);
export const gif = Buffer.concat([gifHeader(1), gifFrame(0), Buffer.from([0x3b])]);
export const animatedGif = Buffer.concat([gifHeader(1), gifFrame(0), gifFrame(1), Buffer.from([0x3b])]);

/** A PNG that claims to be of this size: its header is sound, its data is of one pixel. */
export function pngThatClaims(width: number, height: number): Buffer {
  const bytes = PNG.sync.write(new PNG({ width: 1, height: 1 }));
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  return bytes;
}
