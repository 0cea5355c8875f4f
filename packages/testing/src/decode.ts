// Reads QR codes out of an image, as a phone would: the proof that a picture is what it claims to be. The decoders are
// other programs than the one that draws; that of zxing-cpp is WebAssembly, and its binary comes from its package.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import jsqr from "jsqr";
import { PNG } from "pngjs";
import decodeQR from "qr/decode.js";
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";

/** Circumstances in which an image is read. */
export type DecodeOptions = {
  /** Ground under the transparent parts of the image, as red, green, blue; white unless told. */
  substrate?: [number, number, number];
};

/** An image as red, green, blue and alpha, 8 bits each, row by row. */
export type Pixels = { width: number; height: number; data: Uint8ClampedArray };

let prepared: Promise<unknown> | undefined;

/** Loads the decoder once, from the installed package: it would fetch its binary over the network otherwise. */
function prepare(): Promise<unknown> {
  prepared ??= (async () => {
    const file = createRequire(import.meta.url).resolve("zxing-wasm/reader/zxing_reader.wasm");
    const binary = readFileSync(file);
    const wasmBinary = binary.buffer.slice(binary.byteOffset, binary.byteOffset + binary.byteLength);
    await prepareZXingModule({ overrides: { wasmBinary: wasmBinary as ArrayBuffer }, fireImmediately: true });
  })();
  return prepared;
}

/** The texts of all QR codes in a PNG, composited over the substrate; empty when none can be read. */
export async function decodeImage(bytes: Uint8Array, options: DecodeOptions = {}): Promise<string[]> {
  return decodePixels(pngPixels(bytes, options));
}

/** The text of the one QR code in a PNG; throws when there is none or more than one. */
export async function decodeOne(bytes: Uint8Array, options: DecodeOptions = {}): Promise<string> {
  const texts = await decodeImage(bytes, options);
  const [text] = texts;
  if (text === undefined || texts.length > 1)
    throw new Error(`The image holds ${texts.length} readable QR codes, not 1.`);
  return text;
}

/** The texts of all QR codes in RGBA pixels. */
async function decodePixels(pixels: Pixels): Promise<string[]> {
  await prepare();
  const image = { ...pixels, colorSpace: "srgb" } as unknown as Parameters<typeof readBarcodes>[0];
  const results = await readBarcodes(image, { formats: ["QRCode"], tryHarder: true });
  return results.filter((result) => result.isValid).map((result) => result.text);
}

// Under CommonJS rules the function is a property of what is imported.
const readWithJsqr = ((jsqr as { default?: unknown }).default ?? jsqr) as typeof jsqr.default;

/** Decoders of independent origin, by name: what each reads in a picture of one code, or null. */
export const readers = {
  "zxing-cpp": async (pixels: Pixels): Promise<string | null> => (await decodePixels(pixels))[0] ?? null,
  qr: async (pixels: Pixels): Promise<string | null> => {
    try {
      return decodeQR(pixels);
    } catch {
      // It throws where it finds nothing.
      return null;
    }
  },
  jsqr: async ({ data, width, height }: Pixels): Promise<string | null> =>
    readWithJsqr(data, width, height)?.data ?? null,
};

/** The pixels of a PNG with nothing transparent left: composited over the substrate. */
export function pngPixels(bytes: Uint8Array, options: DecodeOptions = {}): Pixels {
  const { width, height, data } = PNG.sync.read(Buffer.from(bytes));
  const substrate = options.substrate ?? [255, 255, 255];
  const out = new Uint8ClampedArray(data);
  for (let i = 0; i < data.length; i += 4) {
    const alpha = data[i + 3] as number;
    if (alpha === 255) continue;
    for (let c = 0; c < 3; c++) {
      const shade = ((data[i + c] as number) * alpha) / 255 + (substrate[c] as number) * (1 - alpha / 255);
      // The nearest whole number; under the test runner a global as Math is found slowly, which counts for each pixel.
      out[i + c] = (shade + 0.5) | 0;
    }
    out[i + 3] = 255;
  }
  return { width, height, data: out };
}
