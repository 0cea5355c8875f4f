// The first frame of a GIF (CompuServe, GIF 89a), written anew as a picture by itself: animations unpack to any number
// of frames, and readers trust a frame to lie inside the screen and colours to lie inside their table.
import { cutOff, headerDamaged, type ReadHeader, type Refuse } from "./header-reader.js";

const screenBytes = 13;
const frameBytes = 10;
const extension = 0x21;
const frameStart = 0x2c;
const graphicControl = 0xf9;
const trailer = 0x3b;
const colorsMax = 256;

/** Reads a GIF as far as its first frame; throws when that is cut off or does not lie inside the screen. */
export function readGif(bytes: Buffer, refuse: Refuse): ReadHeader {
  if (bytes.length < screenBytes) throw refuse(headerDamaged);
  const screen = { width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) };
  // Said before anything else is looked for, so that the message is about the size.
  if (screen.width === 0 || screen.height === 0) return { ...screen, passes: 1, parts: [] };
  const global = readTable(bytes, screenBytes, bytes[10] as number);
  const { at, transparent } = findFrame(bytes, global.end, refuse);
  if (at + frameBytes > bytes.length) throw refuse(cutOff);
  const [left, top, width, height] = [1, 3, 5, 7].map((offset) => bytes.readUInt16LE(at + offset)) as Sides;
  if (left + width > screen.width || top + height > screen.height || width === 0 || height === 0) {
    throw refuse(
      `The picture is damaged: its frame of ${width} × ${height} does not lie inside its screen of ` +
        `${screen.width} × ${screen.height} pixels. Save it anew as PNG or JPEG.`,
    );
  }
  const packed = bytes[at + 9] as number;
  const local = readTable(bytes, at + frameBytes, packed);
  const data = bytes.subarray(local.end, endOfBlocks(bytes, local.end + 1, refuse));
  const colors = local.colors ?? global.colors;
  if (!colors) throw refuse("The picture is damaged: it has no table of colours. Save it anew as PNG or JPEG.");
  const isInterlaced = (packed & 0x40) !== 0;
  const isWhole = width === screen.width && height === screen.height;
  const placement = { left, top, screenWidth: screen.width, screenHeight: screen.height, isInterlaced };
  return {
    ...screen,
    passes: 1,
    parts: [aloneHead({ width, height, colors, transparent }), data, Buffer.from([trailer])],
    ...((isInterlaced || !isWhole) && { placement }),
  };
}

type Sides = [left: number, top: number, width: number, height: number];

/** A table of colours, if the packed fields say that there is one (18 and 20), and where it ends. */
function readTable(bytes: Buffer, start: number, packed: number): { colors: Buffer | null; end: number } {
  if ((packed & 0x80) === 0) return { colors: null, end: start };
  const end = start + 3 * 2 ** ((packed & 7) + 1);
  return { colors: bytes.subarray(start, end), end };
}

/** Where the first frame starts, and the colour that is clear in it. */
function findFrame(bytes: Buffer, from: number, refuse: Refuse): { at: number; transparent: number | null } {
  let transparent: number | null = null;
  for (let at = from; at < bytes.length; ) {
    if (bytes[at] === frameStart) return { at, transparent };
    if (bytes[at] !== extension) throw refuse(headerDamaged);
    // Size, flags, delay (2), colour (23).
    if (bytes[at + 1] === graphicControl && bytes[at + 2] === 4 && at + 7 < bytes.length)
      transparent = ((bytes[at + 3] as number) & 1) === 1 ? (bytes[at + 6] as number) : null;
    at = endOfBlocks(bytes, at + 2, refuse);
  }
  throw refuse(cutOff);
}

/** Where a chain of sub-blocks (15), each with its length before it, ends. */
function endOfBlocks(bytes: Buffer, from: number, refuse: Refuse): number {
  let at = from;
  while (at < bytes.length) {
    const length = bytes[at] as number;
    at += 1 + length;
    if (length === 0) return at;
  }
  throw refuse(cutOff);
}

type Frame = { width: number; height: number; colors: Buffer; transparent: number | null };

/**
 * The head of a picture taken out of its file: its table has all 256 colours, so that none lies outside of it.
 */
function aloneHead({ width, height, colors, transparent }: Frame): Buffer {
  const screen = Buffer.from([...Buffer.from("GIF89a", "latin1"), 0, 0, 0, 0, 0xf7, 0, 0]);
  screen.writeUInt16LE(width, 6);
  screen.writeUInt16LE(height, 8);
  const table = Buffer.alloc(3 * colorsMax);
  colors.copy(table);
  const control = transparent === null ? [] : [extension, graphicControl, 4, 1, 0, 0, transparent, 0];
  const frame = Buffer.from([frameStart, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  frame.writeUInt16LE(width, 5);
  frame.writeUInt16LE(height, 7);
  return Buffer.concat([screen, table, Buffer.from(control), frame]);
}
