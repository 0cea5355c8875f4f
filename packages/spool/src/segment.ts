// Segment files: `<first sequence number>.seg` in the spool's directory, entries one after the other. A record's place
// is known from the names; content is checked when it is read, and damage costs only the records it touches.
import { readdirSync, readFileSync, statSync, truncateSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { entryAt, entryBytesMax, entryHeaderBytes, type LogEntry } from "./log-entry.js";

/** A file of consecutive records. */
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

/** Bytes read at once; holds at least three entries of the greatest size. */
const chunkBytes = 256 * 1024;

/** Where the segment lies whose first record has this sequence number. */
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
 * Makes the newest segment ready for more: cuts off what stands after its last good entry (a write that a crash cut
 * short) and returns the sequence number that comes next, and how many bytes were cut.
 */
export function recoverTail(segment: Segment): { next: number; bytesCut: number } {
  const bytes = readFileSync(segment.path);
  // No file can hold more records than it has room for headers.
  const until = segment.first + Math.ceil(bytes.length / entryHeaderBytes);
  let next = segment.first;
  let goodUntil = 0;
  for (let offset = 0; offset < bytes.length; ) {
    const entry = entryAt(bytes, offset, next, until);
    if (entry) {
      next = entry.sequence + 1;
      goodUntil = entry.end;
    }
    offset = entry ? entry.end : offset + 1;
  }
  const bytesCut = bytes.length - goodUntil;
  if (bytesCut > 0) truncateSync(segment.path, goodUntil);
  segment.bytes = goodUntil;
  return { next, bytesCut };
}

/** Where to look for a record, so that reading on does not start at the head of the file again. */
export type Position = { first: number; sequence: number; offset: number };

/** Records of one read, and the position at which the next one goes on. */
export type SegmentRead = {
  /** Consecutive records from `firstSequence` on; none when the segment holds none in the range that was asked. */
  count: number;
  firstSequence: number;
  /** The records in UTF-8, with a line feed between two. */
  lines: Buffer;
  position: Position;
};

const lineFeed = 0x0a;

/**
 * Reads consecutive records with sequence numbers in `[from, until)`, at most `recordsMax`, about `bytesMax` bytes and
 * what lies in one chunk. Skips damage; stops at a gap once it has something. Throws ENOENT when the file is gone.
 * `segment.bytes` and `until` have to be of the same moment.
 */
export async function readSegment(
  segment: Segment,
  range: { from: number; until: number; recordsMax: number; bytesMax: number },
  start?: Position,
): Promise<SegmentRead> {
  const usable = start && start.first === segment.first && start.sequence <= range.from ? start : undefined;
  let offset = usable?.offset ?? 0;
  let expected = usable?.sequence ?? segment.first;
  const read: Omit<SegmentRead, "position"> = { count: 0, firstSequence: 0, lines: Buffer.alloc(0) };
  const file = await open(segment.path, "r");
  try {
    while (offset < segment.bytes && read.count === 0) {
      const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, segment.bytes - offset));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
      if (bytesRead === 0) break;
      const isLast = bytesRead < buffer.length || offset + bytesRead >= segment.bytes;
      takeRecords(buffer.subarray(0, bytesRead), isLast);
    }
  } finally {
    await file.close();
  }
  return { ...read, position: { first: segment.first, sequence: expected, offset } };

  /** Takes what a chunk holds, moving the texts together over the headers between them. */
  function takeRecords(bytes: Buffer, isLast: boolean): void {
    let taken = 0;
    for (let at = 0; at < bytes.length && read.count < range.recordsMax; ) {
      const entry = entryAt(bytes, at, expected, range.until);
      if (entry) {
        if (entry.sequence >= range.from) {
          if (read.count > 0 && !belongs(entry, taken)) break;
          if (read.count === 0) read.firstSequence = entry.sequence;
          else bytes[taken++] = lineFeed;
          taken += bytes.copy(bytes, taken, entry.start + entryHeaderBytes, entry.end);
          read.count += 1;
        }
        expected = entry.sequence + 1;
      } else if (!isLast && bytes.length - at < entryBytesMax) {
        break;
      }
      // Damage: the search for the next good entry goes on byte by byte.
      const next = entry ? entry.end : at + 1;
      offset += next - at;
      at = next;
    }
    read.lines = bytes.subarray(0, taken);
  }

  function belongs(entry: LogEntry, taken: number): boolean {
    return entry.sequence === expected && taken + entry.end - entry.start <= range.bytesMax;
  }
}
