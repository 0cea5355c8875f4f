// The writing side of a spool's directory: the list of segments, the newest of which is open for appending. A refused
// or short write is undone, so that the file always ends with a whole frame.

import { closeSync, fdatasync, fsync, ftruncateSync, openSync, unlink, writeSync as writeToFile } from "node:fs";
import { promisify } from "node:util";
import { minuteMs } from "@qrfactory/domain/duration";
import { fileMode } from "@qrfactory/runtime/private-directory";
import { encodeFrames } from "./frame.js";
import { listSegments, recoverTail, type Segment, segmentPath } from "./segment.js";

export type WriteSync = (fd: number, bytes: Buffer, offset: number, length: number) => number;

export type WriterOptions = {
  directory: string;
  segmentBytesMax?: number;
  segmentAgeMsMax?: number;
  bytesMax?: number;
  now?: () => number;
  writeSync?: WriteSync;
  /** Sequence numbers to leave out before the next record. */
  skip: number;
};

/** How often the newest segment is synced to disk: bounds what the loss of power, not of the process, can cost. */
const syncMs = 1_000;

const segmentBytesMaxDefault = 4 * 1024 * 1024;
const segmentAgeMsMaxDefault = minuteMs;
const bytesMaxDefault = 4 * 1024 * 1024 * 1024;

const sync = promisify(fdatasync);
const syncDirectory = promisify(fsync);
const unlinkFile = promisify(unlink);

export type Writer = ReturnType<typeof openWriter>;

/** Opens the newest segment of a directory, cutting off a torn tail, or makes the first. */
export function openWriter(options: WriterOptions) {
  const { directory, now = Date.now, writeSync = writeToFile } = options;
  const segmentBytesMax = options.segmentBytesMax ?? segmentBytesMaxDefault;
  const segmentAgeMsMax = options.segmentAgeMsMax ?? segmentAgeMsMaxDefault;
  const bytesMax = options.bytesMax ?? bytesMaxDefault;

  const segments = listSegments(directory);
  const newest = segments.at(-1);
  const recovered = newest ? recoverTail(newest) : { next: 1, bytesCut: 0 };
  let next = recovered.next + options.skip;
  let totalBytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
  let active: Segment;
  let fd: number;
  /** The newest file could not be brought back to a whole frame: it takes no more. */
  let isSpoilt = false;
  /** Syncing and closing happen one after the other, off the path of any caller. */
  let background: Promise<unknown> = Promise.resolve();
  let syncTimer: NodeJS.Timeout | undefined;

  if (newest && options.skip === 0) {
    active = newest;
    fd = openSync(newest.path, "a");
  } else {
    ({ active, fd } = create());
    segments.push(active);
  }

  function create(): { active: Segment; fd: number } {
    const path = segmentPath(directory, next);
    const opened = openSync(path, "a", fileMode);
    inBackground(async () => {
      const folder = openSync(directory, "r");
      await syncDirectory(folder).finally(() => closeSync(folder));
    });
    return { active: { path, first: next, bytes: 0, since: now() }, fd: opened };
  }

  /** A failed sync is not an error of any caller: the data is in the page cache and is synced again with the next. */
  function inBackground(job: () => Promise<unknown>): void {
    background = background.then(job).catch(() => {});
  }

  /** Starts a new segment. Throws when the disk refuses the new file; the old one then stays in use. */
  function rotate(): void {
    const created = create();
    const retired = fd;
    inBackground(() => sync(retired).finally(() => closeSync(retired)));
    ({ active, fd } = created);
    segments.push(active);
    isSpoilt = false;
  }

  const isOld = () => next > active.first && now() - active.since >= segmentAgeMsMax;

  /** Appends records with a single write. Returns null, or the reason why none of them was written. */
  function write(records: readonly string[]): Error | null {
    try {
      if (totalBytes >= bytesMax) throw new Error(`The spool has reached its limit of ${bytesMax} bytes.`);
      if (isSpoilt || isOld() || active.bytes >= segmentBytesMax) rotate();
      const bytes = encodeFrames(records, next);
      let written = 0;
      // A write that is cut short is either a passing matter or the last thing before "disk full".
      while (written < bytes.length) {
        const count = writeSync(fd, bytes, written, bytes.length - written);
        if (count === 0) throw new Error("The disk took nothing.");
        written += count;
      }
      active.bytes += bytes.length;
      totalBytes += bytes.length;
      next += records.length;
      syncTimer ??= setTimeout(() => {
        syncTimer = undefined;
        const current = fd;
        inBackground(() => sync(current));
      }, syncMs).unref();
      return null;
    } catch (error) {
      undo();
      return error as Error;
    }
  }

  function undo(): void {
    try {
      ftruncateSync(fd, active.bytes);
    } catch {
      isSpoilt = true;
    }
  }

  /** The number after the last record that the segment at `index` may hold. */
  const endOf = (index: number) => segments[index + 1]?.first ?? next;

  function forget(untilSequence: number): void {
    // The newest segment goes too once it is old and no longer needed: what it holds should not outlive its purpose.
    if (untilSequence >= next - 1 && isOld()) {
      try {
        rotate();
      } catch {
        // A full disk: the segment stays until there is room for its successor.
      }
    }
    for (let oldest = segments[0]; oldest && oldest !== active; oldest = segments[0]) {
      if (endOf(0) - 1 > untilSequence) break;
      // Giving 4 MiB back takes the file system 3 ms. What cannot be deleted is found and forgotten at the next start.
      inBackground(() => unlinkFile(oldest.path));
      totalBytes -= oldest.bytes;
      segments.shift();
    }
  }

  return {
    write,
    forget,
    next: () => next,
    /** Oldest first; copies of this very moment, because segments come, grow and go while they are read. */
    segments: (): (Segment & { until: number })[] =>
      segments.map((segment, index) => ({ ...segment, until: endOf(index) })),
    stats: () => ({
      firstSequence: segments[0]?.first ?? next,
      nextSequence: next,
      bytes: totalBytes,
      segments: segments.length,
      bytesCut: recovered.bytesCut,
    }),
    async close() {
      clearTimeout(syncTimer);
      inBackground(() => sync(fd));
      await background;
      closeSync(fd);
    },
  };
}
