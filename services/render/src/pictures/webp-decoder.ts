// libwebp's decoder in WebAssembly, as npm `@cwasm/webp` has it: used by its exports, without the package's own loader,
// which keeps one memory for all pictures.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Picture } from "@qrfactory/drawing/scene/shapes";

/** The used part of the engine's WebAssembly; its types are those of browsers. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { exports: object };
};

/** The used part of the module; pointers are bytes from the start of its memory. */
type Exports = {
  memory: { buffer: ArrayBuffer };
  malloc: (bytes: number) => number;
  /** Writes width and height behind the last two pointers; 0 where it fails. */
  WebPDecodeRGBA: (data: number, bytes: number, width: number, height: number) => number;
};

const refuse = () => {
  throw new Error("libwebp asked for a file");
};
/** Its C library can write to files, which nothing in a decoder does. */
const imports = { wasi_snapshot_preview1: { fd_close: refuse, fd_seek: refuse, fd_write: refuse } };

const file = createRequire(import.meta.url).resolve("@cwasm/webp/webp.wasm");
const compiled = new WebAssembly.Module(readFileSync(file));

const channels = 4;

/** The pixels of a still WebP. Throws for one that cannot be decoded. */
export function decodeWebp(bytes: Uint8Array): Picture {
  // A memory for each picture: whatever one does to it is gone with it.
  const { memory, malloc, WebPDecodeRGBA } = new WebAssembly.Instance(compiled, imports).exports as unknown as Exports;
  const input = malloc(bytes.length);
  const sides = malloc(2 * Uint32Array.BYTES_PER_ELEMENT);
  if (input === 0 || sides === 0) throw new Error("There is no memory for this picture.");
  new Uint8Array(memory.buffer, input, bytes.length).set(bytes);
  const output = WebPDecodeRGBA(input, bytes.length, sides, sides + Uint32Array.BYTES_PER_ELEMENT);
  if (output === 0) throw new Error("libwebp cannot decode this picture.");
  const [width = 0, height = 0] = new Uint32Array(memory.buffer, sides, 2);
  return { width, height, data: new Uint8Array(memory.buffer, output, channels * width * height).slice() };
}
