// Changes of the table since its last snapshot, on disk: a start with everything else dead knows every code that the
// process ever knew. A file is a magic, then records of length, CRC-32 and a row as it lies in memory. Rows may be
// repeated and in any order, because the newest wins; so each start and each snapshot begins a new file, and a file is
// removed when a later snapshot holds what is in it.
import {
  closeSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync as writeToFile,
} from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { fileMode, makePrivateDirectory } from "@qrfactory/runtime/private-directory";
import type { Table } from "./table.js";

/** State of a journal for the status document. */
export type JournalState = {
  /** Whether the last write worked; true before the first. */
  isWorking: boolean;
  /** Size on disk of what no snapshot holds. */
  bytes: number;
  /** Rows that were read at the start. */
  restored: number;
  /** Rows that wait for a disk which refuses them. */
  waiting: number;
  /** Rows that were given up since the last snapshot, because there was no room for them. */
  lost: number;
};

/** An open journal. */
export type Journal = {
  /** Takes a row that `Table.rowOf` gave; it is written together with all others of the same job. */
  append(row: Buffer): void;
  /**
   * Begins a new file. To be called in the turn in which a snapshot takes the table's rows; returns what removes the
   * files before, to be called once that snapshot is on disk.
   */
  rotate(): () => Promise<void>;
  state(): JournalState;
  /** Writes what waits and ends. */
  close(): void;
};

/** Place, bounds and listeners of a journal. */
export type JournalOptions = {
  directory: string;
  /** Gets what is in the journal. */
  table: Pick<Table, "restore">;
  /** Told whenever so many bytes have been added that a snapshot should be written. */
  onLarge?: () => void;
  /** Told once when writing fails, and with null when it works again. */
  onState?: (error: Error | null) => void;
  largeBytes?: number;
  bytesMax?: number;
  writeSync?: (fd: number, bytes: Buffer, offset: number, length: number) => number;
};

/** Ends in the version of a row's layout, that of snapshots. */
const magic = Buffer.from("QRFJRNL\x02", "latin1");
const headBytes = 8;
/** Some 80,000 changes: they are read in 0.1 s. */
const largeBytesDefault = 16 * 1024 * 1024;
/** Reached only where no snapshot can be written: on a disk that refuses it, or before the first full table. */
const bytesMaxDefault = 256 * 1024 * 1024;
/** A refused write is tried again after this long. */
const retryMs = 1_000;

const namePattern = /^changes-(\d{9})\.journal$/;
const nameOf = (number: number) => `changes-${String(number).padStart(9, "0")}.journal`;

