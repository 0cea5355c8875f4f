// The writing side of a spool's directory: the list of segments, the newest of which is open for appending. A refused
// or short write is undone, so that the file always ends with a whole entry.

import { closeSync, fdatasync, fsync, ftruncateSync, openSync, unlink, writeSync as writeToFile } from "node:fs";
import { promisify } from "node:util";
import { minuteMs } from "@qrfactory/domain/duration";
import { fileMode } from "@qrfactory/runtime/private-directory";
import { changeState, type StateChanges } from "@qrfactory/runtime/state-changes";
import { encodeEntries } from "./log-entry.js";
import { listSegments, recoverTail, type Segment, segmentPath } from "./segment.js";

/** `fs.writeSync`, or a disk that fails in a test; returns the number of bytes written. */
export type WriteSync = (fd: number, bytes: Buffer, offset: number, length: number) => number;

/** Place and bounds of a spool's files. */
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

/** `spoilt`: the newest file could not be brought back to a whole entry; the next write begins another. */
type WriterState = "appending" | "spoilt" | "closed";
const writerChanges: StateChanges<WriterState> = {
  appending: ["spoilt", "closed"],
  spoilt: ["appending", "closed"],
  closed: [],
};

/** The segments of a directory; made by `openWriter`. */
export class Writer {
  private state: WriterState = "appending";
  private readonly directory: string;
  private readonly segmentBytesMax: number;
  private readonly segmentAgeMsMax: number;
  private readonly bytesMax: number;
  private readonly now: () => number;
  private readonly writeSync: WriteSync;
  /** Oldest first; the last is the active one. */
  private readonly list: Segment[];
  /** The segment that takes records, and its open file. */
  private active: Segment;
  private fd: number;
  /** The number that the next record gets. */
  private nextNumber: number;
  /** Of all segments. */
  private totalBytes: number;
  /** Bytes of a torn write that were cut off at the start. */
  private readonly bytesCut: number;
  /** Syncing and closing happen one after the other, off the path of any caller. */
  private background: Promise<unknown> = Promise.resolve();
  private syncTimer: NodeJS.Timeout | undefined;

  constructor(options: WriterOptions) {
    this.directory = options.directory;
    this.segmentBytesMax = options.segmentBytesMax ?? segmentBytesMaxDefault;
    this.segmentAgeMsMax = options.segmentAgeMsMax ?? segmentAgeMsMaxDefault;
    this.bytesMax = options.bytesMax ?? bytesMaxDefault;
    this.now = options.now ?? Date.now;
    this.writeSync = options.writeSync ?? writeToFile;
    this.list = listSegments(options.directory);
    const newest = this.list.at(-1);
    const recovered = newest ? recoverTail(newest) : { next: 1, bytesCut: 0 };
    this.bytesCut = recovered.bytesCut;
    this.nextNumber = recovered.next + options.skip;
    this.totalBytes = this.list.reduce((sum, segment) => sum + segment.bytes, 0);
    if (newest && options.skip === 0) {
      this.active = newest;
      this.fd = openSync(newest.path, "a");
    } else {
      ({ active: this.active, fd: this.fd } = this.create());
      this.list.push(this.active);
    }
  }

  /** The number that the next record gets. */
  next(): number {
    return this.nextNumber;
  }

  /** Appends records with a single write. Returns null, or the reason why none of them was written. */
  write(records: readonly string[]): Error | null {
    try {
      if (this.totalBytes >= this.bytesMax) {
        throw new Error(`The spool has reached its limit of ${this.bytesMax} bytes.`);
      }
      const isDone = this.state === "spoilt" || this.isOld() || this.active.bytes >= this.segmentBytesMax;
      if (isDone) this.rotate();
      const bytes = encodeEntries(records, this.nextNumber);
      this.writeAll(bytes);
      this.active.bytes += bytes.length;
      this.totalBytes += bytes.length;
      this.nextNumber += records.length;
      if (this.syncTimer === undefined) this.syncLater();
      return null;
    } catch (error) {
      this.undo();
      return error as Error;
    }
  }

