// Pictures that cost more to read than to send, made byte by byte: a progressive JPEG of thousands of scans, a GIF
// whose frame does not fit its screen, a PNG that unpacks. Each can be told from the one before, so that no memory of a
// picture helps against the next.
import { crc32, deflateSync } from "node:zlib";

const jpegSegment = (marker: number, data: number[] | Buffer): Buffer => {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(data.length + 2, 2);
  return Buffer.concat([head, Buffer.from(data)]);
};

/** Blocks that one code of an end-of-band run covers (T.81, G.1.2.2): 2^14 and what 14 more bits say. */
const runMax = 32_767;

/**
 * A grey progressive JPEG (T.81, G) of nothing but end-of-band runs in refining scans: each is some 30 bytes, and makes
 * its reader pass through every coefficient of the picture.
 */
export function progressiveJpeg({ scans, side = 4_000, mark = 0 }: { scans: number; side?: number; mark?: number }) {
  const blocks = Math.ceil(side / 8) ** 2;
  const size = [side >> 8, side & 255];
  // One code of one bit: 0 means a run of class 14, all the next 14 bits of it.
  const table = jpegSegment(0xc4, [0x10, 1, ...new Array<number>(15).fill(0), 0xe0]);
  const runs = Math.ceil(blocks / runMax);
  const bits = `0${"1".repeat(14)}`.repeat(runs).padEnd(Math.ceil((runs * 15) / 8) * 8, "1");
  const bytes = bits.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? [];
  // A byte of ones is followed by a zero, so that it is no marker (T.81, B.1.1.5).
  const data = Buffer.from(bytes.flatMap((byte) => (byte === 0xff ? [0xff, 0] : [byte])));
  const scan = Buffer.concat([jpegSegment(0xda, [1, 1, 0x00, 1, 63, 0x10]), data]);
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    jpegSegment(0xfe, Buffer.from(`mark ${mark}`)),
    jpegSegment(0xdb, [0, ...new Array<number>(64).fill(1)]),
    jpegSegment(0xc2, [8, ...size, ...size, 1, 1, 0x11, 0]),
    table,
    ...new Array<Buffer>(scans).fill(scan),
    Buffer.from([0xff, 0xd9]),
  ]);
}

/** Codes of the LZW of a GIF whose colours have two bits (89a, appendix F). */
const [clearCode, firstCode, lastCode, widthMax] = [4, 6, 4_095, 12];

/**
 * The packed form of so many pixels of colour 0: each code stands for one pixel more than the one before it, up to the
 * last code there is, which is then said again and again: 2,700 pixels a byte.
 */
function packedZeros(pixels: number): Buffer {
  const bytes: number[] = [];
  let [held, heldBits, width, running] = [0, 0, 3, firstCode];
  const put = (code: number) => {
    held |= code << heldBits;
    for (heldBits += width; heldBits >= 8; heldBits -= 8) {
      bytes.push(held & 255);
      held >>>= 8;
    }
  };
  put(clearCode);
  let [code, length] = [0, 1];
  for (let done = 0; done < pixels; done += length) {
    put(code);
    running += 1;
    if (running > 1 << width && width < widthMax) width += 1;
    if (code === lastCode) continue;
    if (code > 0) length += 1;
    code = code === 0 ? firstCode : code + 1;
  }
  return Buffer.from([...bytes, held & 255]);
}

/** A GIF (89a, 20) whose screen is small and whose only frame is not; every pixel of it is there. */
export function largeFrameGif({ width = 60_000, height = 30_000, mark = 0 } = {}): Buffer {
  const word = (value: number) => [value & 255, value >> 8];
  const comment = Buffer.from(`mark ${mark}`);
  const packed = packedZeros(width * height);
  const blocks: Buffer[] = [];
  for (let at = 0; at < packed.length; at += 255) {
    const block = packed.subarray(at, at + 255);
    blocks.push(Buffer.from([block.length]), block);
  }
  return Buffer.concat([
    Buffer.from("GIF89a"),
    Buffer.from([...word(100), ...word(100), 0x80, 0, 0, 255, 0, 0, 0, 255, 0]),
    Buffer.from([0x21, 0xfe, comment.length]),
    comment,
    Buffer.from([0, 0x2c, ...word(0), ...word(0), ...word(width), ...word(height), 0, 2]),
    ...blocks,
    Buffer.from([0, 0x3b]),
  ]);
}

const pngChunk = (name: string, data: Buffer): Buffer => {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
};

/** A PNG of one grey (third edition, 11); the header may promise more rows than are packed behind it. */
export function greyPng({ side = 64, rows, mark = 0 }: { side?: number; rows?: number; mark?: number } = {}): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header[8] = 8;
  return Buffer.concat([
    Buffer.from("89504e470d0a1a0a", "hex"),
    pngChunk("IHDR", header),
    pngChunk("tEXt", Buffer.from(`Comment\0mark ${mark}`)),
    pngChunk("IDAT", deflateSync(Buffer.alloc((rows ?? side) * (side + 1)))),
    pngChunk("IEND", Buffer.alloc(0)),
  ]);
}

/** The body of a form with fields and one file. */
export function formOf(fields: Record<string, string>, fileField: string, file: Buffer): Buffer {
  const texts = Object.entries(fields).map(
    ([name, value]) => `--X\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const head = `--X\r\nContent-Disposition: form-data; name="${fileField}"; filename="a"\r\n\r\n`;
  return Buffer.concat([Buffer.from(texts.join("") + head), file, Buffer.from("\r\n--X--\r\n")]);
}

/** Its Content-Type. */
export const formType = { "Content-Type": "multipart/form-data; boundary=X" };
