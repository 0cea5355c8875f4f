// Files whose form, not whose claim of a size, makes decoders work or read too much; and GIFs of any layout.
import { deflateSync } from "node:zlib";
import { chunk, jpegThatClaims, pngFrom, withSegment } from "./hostile-files.fixture.js";
import { canvasOf, jpegOf } from "./pictures.fixture.js";

type Segment = { marker: number; bytes: Buffer };

/** The segments of a JPEG after its start, each scan with its data. */
function segmentsOf(jpeg: Buffer): Segment[] {
  const segments: Segment[] = [];
  for (let at = 2; at < jpeg.length; ) {
    const marker = jpeg[at + 1] as number;
    let end = marker === 0xd9 ? at + 2 : at + 2 + jpeg.readUInt16BE(at + 2);
    if (marker === 0xda) while (jpeg[end] !== 0xff || jpeg[end + 1] === 0) end += 1;
    segments.push({ marker, bytes: jpeg.subarray(at, end) });
    at = end;
  }
  return segments;
}

/** A progressive JPEG of this side whose last scan is there again and again, until there are `scans` of them. */
export function jpegOfScans(scans: number, side: number): Buffer {
  const jpeg = canvasOf(side, side, "#ff0000").toBuffer("image/jpeg", { progressive: true });
  const segments = segmentsOf(jpeg);
  const own = segments.filter(({ marker }) => marker === 0xda);
  const last = own.at(-1) as Segment;
  const more = Array.from({ length: scans - own.length }, () => last.bytes);
  return Buffer.concat([jpeg.subarray(0, -2), ...more, jpeg.subarray(-2)]);
}

/** A copy with the marker of its frame exchanged, e.g. for a lossless one. */
export function jpegOfFrame(jpeg: Buffer, marker: number): Buffer {
  const copy = Buffer.from(jpeg);
  const frame = copy.indexOf(Buffer.from([0xff, 0xc0]));
  copy[frame + 1] = marker;
  return copy;
}

export type GifLayout = {
  screen: [width: number, height: number];
  /** The whole screen unless told. */
  frame?: { left: number; top: number; width: number; height: number };
  /** Index of the colour of a pixel in the order of the file, below 128. */
  pixel?: (index: number) => number;
  /** Three bytes a colour; 128 greys unless told. */
  colors?: Buffer;
  isInterlaced?: boolean;
  transparent?: number;
};

const word = (value: number) => [value & 0xff, value >> 8];

/** A GIF with one frame, in LZW that never uses what it has learned: codes of 8 bits, cleared every 100 pixels. */
export function gifOf(layout: GifLayout): Buffer {
  const { screen, pixel = () => 0, isInterlaced = false, transparent } = layout;
  const [screenWidth, screenHeight] = screen;
  const { left, top, width, height } = layout.frame ?? { left: 0, top: 0, width: screenWidth, height: screenHeight };
  const colors = layout.colors ?? Buffer.from(Array.from({ length: 128 }, (_, i) => [2 * i, 2 * i, 2 * i]).flat());
  const size = Math.log2(colors.length / 3) - 1;
  const control = transparent === undefined ? [] : [0x21, 0xf9, 4, 1, 0, 0, transparent, 0];
  const [clear, end] = [0x80, 0x81];
  const codes: number[] = [];
  for (let i = 0; i < width * height; i++) codes.push(...(i % 100 === 0 ? [clear] : []), pixel(i));
  codes.push(end);
  const blocks: number[] = [];
  for (let at = 0; at < codes.length; at += 255) {
    const block = codes.slice(at, at + 255);
    blocks.push(block.length, ...block);
  }
  return Buffer.from([
    ...Buffer.from("GIF89a", "latin1"),
    ...[...word(screenWidth), ...word(screenHeight), 0x80 | size, 0, 0, ...colors],
    ...control,
    ...[0x2c, ...word(left), ...word(top), ...word(width), ...word(height), isInterlaced ? 0x40 : 0],
    ...[7, ...blocks, 0, 0x3b],
  ]);
}

/** A GIF of one pixel on a small screen whose frame claims to be larger: decoders believe the frame. */
export function gifThatExceeds(width: number, height: number): Buffer {
  const gif = Buffer.from(gifOf({ screen: [8, 8] }));
  const frame = 13 + 3 * 128;
  gif.writeUInt16LE(width, frame + 5);
  gif.writeUInt16LE(height, frame + 7);
  return gif;
}

/** Segments of a JPEG again and again, after its start. */
function jpegWithMany(count: number, marker: number, data: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(data.length + 2, 2);
  const jpeg = jpegOf(64, 64);
  const many = Buffer.concat(Array.from({ length: count }, () => Buffer.concat([head, data])));
  return Buffer.concat([jpeg.subarray(0, 2), many, jpeg.subarray(2)]);
}