  /** Deletes the segments that hold nothing beyond `untilSequence`. */
  forget(untilSequence: number): void {
    // The newest segment goes too once it is old and no longer needed: what it holds should not outlive its purpose.
    if (untilSequence >= this.nextNumber - 1 && this.isOld()) {
      try {
        this.rotate();
      } catch {
        // A full disk: the segment stays until there is room for its successor.
      }
    }
    for (let oldest = this.list[0]; oldest && oldest !== this.active; oldest = this.list[0]) {
      if (this.endOf(0) - 1 > untilSequence) break;
      const { path } = oldest;
      // Giving 4 MiB back takes the file system 3 ms. A segment that cannot be deleted is found and forgotten at the
      // next start.
      this.inBackground(() => unlinkFile(path));
      this.totalBytes -= oldest.bytes;
      this.list.shift();
    }
  }

  /** Oldest first; copies of this very moment, because segments come, grow and go while they are read. */
  segments(): (Segment & { until: number })[] {
    return this.list.map((segment, index) => ({ ...segment, until: this.endOf(index) }));
  }

  /** Figures of a spool's statistics. */
  stats() {
    return {
      firstSequence: this.list[0]?.first ?? this.nextNumber,
      nextSequence: this.nextNumber,
      bytes: this.totalBytes,
      segments: this.list.length,
      bytesCut: this.bytesCut,
    };
  }

  /** Makes everything durable. */
  async close(): Promise<void> {
    this.state = changeState(writerChanges, this.state, "closed");
    clearTimeout(this.syncTimer);
    this.inBackground(() => sync(this.fd));
    await this.background;
    closeSync(this.fd);
  }

  private create(): { active: Segment; fd: number } {
    const path = segmentPath(this.directory, this.nextNumber);
    const opened = openSync(path, "a", fileMode);
    this.inBackground(async () => {
      const folder = openSync(this.directory, "r");
      await syncDirectory(folder).finally(() => closeSync(folder));
    });
    return { active: { path, first: this.nextNumber, bytes: 0, since: this.now() }, fd: opened };
  }

  /** Starts a new segment. Throws when the disk refuses the new file; the old one then stays in use. */
  private rotate(): void {
    const created = this.create();
    const retired = this.fd;
    this.inBackground(() => sync(retired).finally(() => closeSync(retired)));
    ({ active: this.active, fd: this.fd } = created);
    this.list.push(this.active);
    this.state = changeState(writerChanges, this.state, "appending");
  }

  private isOld(): boolean {
    return this.nextNumber > this.active.first && this.now() - this.active.since >= this.segmentAgeMsMax;
  }

  private writeAll(bytes: Buffer): void {
    let written = 0;
    // A write that is cut short is either a passing matter or the last thing before "disk full".
    while (written < bytes.length) {
      const count = this.writeSync(this.fd, bytes, written, bytes.length - written);
      if (count === 0) throw new Error("The disk took nothing.");
      written += count;
    }
  }

  private undo(): void {
    try {
      ftruncateSync(this.fd, this.active.bytes);
    } catch {
      this.state = changeState(writerChanges, this.state, "spoilt");
    }
  }

  private syncLater(): void {
    this.syncTimer = setTimeout(() => {
      this.syncTimer = undefined;
      const current = this.fd;
      this.inBackground(() => sync(current));
    }, syncMs).unref();
  }

  /** A failed sync is not an error of any caller: the data is in the page cache and is synced again with the next. */
  private inBackground(job: () => Promise<unknown>): void {
    this.background = this.background.then(job).catch(() => {});
  }

  /** The number after the last record that the segment at `index` may hold. */
  private endOf(index: number): number {
    return this.list[index + 1]?.first ?? this.nextNumber;
  }
}

/** Opens the newest segment of a directory, cutting off a torn tail, or makes the first. */
export function openWriter(options: WriterOptions): Writer {
  return new Writer(options);
}
