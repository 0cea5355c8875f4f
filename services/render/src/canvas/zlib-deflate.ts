// Compression of what is drawn, by Node.js.
import { constants, crc32, deflateSync, type ZlibOptions } from "node:zlib";
import type { BytesKind, Deflate } from "@qrfactory/drawing/paint/deflate";

/**
 * How each is compressed. Indices repeat in runs: looking for more takes four times as long for 30 % less at one bit a
 * pixel, and finds less at eight. Pixels of three bytes have no runs, and matches take a fifth of the room.
 */
const compression: Record<BytesKind, ZlibOptions> = {
  indices: { level: 1, strategy: constants.Z_RLE, memLevel: 9 },
  pixels: { level: 2, memLevel: 9 },
  page: {},
};

/** The compression of all images. Its options are part of their bytes: a change raises `rendererVersion`. */
export const zlibDeflate: Deflate = Object.assign(
  (bytes: Uint8Array, kind: BytesKind) => deflateSync(bytes, compression[kind]),
  { crc32: (bytes: Uint8Array) => crc32(bytes) },
);

/** Bytes as Node.js sends and hashes them; the memory is the same. */
export function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
