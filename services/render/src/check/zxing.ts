// The decoder: zxing-cpp compiled to WebAssembly, called directly. The package's own `readBarcodes` never frees its
// result vector, which costs some 3 kB a call for ever (measured over 30,000 calls); this frees it. Its .wasm file
// comes from the installed package: no network.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import {
  binarizers,
  characterSets,
  defaultReaderOptions,
  eanAddOnSymbols,
  encodeFormats,
  prepareZXingModule,
  textModes,
  type ZXingReaderOptions,
  type ZXingReadResult,
} from "zxing-wasm/reader";

/** Brightness, one byte a pixel, row by row: all that a decoder looks at. */
export type Pixels = { width: number; height: number; data: Uint8Array };

/** A QR code found in an image. */
export type Reading = {
  /** As the symbol holds them: segments in kanji mode are Shift JIS. */
  bytes: Uint8Array;
  /** Encoding that the reader assumes. */
  text: string;
  /** Share of the error correction that was not needed, 0 to 1. */
  unusedCorrection: number;
};

/** The default reader for one QR code; the module takes numbers where the package's wrapper takes names. */
const readerOptions: ZXingReaderOptions = {
  ...defaultReaderOptions,
  formats: encodeFormats(["QRCode"]),
  maxNumberOfSymbols: 1,
  binarizer: binarizers.indexOf("LocalAverage"),
  textMode: textModes.indexOf("Plain"),
  eanAddOnSymbol: eanAddOnSymbols.indexOf("Ignore"),
  characterSet: characterSets.indexOf("Unknown"),
};

/** The part of the WebAssembly module that is used here; the package's types leave out `delete`. */
type Decoder = {
  HEAPU8: Uint8Array;
  _malloc(size: number): number;
  _free(pointer: number): void;
  readBarcodesFromPixmap(
    pointer: number,
    width: number,
    height: number,
    options: ZXingReaderOptions,
  ): { size(): number; get(index: number): ZXingReadResult | undefined; delete(): void };
};

let loading: Promise<Decoder> | null = null;

/** Loads the decoder once (some 20 ms). */
export function loadDecoder(): Promise<Decoder> {
  loading ??= (async () => {
    const file = createRequire(import.meta.url).resolve("zxing-wasm/reader/zxing_reader.wasm");
    const wasmBinary = Uint8Array.from(readFileSync(file)).buffer;
    const module: unknown = await prepareZXingModule({ overrides: { wasmBinary }, fireImmediately: true });
    return module as Decoder;
  })();
  return loading;
}

/** Reads the QR code in an image, or null when there is none that can be read. */
export async function readQrCode({ width, height, data }: Pixels): Promise<Reading | null> {
  const decoder = await loadDecoder();
  const pointer = decoder._malloc(data.length);
  try {
    decoder.HEAPU8.set(data, pointer);
    const results = decoder.readBarcodesFromPixmap(pointer, width, height, readerOptions);
    try {
      const result = results.size() > 0 ? results.get(0) : undefined;
      if (!result?.isValid) return null;
      const { UEC = 1 } = JSON.parse(result.extra || "{}") as { UEC?: number };
      return { bytes: Uint8Array.from(result.bytes), text: result.text, unusedCorrection: UEC };
    } finally {
      results.delete();
    }
  } finally {
    decoder._free(pointer);
  }
}
