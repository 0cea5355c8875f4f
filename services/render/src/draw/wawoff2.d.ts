// wawoff2 (Google's WOFF2 decoder as WebAssembly) comes without types.
declare module "wawoff2/decompress.js" {
  /** The TrueType or OpenType font in a WOFF2 file. */
  export default function decompressWoff2(file: Uint8Array): Promise<Uint8Array>;
}
