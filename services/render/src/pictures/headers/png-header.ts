// The header of a PNG (W3C PNG, third edition) and its chunks. Only those that make the pixels are handed on: comments,
// profiles and animations may unpack to any size, and readers that trust a chunk's length would read past the end.
import { cutOff, headerDamaged, type ReadHeader, type Refuse } from "./header-reader.js";

const signatureBytes = 8;
/** Length, type and checksum around the data (5.3). */
const lengthBytes = 4;
const typeBytes = 4;
const checksumBytes = 4;
const headerDataBytes = 13;

/** A picture of 5 MB in chunks of 256 bytes; encoders write chunks of 8 kB and more. */
const chunksMax = 20_000;

/**
 * Chunks that change pixels: all critical ones (5.4: their name starts with a capital), and tRNS, the transparency of
 * palettes. Colour spaces are not converted by the decoder.
 */
const makesPixels = (name: string) => /^[A-Z]/.test(name) || name === "tRNS";

/** Reads a PNG up to its end (IEND); throws when it is cut off or does not begin with its header (IHDR). */
export function readPng(bytes: Buffer, refuse: Refuse): ReadHeader {
  if (bytes.toString("latin1", signatureBytes + lengthBytes, signatureBytes + lengthBytes + typeBytes) !== "IHDR")
    throw refuse(headerDamaged);
  const parts: Buffer[] = [];
  let keptFrom = 0;
  let at = signatureBytes;
  for (let chunks = 1; ; chunks++) {
    if (chunks > chunksMax) {
      throw refuse(`The picture lies in more than ${chunksMax} pieces (chunks). Save it anew as PNG or JPEG.`);
    }
    if (at + lengthBytes + typeBytes > bytes.length) throw refuse(cutOff);
    const end = at + lengthBytes + typeBytes + bytes.readUInt32BE(at) + checksumBytes;
    const name = bytes.toString("latin1", at + lengthBytes, at + lengthBytes + typeBytes);
    if (end > bytes.length) throw refuse(cutOff);
    if (!makesPixels(name)) {
      if (at > keptFrom) parts.push(bytes.subarray(keptFrom, at));
      keptFrom = end;
    }
    at = end;
    if (name === "IEND") break;
  }
  parts.push(bytes.subarray(keptFrom, at));
  if (bytes.readUInt32BE(signatureBytes) !== headerDataBytes) throw refuse(headerDamaged);
  const ihdr = signatureBytes + lengthBytes + typeBytes;
  return { width: bytes.readUInt32BE(ihdr), height: bytes.readUInt32BE(ihdr + 4), passes: 1, parts };
}