const latin = (text: string) => Buffer.from(text, "latin1");
const bomb = deflateSync(Buffer.alloc(64_000_000));
const pngWith = (name: string, ...data: Buffer[]) =>
  pngFrom({ width: 8, height: 8 }, Buffer.alloc(72), [chunk(name, Buffer.concat(data))]);
/** A PNG whose data claims to be this long: readers that believe it read what lies behind the file. */
function pngThatPromises(length: number): Buffer {
  const png = pngFrom({ width: 8, height: 8 }, Buffer.alloc(72));
  png.writeUInt32BE(length, png.indexOf("IDAT") - 4);
  return png;
}

/** The frame of a GIF, without what stands before and after it. */
const frameOf = (side: number) => gifOf({ screen: [side, side] }).subarray(13 + 3 * 128, -1);

const emptyGif = () => {
  const gif = gifOf({ screen: [16, 16] });
  return Buffer.concat([gif.subarray(0, 13 + 3 * 128 + 10), Buffer.from([7, 1, 0x81, 0, 0x3b])]);
};

/** Name of the case → the bytes of the file. */
export const hostileFormFiles: [name: string, bytes: Buffer][] = [
  ["a progressive JPEG of 10 scans, as encoders make them", jpegOfScans(10, 600)],
  ["a progressive JPEG of 100 scans", jpegOfScans(100, 600)],
  ["a progressive JPEG of 101 scans", jpegOfScans(101, 600)],
  ["a progressive JPEG of 3,000 scans in 66 kB", jpegOfScans(3_000, 2_000)],
  ["a progressive JPEG of 16 megapixels in 30 scans", jpegOfScans(30, 4_000)],
  ["a JPEG that claims to be lossless", jpegOfFrame(jpegOf(64, 64), 0xc3)],
  ["a JPEG that claims to be hierarchical", jpegOfFrame(jpegOf(64, 64), 0xc5)],
  ["a JPEG that claims to be arithmetic", jpegOfFrame(jpegOf(64, 64), 0xc9)],
  ["a JPEG whose height is left open (DNL)", jpegThatClaims(64, 0)],
  ["a JPEG with 1,900 tables", jpegWithMany(1_900, 0xdb, Buffer.alloc(65, 1))],
  ["a JPEG with 2,100 tables", jpegWithMany(2_100, 0xdb, Buffer.alloc(65, 1))],
  ["a JPEG with 30 profiles of 64 kB", jpegWithMany(30, 0xe2, Buffer.alloc(65_533))],
  ["a JPEG with two frames", withSegment(jpegOf(64, 64), 0xc0, Buffer.from([8, 0, 64, 0, 64, 1, 1, 0x11, 0]))],
  ["a JPEG whose EXIF leads 4 GB away", withSegment(jpegOf(64, 64), 0xe1, latin("Exif\0\0MM\0*\0\0\0\x07\0\0"))],
  ["a GIF whose frame of 60,000 × 30,000 exceeds its screen", gifThatExceeds(60_000, 30_000)],
  [
    "a GIF whose frame lies beside its screen",
    gifOf({ screen: [8, 8], frame: { left: 8, top: 0, width: 8, height: 8 } }),
  ],
  [
    "a GIF whose frame is a part of its screen",
    gifOf({ screen: [90, 90], frame: { left: 9, top: 9, width: 9, height: 9 } }),
  ],
  ["an interlaced GIF", gifOf({ screen: [64, 64], isInterlaced: true })],
  [
    "a GIF with colours that are in no table",
    gifOf({ screen: [64, 64], colors: Buffer.alloc(6), pixel: (i) => i % 128 }),
  ],
  ["a GIF whose data is one code", emptyGif()],
  [
    "a GIF of 300 frames",
    Buffer.concat([gifOf({ screen: [64, 64] }).subarray(0, -1), ...Array(299).fill(frameOf(64)), latin(";")]),
  ],
  ["a bomb: a text (iTXt) that unpacks to 64 MB", pngWith("iTXt", latin("Comment\0\x01\0\0\0"), bomb)],
  ["a bomb: a profile (iCCP) that unpacks to 64 MB", pngWith("iCCP", latin("profile\0\0"), bomb)],
  [
    "a PNG in 30,000 chunks",
    pngFrom({ width: 8, height: 8 }, Buffer.alloc(72), Array(30_000).fill(chunk("teXt", latin("a\0b")))),
  ],
  ["a PNG with an unknown chunk that must be understood", pngWith("ABCD", latin("what?"))],
  ["a PNG with a chunk that is longer than the file", pngThatPromises(0x7fffffff)],
];
