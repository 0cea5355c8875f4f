// A durable local log of short texts. All records of one event-loop turn go to disk in one write (group commit) and
// their callers go on after it: a write that has returned survives kill -9. Records are numbered without reuse and are
// deleted, whole segments at a time, once `forget` says that they are safe elsewhere.

import { makePrivateDirectory } from "@qrfactory/runtime/private-directory";
import { changeState } from "@qrfactory/runtime/state-changes";
import { type Identity, newIdentity, readIdentity, writeIdentity } from "./identity.js";
import { bootId as currentBootId, takeLock } from "./lock.js";
import { recordBytesMax } from "./log-entry.js";
import { type Position, readSegment } from "./segment.js";
import {
  type DiskState,
  diskChanges,
  isTrouble,
  type SpoolOptions,
  type SpoolRead,
  type SpoolStats,
} from "./spool-state.js";
import { openWriter, type Writer } from "./writer.js";

/**
 * After a start of the machine, records may be missing that were shipped but not yet synced to disk; their numbers are
 * acknowledged elsewhere and must not be given to others. So numbering goes on this much further: more than is written
 * between two syncs (1 s) at any speed, and 2^48 numbers last for 28 million such starts.
 */
export const rebootStride = 10_000_000;

/** Errors of a full, broken or read-only disk, as opposed to a directory that was configured wrongly. */
const refusals = new Set(["ENOSPC", "EDQUOT", "EIO", "EROFS"]);

