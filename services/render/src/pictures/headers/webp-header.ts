// The header of a WebP (RFC 9649), and its chunks. Only those that make the pixels are handed on, in a file written
// anew: profiles and comments may be of any size, and animations of any number of frames.
import { cutOff, headerDamaged, type ReadHeader, type Refuse } from "./header-reader.js";

const riffBytes = 12;
const chunkHeadBytes = 8;
/** Flags, three reserved bytes, and the sides of the canvas (2.7). */
const extendedBytes = 10;

/** Flags of the extended header (2.7.1.1). */
const animationFlag = 0x02;
const alphaFlag = 0x10;

/** Still pictures have three that make pixels, and some of comments and profiles. */
const chunksMax = 100;

type Chunk = { name: string; data: Buffer };

/** Reads a WebP up to its end; throws when it is cut off, or an animation. */
export function readWebp(bytes: Buffer, refuse: Refuse): ReadHeader {
  const chunks = chunksOf(bytes, refuse);
  const find = (name: string) => chunks.find((chunk) => chunk.name === name)?.data;
  const [extended, lossy, lossless] = [find("VP8X"), find("VP8 "), find("VP8L")];
  const isAnimated = extended !== undefined && ((extended[0] ?? 0) & animationFlag) !== 0;
  if (isAnimated || find("ANIM") || find("ANMF")) {
    throw refuse("The picture is an animation. Send one frame of it, as a WebP, PNG or JPEG.");
  }
  const data = lossy ?? lossless;
  if (!data || (lossy && lossless)) throw refuse(headerDamaged);
  const size = lossy ? lossySize(lossy, refuse) : losslessSize(data, refuse);
  if (extended) requireCanvas(extended, size, refuse);
  const alpha = lossy && find("ALPH");
  const parts = alpha
    ? [chunk("VP8X", extendedHeader(size)), chunk("ALPH", alpha), chunk("VP8 ", lossy)]
    : [chunk(lossy ? "VP8 " : "VP8L", data)];
  return { ...size, passes: 1, parts: [riffHead(parts), ...parts] };
}

/** The chunks of a file (2.3 and 2.4), each padded to an even length. */
function chunksOf(bytes: Buffer, refuse: Refuse): Chunk[] {
  if (bytes.length < riffBytes) throw refuse(cutOff);
  const end = chunkHeadBytes + bytes.readUInt32LE(4);
  if (end > bytes.length) throw refuse(cutOff);
  const chunks: Chunk[] = [];
  for (let at = riffBytes; at + chunkHeadBytes <= end; ) {
    if (chunks.length >= chunksMax) {
      throw refuse(`The picture lies in more than ${chunksMax} pieces (chunks). Save it anew as PNG or JPEG.`);
    }
    const length = bytes.readUInt32LE(at + 4);
    const from = at + chunkHeadBytes;
    if (from + length > end) throw refuse(cutOff);
    chunks.push({ name: bytes.toString("latin1", at, at + 4), data: bytes.subarray(from, from + length) });
    at = from + length + (length & 1);
  }
  return chunks;
}

type Size = { width: number; height: number };

/** Of a key frame of VP8 (RFC 6386, 9.1): a tag of three bytes, a start code, and 14 bits for each side. */
function lossySize(data: Buffer, refuse: Refuse): Size {
  const isKeyFrame = data.length >= 10 && ((data[0] as number) & 1) === 0 && data.readUIntBE(3, 3) === 0x9d012a;
  if (!isKeyFrame) throw refuse(headerDamaged);
  return { width: data.readUInt16LE(6) & 0x3fff, height: data.readUInt16LE(8) & 0x3fff };
}

/** Of a lossless picture (3.4): a signature, and 14 bits for each side less one. */
function losslessSize(data: Buffer, refuse: Refuse): Size {
  if (data.length < 5 || data[0] !== 0x2f) throw refuse(headerDamaged);
  const bits = data.readUInt32LE(1);
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
}

/** A still picture covers its canvas (2.7.1.1). */
function requireCanvas(extended: Buffer, { width, height }: Size, refuse: Refuse): void {
  if (extended.length < extendedBytes) throw refuse(headerDamaged);
  const canvas = { width: extended.readUIntLE(4, 3) + 1, height: extended.readUIntLE(7, 3) + 1 };
  if (canvas.width !== width || canvas.height !== height) {
    throw refuse(
      `The picture is damaged: it has ${width} × ${height} pixels on a canvas of ${canvas.width} × ` +
        `${canvas.height}. Save it anew as PNG or JPEG.`,
    );
  }
}

function extendedHeader({ width, height }: Size): Buffer {
  const data = Buffer.alloc(extendedBytes);
  data[0] = alphaFlag;
  data.writeUIntLE(Math.max(0, width - 1), 4, 3);
  data.writeUIntLE(Math.max(0, height - 1), 7, 3);
  return data;
}

function chunk(name: string, data: Buffer): Buffer {
  const head = Buffer.alloc(chunkHeadBytes);
  head.write(name, "latin1");
  head.writeUInt32LE(data.length, 4);
  return Buffer.concat([head, data, Buffer.alloc(data.length & 1)]);
}

function riffHead(chunks: Buffer[]): Buffer {
  const head = Buffer.from("RIFF\0\0\0\0WEBP", "latin1");
  head.writeUInt32LE(
    chunks.reduce((sum, { length }) => sum + length, 4),
    4,
  );
  return head;
}
