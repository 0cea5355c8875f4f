// A durable local log of short texts. All records of one event-loop turn go to disk in one write (group commit) and
// their callers go on after it: a write that has returned survives kill -9. Records are numbered without reuse and are
// deleted, whole segments at a time, once `forget` says that they are safe elsewhere.

import { makePrivateDirectory } from "@qrfactory/runtime/private-directory";
import { recordBytesMax } from "./frame.js";
import { newIdentity, readIdentity, writeIdentity } from "./identity.js";
import { bootId as currentBootId, takeLock } from "./lock.js";
import { type Position, readSegment } from "./segment.js";
import { openWriter, type Writer, type WriteSync } from "./writer.js";

export type SpoolOptions = {
  /** Made when missing; belongs to one process at a time. */
  directory: string;
  /** A segment is closed at about this size; default 4 MiB, some 10,000 scans. */
  segmentBytesMax?: number;
  /** A segment is closed at this age, so that what is acknowledged does not lie around; default 60 s. */
  segmentAgeMsMax?: number;
  /** Disk that the spool may take; beyond it the disk counts as full. Default 4 GiB, some 10 million scans. */
  bytesMax?: number;
  /** Records held in memory while the disk refuses them; beyond that they are lost and counted. Default 50,000. */
  heldMax?: number;
  /** Pause before the disk is tried again after a refusal; default 200 ms. */
  retryMs?: number;
  /** Told when the disk begins to refuse and when it takes records again (null). */
  onDiskState?: (error: Error | null) => void;
  now?: () => number;
  /** Identifies the start of the machine; see `rebootStride`. */
  bootId?: string | null;
  /** For tests: a write that may be short or fail. */
  writeSync?: WriteSync;
};

export type SpoolRead = {
  /** The number that was asked for: everything from here to `firstSequence` does not exist any more. */
  from: number;
  firstSequence: number;
  /**
   * Number of consecutive records, the first of them numbered `firstSequence`. 0 when there is only a gap to report.
   */
  count: number;
  /** The records in UTF-8, with a line feed between two: nobody looks into them on the way. */
  lines: Buffer;
};

export type SpoolStats = {
  id: string;
  /** Oldest record that is kept, and the number that the next record gets. */
  firstSequence: number;
  nextSequence: number;
  bytes: number;
  segments: number;
  /** Records in memory only, because the disk refuses them. */
  atRisk: number;
  /** Records given up since the start: the memory for refused records was full too. */
  lost: number;
  /** Bytes of a torn write that were cut off when the spool was opened. */
  bytesCut: number;
};

export type Spool = {
  /** UUID, kept in the directory; settled once the directory could be read. Another one after `renew`. */
  readonly id: string;
  /**
   * The value of `nextSequence` when the directory was opened; null while the disk refuses that. Numbers from here on
   * are given by this process.
   */
  readonly nextWhenOpened: number | null;
  /** The number that the next record gets; the first record of a spool is 1. */
  readonly nextSequence: number;
  /**
   * Appends one record; resolves when it is written, or held in memory because the disk refuses it. A record is a line:
   * a line feed in it, which JSON knows between its tokens only, becomes a space. Rejects only for a record over 64 KiB
   * and after `close`.
   */
  append(record: string): Promise<void>;
  /** Records from number `from` on, or null when there are none yet. `bytesMax` is a guide: one record always fits. */
  read(from: number, recordsMax: number, bytesMax: number): Promise<SpoolRead | null>;
  /**
   * Gives the spool another id, durably, so that acknowledgements of the one before do not apply to its records. Throws
   * when the disk refuses; the id then stays.
   */
  renew(): void;
  /** Deletes the segments that hold nothing beyond `untilSequence`. */
  forget(untilSequence: number): void;
  /** Calls back after each write; returns the function that ends it. */
  onAppended(listener: () => void): () => void;
  stats(): SpoolStats;
  /** Writes what is pending, makes it durable and gives the directory free. */
  close(): Promise<void>;
};

/**
 * After a start of the machine, records may be missing that were shipped but not yet synced to disk; their numbers are
 * acknowledged elsewhere and must not be given to others. So numbering goes on this much further: more than is written
 * between two syncs (1 s) at any speed, and 2^48 numbers last for 28 million such starts.
 */
export const rebootStride = 10_000_000;

/** What a disk says that is full, broken or read-only, as opposed to a directory that was configured wrongly. */
const refusals = new Set(["ENOSPC", "EDQUOT", "EIO", "EROFS"]);

/**
 * Opens the spool of a directory, making it if need be. A disk that refuses even that is tried again like one that
 * refuses records. Throws when another living process has the directory open.
 */