/** A log of one directory; made by `openSpool`. */
export class Spool {
  private disk: DiskState = "fresh";
  private isClosed = false;
  private readonly directory: string;
  private readonly heldMax: number;
  private readonly retryMs: number;
  private readonly bootId: string | null;
  /** Settled once the directory could be read. */
  private identity: Identity;
  private unlock: (() => void) | undefined;
  private writer: Writer | undefined;
  private firstOwn: number | null = null;
  /** Records of this turn of the event loop, and what their callers wait for. */
  private turn: { records: string[]; written: Promise<void> } | null = null;
  /** Records that the disk has refused, oldest first. */
  private held: string[] = [];
  private retry: NodeJS.Timeout | undefined;
  /** Records given up since the start. */
  private lost = 0;
  /** Where the last read ended: the next one mostly goes on there. */
  private position: Position | undefined;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly options: SpoolOptions) {
    this.directory = options.directory;
    this.heldMax = options.heldMax ?? 50_000;
    this.retryMs = options.retryMs ?? 200;
    this.bootId = options.bootId === undefined ? currentBootId() : options.bootId;
    this.identity = readIdentity(this.directory) ?? newIdentity();
    const error = this.openDirectory();
    if (error && !refusals.has(error.code ?? "")) throw error;
    if (error) this.hold([]);
    this.noteDisk(error);
  }

  /** UUID, kept in the directory; settled once the directory could be read. Another one after `renew`. */
  get id(): string {
    return this.identity.id;
  }

  /** The number that the next record gets; the first record of a spool is 1. */
  get nextSequence(): number {
    return this.writer?.next() ?? 1;
  }

  /**
   * The value of `nextSequence` when the directory was opened; null while the disk refuses that. Numbers from here on
   * are given by this process.
   */
  get nextWhenOpened(): number | null {
    return this.firstOwn;
  }

  /**
   * Appends one record; resolves when it is written, or held in memory because the disk refuses it. A record is a line:
   * a line feed in it, which JSON knows between its tokens only, becomes a space. Rejects only for a record over 64 KiB
   * and after `close`.
   */
  append(record: string): Promise<void> {
    if (this.isClosed) return Promise.reject(new Error("The spool is closed."));
    // Cheap for ordinary records: a character takes at most 3 bytes of UTF-8.
    if (record.length * 3 > recordBytesMax && Buffer.byteLength(record) > recordBytesMax) {
      return Promise.reject(new RangeError(`A spool record has at most ${recordBytesMax} bytes.`));
    }
    const line = record.includes("\n") ? record.replaceAll("\n", " ") : record;
    if (this.turn) {
      this.turn.records.push(line);
      return this.turn.written;
    }
    const records = [line];
    // Immediates run once the turn's I/O callbacks are done: everything that arrived in this turn is in `records`.
    const written = new Promise<void>((resolve) => setImmediate(() => resolve(this.endTurn())));
    this.turn = { records, written };
    return written;
  }

  /** Records from number `from` on, or null when there are none yet. `bytesMax` is a guide: one record always fits. */
  async read(from: number, recordsMax: number, bytesMax: number): Promise<SpoolRead | null> {
    const next = this.nextSequence;
    if (!this.writer || from >= next) return null;
    for (const segment of this.writer.segments()) {
      const { until } = segment;
      if (until <= from) continue;
      const wanted = { from, until, recordsMax, bytesMax };
      const found = await readSegment(segment, wanted, this.position).catch(ifForgotten);
      if (!found) continue;
      this.position = found.position;
      const { count, firstSequence, lines } = found;
      if (count > 0) return { from, firstSequence, count, lines };
    }
    return { from, firstSequence: next, count: 0, lines: Buffer.alloc(0) };
  }

  /**
   * Gives the spool another id, durably, so that acknowledgements of the one before do not apply to its records. Throws
   * when the disk refuses; the id then stays.
   */
  renew(): void {
    const renewed = { ...newIdentity(), bootId: this.bootId };
    writeIdentity(this.directory, renewed);
    this.identity = renewed;
  }

  /** Deletes the segments that hold nothing beyond `untilSequence`. */
  forget(untilSequence: number): void {
    this.writer?.forget(untilSequence);
    if (this.held.length > 0) this.retryHeld();
  }

  /** Calls back after each write; returns the function that ends it. */
  onAppended(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** Numbers of records that are kept, at risk and lost. */
  stats(): SpoolStats {
    const { held, lost } = this;
    return { id: this.id, ...(this.writer?.stats() ?? nothingWritten), atRisk: held.length, lost };
  }

  /** Writes what is pending, makes it durable and gives the directory free. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.endTurn();
    this.isClosed = true;
    this.retryHeld();
    this.lost += this.held.length;
    await this.writer?.close();
    this.unlock?.();
  }

  /** Goes on where an earlier attempt stopped. Returns null once the directory is open, or why it is not. */
  private openDirectory(): NodeJS.ErrnoException | null {
    if (this.firstOwn !== null) return null;
    const { directory, bootId } = this;
    try {
      if (!this.unlock) {
        makePrivateDirectory(directory);
        this.unlock = takeLock(directory);
        this.identity = readIdentity(directory) ?? this.identity;
      }
      const { identity } = this;
      const rebooted = identity.bootId !== null && identity.bootId !== bootId;
      this.writer ??= openWriter({ ...this.options, skip: rebooted ? rebootStride : 0 });
      if (identity.bootId === null || rebooted) writeIdentity(directory, { id: identity.id, bootId });
      this.firstOwn = this.writer.next();
      return null;
    } catch (error) {
      return error as NodeJS.ErrnoException;
    }
  }

  private endTurn(): void {
    if (!this.turn) return;
    const { records } = this.turn;
    this.turn = null;
    // While earlier records wait in memory, later ones queue behind them, so that order is kept.
    if (this.held.length > 0 || !this.write(records)) this.hold(records);
  }

  private write(records: string[]): boolean {
    const error = this.openDirectory() ?? (this.writer as Writer).write(records);
    this.noteDisk(error);
    if (error) return false;
    for (const listener of this.listeners) listener();
    return true;
  }

  /** Takes down what the disk said last, and tells when it begins to refuse or takes records again. */
  private noteDisk(error: Error | null): void {
    const disk = error === null ? "taking" : this.firstOwn === null ? "unopened" : "refusing";
    if (disk === this.disk) return;
    const isNews = isTrouble(disk) !== isTrouble(this.disk);
    this.disk = changeState(diskChanges, this.disk, disk);
    if (isNews) this.options.onDiskState?.(error);
  }

  private hold(records: string[]): void {
    const room = Math.max(0, this.heldMax - this.held.length);
    this.held = this.held.concat(records.slice(0, room));
    this.lost += Math.max(0, records.length - room);
    this.retry ??= setTimeout(() => this.retryHeld(), this.retryMs);
  }

  private retryHeld(): void {
    clearTimeout(this.retry);
    this.retry = undefined;
    while (this.held.length > 0 && this.write(this.held.slice(0, retryRecords))) {
      this.held = this.held.slice(retryRecords);
    }
    const isWell = this.held.length === 0 && this.openDirectory() === null;
    if (isWell) this.noteDisk(null);
    else if (!this.isClosed) this.retry = setTimeout(() => this.retryHeld(), this.retryMs);
  }
}

/**
 * Opens the spool of a directory, making it if need be. A disk that refuses even that is tried again like one that
 * refuses records. Throws when another living process has the directory open.
 */
export function openSpool(options: SpoolOptions): Spool {
  return new Spool(options);
}

const nothingWritten = { firstSequence: 1, nextSequence: 1, bytes: 0, segments: 0, bytesCut: 0 };

/** Records written at once after the disk has refused: a few hundred kilobytes. */
const retryRecords = 1_000;

/** A segment may be deleted between being listed and being opened: its records are safe elsewhere. */
function ifForgotten(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}