/** Reads what a process before this one left behind into the table, and opens the journal for more. */
export function openJournal(options: JournalOptions): Journal {
  const { directory, table, onLarge, onState } = options;
  const { largeBytes = largeBytesDefault, bytesMax = bytesMaxDefault, writeSync = writeToFile } = options;
  const found = listJournals(directory);
  let number = (found.at(-1) ?? 0) + 1;
  /** Numbers of the files that exist, and the bytes that are good in the newest. */
  let files = found;
  let fd: number | null = null;
  let fileBytes = 0;
  let bytes = 0;
  let restored = 0;
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let isFlushing = false;
  let lost = 0;
  let largeAt = largeBytes;
  let isWorking = true;
  let retry: NodeJS.Timeout | undefined;

  for (const file of found) {
    const read = readJournal(join(directory, nameOf(file)), table);
    restored += read.rows;
    bytes += read.bytes;
  }

  /** The file that is written to; made with the first row. */
  function open(): number {
    if (fd !== null) return fd;
    makePrivateDirectory(directory);
    const opened = openSync(join(directory, nameOf(number)), "a", fileMode);
    fd = opened;
    fileBytes = 0;
    files = [...files, number];
    number += 1;
    writeAll(opened, magic);
    return opened;
  }

  function writeAll(file: number, data: Buffer): void {
    for (let written = 0; written < data.length; ) {
      // A write that is cut short is either a passing matter or the last thing before "disk full".
      const count = writeSync(file, data, written, data.length - written);
      if (count === 0) throw new Error("The disk took nothing.");
      written += count;
    }
    fileBytes += data.length;
    bytes += data.length;
  }

  function closeFile(): void {
    if (fd !== null) closeSync(fd);
    fd = null;
  }

  /** Brings the file back to its last whole record; where that is refused, the next row begins another one. */
  function undo(): void {
    if (fd === null) return;
    try {
      ftruncateSync(fd, fileBytes);
      if (fileBytes > 0) return;
      // Not even the magic: nothing is left of a file that holds nothing.
      number = files.at(-1) as number;
      files = files.slice(0, -1);
      rmSync(join(directory, nameOf(number)), { force: true });
    } catch {
      // The reader stops at what is torn.
    }
    closeFile();
  }

  function flush(): void {
    isFlushing = false;
    if (pending.length === 0) return;
    let error: Error | null = null;
    try {
      writeAll(open(), encodeRecords(pending, pendingBytes));
      pending = [];
      pendingBytes = 0;
    } catch (cause) {
      error = cause as Error;
      undo();
      retry ??= setTimeout(() => {
        retry = undefined;
        flush();
      }, retryMs).unref();
    }
    if ((error === null) !== isWorking) onState?.(error);
    isWorking = error === null;
    if (bytes >= largeAt) {
      largeAt = bytes + largeBytes;
      onLarge?.();
    }
  }

  return {
    append(row) {
      const length = headBytes + row.length;
      if (bytes + pendingBytes + length > bytesMax) {
        lost += 1;
        return;
      }
      pending.push(row);
      pendingBytes += length;
      // One write for all rows of a batch, before anything else happens in this process.
      if (!isFlushing && isWorking) queueMicrotask(flush);
      isFlushing = true;
    },
    rotate() {
      flush();
      closeFile();
      const before = files;
      const bytesBefore = bytes;
      const lostBefore = lost;
      return async function remove() {
        for (const file of before) await rm(join(directory, nameOf(file)), { force: true });
        files = files.filter((file) => !before.includes(file));
        bytes -= bytesBefore;
        lost -= lostBefore;
        largeAt = bytes + largeBytes;
      };
    },
    state: () => ({ isWorking, bytes, restored, waiting: isWorking ? 0 : pending.length, lost }),
    close() {
      flush();
      clearTimeout(retry);
      closeFile();
    },
  };
}

/** The table, each change of which is written to the journal from now on. */
export function journaled(table: Table, journal: Pick<Journal, "append">): Table {
  table.tellApplied((row) => journal.append(row));
  return table;
}

/** Numbers of the files in a directory, oldest first; none when it cannot be read. */
function listJournals(directory: string): number[] {
  try {
    return readdirSync(directory)
      .flatMap((name) => namePattern.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
  } catch {
    return [];
  }
}

function encodeRecords(rows: readonly Buffer[], length: number): Buffer {
  const data = Buffer.allocUnsafe(length);
  let at = 0;
  for (const row of rows) {
    data.writeUInt32LE(row.length, at);
    data.writeUInt32LE(crc32(row), at + 4);
    at += headBytes + row.copy(data, at + headBytes);
  }
  return data;
}

/** Takes the whole records of a file, up to the first that is torn; one that was changed is left out. */
function readJournal(path: string, table: Pick<Table, "restore">): { rows: number; bytes: number } {
  let data: Buffer;
  try {
    data = readFileSync(path);
  } catch {
    return { rows: 0, bytes: 0 };
  }
  if (!data.subarray(0, magic.length).equals(magic)) return { rows: 0, bytes: data.length };
  let rows = 0;
  for (let at = magic.length, end = 0; at + headBytes <= data.length; at = end) {
    end = at + headBytes + data.readUInt32LE(at);
    // A row is never empty: zeros are what a loss of power leaves.
    if (end > data.length || end === at + headBytes) break;
    const row = data.subarray(at + headBytes, end);
    if (crc32(row) !== data.readUInt32LE(at + 4)) continue;
    try {
      table.restore(row);
      rows += 1;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
  return { rows, bytes: data.length };
}