export function openSpool(options: SpoolOptions): Spool {
  const { directory, heldMax = 50_000, retryMs = 200, bootId = currentBootId() } = options;
  let identity = readIdentity(directory) ?? newIdentity();
  let unlock: (() => void) | undefined;
  let writer: Writer | undefined;
  let nextWhenOpened: number | null = null;
  let isOpen = false;

  const listeners = new Set<() => void>();
  let turn: { records: string[]; written: Promise<void> } | null = null;
  let held: string[] = [];
  let lost = 0;
  let refusedSince: Error | null = null;
  let retry: NodeJS.Timeout | undefined;
  let position: Position | undefined;
  let closed = false;
  const openError = openDirectory();
  if (openError && !refusals.has(openError.code ?? "")) throw openError;
  if (openError) hold([]);
  tellDiskState(openError);

  /** Goes on where an earlier attempt stopped. Returns null once the directory is open, or why it is not. */
  function openDirectory(): NodeJS.ErrnoException | null {
    if (isOpen) return null;
    try {
      if (!unlock) {
        makePrivateDirectory(directory);
        unlock = takeLock(directory);
        identity = readIdentity(directory) ?? identity;
      }
      const rebooted = identity.bootId !== null && identity.bootId !== bootId;
      writer ??= openWriter({ ...options, skip: rebooted ? rebootStride : 0 });
      if (identity.bootId === null || rebooted) writeIdentity(directory, { id: identity.id, bootId });
      nextWhenOpened = writer.next();
      isOpen = true;
      return null;
    } catch (error) {
      return error as NodeJS.ErrnoException;
    }
  }

  function append(record: string): Promise<void> {
    if (closed) return Promise.reject(new Error("The spool is closed."));
    // Cheap for ordinary records: a character takes at most 3 bytes of UTF-8.
    if (record.length * 3 > recordBytesMax && Buffer.byteLength(record) > recordBytesMax) {
      return Promise.reject(new RangeError(`A spool record has at most ${recordBytesMax} bytes.`));
    }
    const line = record.includes("\n") ? record.replaceAll("\n", " ") : record;
    if (turn) {
      turn.records.push(line);
      return turn.written;
    }
    const records = [line];
    // Immediates run once the turn's I/O callbacks are done: everything that arrived in this turn is in `records`.
    const written = new Promise<void>((resolve) => setImmediate(() => resolve(endTurn())));
    turn = { records, written };
    return written;
  }

  function endTurn(): void {
    if (!turn) return;
    const { records } = turn;
    turn = null;
    // While earlier records wait in memory, later ones queue behind them, so that order is kept.
    if (held.length > 0 || !write(records)) hold(records);
  }

  function write(records: string[]): boolean {
    const error = openDirectory() ?? (writer as Writer).write(records);
    tellDiskState(error);
    if (error) return false;
    for (const listener of listeners) listener();
    return true;
  }

  function tellDiskState(error: Error | null): void {
    if ((error === null) !== (refusedSince === null)) options.onDiskState?.(error);
    refusedSince = error;
  }

  function hold(records: string[]): void {
    const room = Math.max(0, heldMax - held.length);
    held = held.concat(records.slice(0, room));
    lost += Math.max(0, records.length - room);
    retry ??= setTimeout(retryHeld, retryMs);
  }

  function retryHeld(): void {
    clearTimeout(retry);
    retry = undefined;
    while (held.length > 0 && write(held.slice(0, retryRecords))) held = held.slice(retryRecords);
    const isWell = held.length === 0 && openDirectory() === null;
    if (isWell) tellDiskState(null);
    else if (!closed) retry = setTimeout(retryHeld, retryMs);
  }

  async function read(from: number, recordsMax: number, bytesMax: number): Promise<SpoolRead | null> {
    const next = writer?.next() ?? 1;
    if (!writer || from >= next) return null;
    for (const segment of writer.segments()) {
      const { until } = segment;
      if (until <= from) continue;
      const found = await readSegment(segment, { from, until, recordsMax, bytesMax }, position).catch(ifForgotten);
      if (!found) continue;
      position = found.position;
      const { count, firstSequence, lines } = found;
      if (count > 0) return { from, firstSequence, count, lines };
    }
    return { from, firstSequence: next, count: 0, lines: Buffer.alloc(0) };
  }

  async function close(): Promise<void> {
    if (closed) return;
    endTurn();
    closed = true;
    retryHeld();
    lost += held.length;
    await writer?.close();
    unlock?.();
  }

  return {
    get id() {
      return identity.id;
    },
    get nextSequence() {
      return writer?.next() ?? 1;
    },
    get nextWhenOpened() {
      return nextWhenOpened;
    },
    append,
    read,
    renew() {
      const renewed = { ...newIdentity(), bootId };
      writeIdentity(directory, renewed);
      identity = renewed;
    },
    forget(untilSequence) {
      writer?.forget(untilSequence);
      if (held.length > 0) retryHeld();
    },
    onAppended(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    stats: () => ({ id: identity.id, ...(writer?.stats() ?? nothingWritten), atRisk: held.length, lost }),
    close,
  };
}

const nothingWritten = { firstSequence: 1, nextSequence: 1, bytes: 0, segments: 0, bytesCut: 0 };

/** Records written at once after the disk has refused: a few hundred kilobytes. */
const retryRecords = 1_000;

/** A segment may be deleted between being listed and being opened: its records are safe elsewhere. */
function ifForgotten(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}
