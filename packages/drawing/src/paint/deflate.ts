// Compression is handed in: Node.js has zlib, a browser brings a library of its choice.

/** Kinds of bytes: indices into a palette come in runs, pixels have none, a page is text or pixels of a picture. */
export type BytesKind = "indices" | "pixels" | "page";

/**
 * Compresses bytes to the zlib format (RFC 1950); how hard it looks for repetitions may depend on what they are like.
 */
export type Deflate = ((bytes: Uint8Array, kind: BytesKind) => Uint8Array) & {
  /** The CRC-32 of PNG (5.5), where the platform has one that is faster than ours. */
  crc32?: (bytes: Uint8Array) => number;
};
