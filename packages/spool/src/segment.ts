// Segment files: `<first sequence number>.seg` in the spool's directory, frames one after the other. A record's place is
// known from the names; what is inside is checked when it is read, and damage costs only the records it touches.
import { readdirSync, readFileSync, statSync, truncateSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { type Frame, frameAt, frameBytesMax, frameHeaderBytes, frameText } from "./frame.js";

export type Segment = {
  path: string;
  /** Sequence number of its first record. It ends where the next segment begins. */
  first: number;
  /** Bytes that may be read. */
  bytes: number;
  /** Milliseconds since the epoch, when the file was made or, after a restart, last written. */
  since: number;
};

/** Wide enough for 2^48 - 1, so that names sort as numbers do. */
const nameDigits = 15;
const namePattern = /^(\d{15})\.seg$/;

/** Bytes read at once; holds at least three frames of the greatest size. */
const chunkBytes = 256 * 1024;

export function segmentPath(directory: string, first: number): string {
  return join(directory, `${String(first).padStart(nameDigits, "0")}.seg`);
}

/** The segments of a directory, oldest first. */
export function listSegments(directory: string): Segment[] {
  return readdirSync(directory)
    .sort()
    .flatMap((name) => {
      const match = namePattern.exec(name);
      if (!match) return [];
      const path = join(directory, name);
      const { size, mtimeMs } = statSync(path);
      return [{ path, first: Number(match[1]), bytes: size, since: mtimeMs }];
    });
}

/**
 * Makes the newest segment ready for more: cuts off what stands after its last good frame (a write that a crash cut
 * short) and returns the sequence number that comes next, and how many bytes were cut.
 */
export function recoverTail(segment: Segment): { next: number; bytesCut: number } {
  const bytes = readFileSync(segment.path);
  // No file can hold more records than it has room for headers.
  const until = segment.first + Math.ceil(bytes.length / frameHeaderBytes);
  let next = segment.first;
  let goodUntil = 0;
  for (let offset = 0; offset < bytes.length; ) {
    const frame = frameAt(bytes, offset, next, until);
    if (frame) {
      next = frame.sequence + 1;
      goodUntil = frame.end;
    }
    offset = frame ? frame.end : offset + 1;
  }
  const bytesCut = bytes.length - goodUntil;
  if (bytesCut > 0) truncateSync(segment.path, goodUntil);
  segment.bytes = goodUntil;
  return { next, bytesCut };
}

/** Where to look for a record, so that reading on does not start at the head of the file again. */
export type Position = { first: number; sequence: number; offset: number };

export type SegmentRead = {
  /** Consecutive records from `firstSequence` on; empty when the segment holds none in the range that was asked. */
  records: string[];
  firstSequence: number;
  position: Position;
};

/**
 * Reads consecutive records with sequence numbers in `[from, until)`, at most `recordsMax` and about `bytesMax` bytes.
 * Skips damage; stops at a gap once it has something. Throws ENOENT when the file is gone. `segment.bytes` and `until`
 * have to be of the same moment.
 */
export async function readSegment(
  segment: Segment,
  range: { from: number; until: number; recordsMax: number; bytesMax: number },
  start?: Position,
): Promise<SegmentRead> {
  const usable = start && start.first === segment.first && start.sequence <= range.from ? start : undefined;
  let offset = usable?.offset ?? 0;
  let expected = usable?.sequence ?? segment.first;
  const found: { records: string[]; firstSequence: number; bytes: number } = {
    records: [],
    firstSequence: 0,
    bytes: 0,
  };
  const result = (): SegmentRead => ({
    records: found.records,
    firstSequence: found.firstSequence,
    position: { first: segment.first, sequence: expected, offset },
  });

  /** Takes one frame; false when it belongs to the next read. */
  function take(bytes: Buffer, frame: Frame): boolean {
    if (frame.sequence < range.from) return true;
    const { records } = found;
    if (records.length === 0) found.firstSequence = frame.sequence;
    else if (frame.sequence !== expected || found.bytes + frame.end - frame.start > range.bytesMax) return false;
    records.push(frameText(bytes, frame));
    found.bytes += frame.end - frame.start;
    return true;
  }

  const file = await open(segment.path, "r");
  try {
    while (offset < segment.bytes) {
      const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, segment.bytes - offset));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
      if (bytesRead === 0) break;
      const bytes = buffer.subarray(0, bytesRead);
      const isLast = bytesRead < buffer.length || offset + bytesRead >= segment.bytes;
      let at = 0;
      while (at < bytesRead) {
        if (found.records.length === range.recordsMax) return result();
        const frame = frameAt(bytes, at, expected, range.until);
        if (frame) {
          if (!take(bytes, frame)) return result();
          expected = frame.sequence + 1;
          at = frame.end;
        } else if (isLast || bytesRead - at >= frameBytesMax) {
          // Damage: the search for the next good frame goes on byte by byte.
          at += 1;
        } else {
          break;
        }
        if (frame) offset += frame.end - frame.start;
        else offset += 1;
      }
    }
  } finally {
    await file.close();
  }
  return result();
}
