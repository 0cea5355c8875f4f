// The header of a JPEG (ITU-T T.81) and its scans. A progressive picture is decoded once a scan, so a small file of
// thousands of scans keeps a decoder busy for as long as its sender likes.
import { findOrientation, orientationSegment } from "./exif-orientation.js";
import { cutOff, headerDamaged, type ReadHeader, type Refuse } from "./header-reader.js";

/** Markers (T.81, table B.1). */
const startOfImage = 0xd8;
const endOfImage = 0xd9;
const startOfScan = 0xda;
const comment = 0xfe;
const app0 = 0xe0;
const app1 = 0xe1;
/** Says how the colours are coded (T.872, 6.5.3). */
const app14 = 0xee;
const app15 = 0xef;
const isRestart = (marker: number) => marker >= 0xd0 && marker <= 0xd7;
/** Markers below the first frame have no length and mean nothing here. */
const reservedMax = 0xbf;

/** Baseline, extended and progressive, in Huffman and arithmetic coding. */
const frames = new Set([0xc0, 0xc1, 0xc2, 0xc9, 0xca]);
/** Lossless and hierarchical ones, which no browser shows: all others but DHT, JPG and DAC. */
const otherFrames = new Set([0xc3, 0xc5, 0xc6, 0xc7, 0xcb, 0xcd, 0xce, 0xcf]);

/** The most that cjpeg takes from a script (rdswitch.c); usual ones have 4 to 18. */
const scansMax = 100;

/** A table or two for each scan, and the 80 pieces that the longest profile and metadata of 5 MB would need. */
const segmentsMax = 2_000;

/** Reads a JPEG up to its end (EOI), garbage between segments forgiven as decoders do. */
export function readJpeg(bytes: Buffer, refuse: Refuse): ReadHeader {
  const parts: Buffer[] = [bytes.subarray(0, 2)];
  let frame: { width: number; height: number } | null = null;
  let orientation = 1;
  let scans = 0;
  let at = 2;
  for (let segments = 1; ; segments++) {
    if (segments > segmentsMax)
      throw refuse(`The picture lies in more than ${segmentsMax} pieces. Save it anew as PNG or JPEG.`);
    const start = findMarker(bytes, at);
    if (start < 0) throw refuse(scans > 0 || frame ? cutOff : headerDamaged);
    const marker = bytes[start + 1] as number;
    if (marker === endOfImage) {
      parts.push(bytes.subarray(start, start + 2));
      break;
    }
    if (marker === startOfImage || otherFrames.has(marker) || (frames.has(marker) && frame))
      throw refuse("The picture is a JPEG of a kind that browsers do not show. Save it anew as PNG or JPEG.");
    let end = endOfSegment(bytes, start);
    if (end < 0) throw refuse(scans > 0 ? cutOff : headerDamaged);
    if (frames.has(marker)) frame = readFrame(bytes.subarray(start, end), refuse);
    if (marker === app1 && orientation === 1) orientation = findOrientation(bytes.subarray(start + 4, end));
    if (marker === startOfScan) {
      scans += 1;
      if (scans > scansMax)
        throw refuse(`The picture has more than ${scansMax} scans. Save it as a baseline or progressive JPEG.`);
      // Entropy-coded data lasts until the next marker.
      end = findMarker(bytes, end);
      if (end < 0) throw refuse(cutOff);
    }
    if (makesPixels(marker)) parts.push(bytes.subarray(start, end));
    at = end;
  }
  if (!frame || scans === 0) throw refuse(headerDamaged);
  if (orientation !== 1) parts.splice(1, 0, orientationSegment(orientation));
  return { ...frame, passes: scans, parts };
}

/** Comments and applications' data do not, but for the two that say how colours are coded. */
function makesPixels(marker: number): boolean {
  if (marker === app0 || marker === app14) return true;
  return marker !== comment && !(marker >= app0 && marker <= app15);
}

/** Where the next marker is that is followed by a segment or ends the picture; -1 when there is none. */
function findMarker(bytes: Buffer, from: number): number {
  // Byte by byte: `indexOf` takes several times as long for a file full of them.
  for (let at = from; at + 1 < bytes.length; at++) {
    if (bytes[at] !== 0xff) continue;
    const marker = bytes[at + 1] as number;
    // A stuffed zero is data, a second 0xff fills (B.1.1.2), a restart goes on with the scan.
    if (marker !== 0xff && marker > reservedMax && !isRestart(marker)) return at;
  }
  return -1;
}

/** Where the segment of a marker ends; -1 beyond the end of the file. */
function endOfSegment(bytes: Buffer, start: number): number {
  if (start + 4 > bytes.length) return -1;
  const length = bytes.readUInt16BE(start + 2);
  const end = start + 2 + length;
  return length < 2 || end > bytes.length ? -1 : end;
}

/** Size of a frame (B.2.2). Its height may be left open for a later segment (DNL), which no encoder does. */
function readFrame(segment: Buffer, refuse: Refuse): { width: number; height: number } {
  const components = segment[9] ?? 0;
  if (components < 1 || components > 4 || segment.length !== 10 + 3 * components) throw refuse(headerDamaged);
  return { height: segment.readUInt16BE(5), width: segment.readUInt16BE(7) };
}
