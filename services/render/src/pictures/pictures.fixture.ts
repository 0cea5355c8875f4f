// Pictures for tests: sound ones of each type, and what hostile senders make of them.
import { createHash } from "node:crypto";
import { createCanvas } from "canvas";
import { PNG } from "pngjs";
import { backgroundLimits, checkImage } from "./headers/image-header.js";
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

/**
 * WebP pictures of 32 × 16 pixels, red on the left: lossy with blue on the right, lossy and lossless with nothing
 * there. Made by libwebp's encoder.
 */
export const webps = {
  lossy: webp("VlA4IEIAAAAQAwCdASogABAAAUAmJaACdMoRwN4B+IH6q8YFygATfQAA/vLrf/zUxYDJHP/0sa3VwBw/65bK3o+M3Kvi7lqoAAA="),
  alpha: webp(
    "VlA4WAoAAAAQAAAAHwAADwAAQUxQSBMAAAABDzD/ERFCIJDkLz3AAhH9j+IFAFZQOCA2AAAA8AEAnQEqIAAQAAFAJiWgAnS6AfgABBbAAP7y63/82BXNc+/3/9Lg/S4P0uD/0uD/np984AAA",
  ),
  lossless: webp("VlA4TBgAAAAvH8ADEA8Q8x/zHwyBQJK/9AALRPQ/ihc="),
};

/** A WebP of chunks in base64. */
function webp(chunks: string): Buffer {
  return webpOf(Buffer.from(chunks, "base64"));
}

/** A WebP of these chunks. */
export function webpOf(...chunks: Buffer[]): Buffer {
  const body = Buffer.concat(chunks);
  const head = Buffer.from("RIFF\0\0\0\0WEBP", "latin1");
  head.writeUInt32LE(4 + body.length, 4);
  return Buffer.concat([head, body]);
}

/** A chunk of a WebP. */
export function webpChunk(name: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(data.length);
  return Buffer.concat([Buffer.from(name, "latin1"), length, data, Buffer.alloc(data.length & 1)]);
}

/** The part of a WebP after its head. */
export const chunksOfWebp = (bytes: Buffer) => bytes.subarray(12);

/** The extended header of a WebP: these flags, on a canvas of this size. */
export function webpCanvas(flags: number, width: number, height: number): Buffer {
  const data = Buffer.alloc(10);
  data[0] = flags;
  data.writeUIntLE(width - 1, 4, 3);
  data.writeUIntLE(height - 1, 7, 3);
  return webpChunk("VP8X", data);
}

/** Two frames that an animation holds. */
export const animatedWebp = webpOf(
  webpCanvas(0x02, 32, 16),
  webpChunk("ANIM", Buffer.alloc(6)),
  webpChunk("ANMF", Buffer.concat([Buffer.alloc(16), chunksOfWebp(webps.lossless)])),
  webpChunk("ANMF", Buffer.concat([Buffer.alloc(16), chunksOfWebp(webps.lossless)])),
);

/** A lossless WebP whose header claims a size of up to 16,384 pixels a side. */
export function webpThatClaims(width: number, height: number): Buffer {
  const bytes = Buffer.from(webps.lossless);
  bytes.writeUInt32LE((width - 1) | ((height - 1) << 14), 21);
  return bytes;
}

/** A PNG that claims to be of this size: its header is sound, its data is of one pixel. */
export function pngThatClaims(width: number, height: number): Buffer {
  const bytes = PNG.sync.write(new PNG({ width: 1, height: 1 }));
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  return bytes;
}
