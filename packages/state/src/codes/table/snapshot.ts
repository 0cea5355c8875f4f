// The table on disk, for a start while everything else is away. A file is: a magic, then blocks of length, CRC-32 and
// bytes; the first block is a header in JSON that says how many rows and blocks there are, the others are the table's
// chunks as they lie in memory. A file that is not whole in every respect is refused, and the one before it is taken.
import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { fileMode, makePrivateDirectory } from "@qrfactory/runtime/private-directory";
import type { Resume } from "../following/follow-state.js";
import { createTable, type Table } from "./table.js";

/** A table read from a snapshot, and the change that it goes on from. */
export type Snapshot = {
  table: Table;
  resume: Resume | null;
  /** Milliseconds since the epoch. */
  writtenAt: number;
  bytes: number;
};

type Header = { blocks: number; rows: number; resume: Resume | null; writtenAt: number };

/** Ends in the version of the format: another one is another file to us. */
const magicOf = (version: number) => Buffer.from(`QRFTABL${String.fromCharCode(version)}`, "latin1");
/** Rows of the second version may have a limit, which readers of the first would take for a part of the address. */
const magic = magicOf(2);
const magicBefore = magicOf(1);
const blockHeadBytes = 8;
/** Above any chunk; the unused part of a buffer of this size takes no memory. */
const blockBytesMax = 16 * 1024 * 1024;
const kept = 3;

/** The time of writing in the name orders the files; digits enough for some centuries. */
const namePattern = /^table-(\d{15})\.snapshot$/;
const nameOf = (writtenAt: number) => `table-${String(writtenAt).padStart(15, "0")}.snapshot`;
const temporaryName = "table.partial";

/** Snapshots in a directory, newest first; none when it cannot be read. */
function listSnapshots(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => namePattern.test(name))
      .sort()
      .reverse();
  } catch {
    return [];
  }
}

/**
 * Writes what a full table holds at this moment and removes all but the three newest files. Gives way to other work
 * after each chunk. Rejects when the disk refuses; the files that were there stay.
 */
export async function writeSnapshot(options: {
  directory: string;
  table: Table;
  resume: Resume | null;
  now?: () => number;
}): Promise<{ writtenAt: number; bytes: number }> {
  const { directory, table, resume, now = Date.now } = options;
  if (!table.isFull()) throw new Error("A table that is not full would answer 404 for codes that exist.");
  // Both of the same turn: what the table holds is what the position says.
  const chunks = table.rows();
  const { live, deleted } = table.counts();
  makePrivateDirectory(directory);
  const newest = Number(namePattern.exec(listSnapshots(directory)[0] ?? "")?.[1] ?? 0);
  // A clock that was set back must not make this the oldest.
  const writtenAt = Math.max(now(), newest + 1);
  const header: Header = { blocks: chunks.length, rows: live + deleted, resume, writtenAt };
  const temporary = join(directory, temporaryName);
  let bytes = 0;
  try {
    const file = await open(temporary, "w", fileMode);
    try {
      await file.writeFile(magic);
      for (const block of [Buffer.from(JSON.stringify(header)), ...chunks]) {
        const head = Buffer.alloc(blockHeadBytes);
        head.writeUInt32LE(block.length, 0);
        head.writeUInt32LE(crc32(block), 4);
        await file.writeFile(head);
        await file.writeFile(block);
        bytes += block.length;
        await turn();
      }
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(temporary, join(directory, nameOf(writtenAt)));
    await syncDirectory(directory);
  } catch (error) {
    // The disk may be full, and scans are written to it, too.
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  for (const name of listSnapshots(directory).slice(kept)) await rm(join(directory, name), { force: true });
  return { writtenAt, bytes };
}

/** The rename itself survives a loss of power only when the directory is on disk. */
async function syncDirectory(directory: string): Promise<void> {
  const folder = await open(directory, "r");
  await folder.sync().finally(() => folder.close());
}

/**
 * Reads the newest whole snapshot into a full table; null when there is none. `onRefused` is told of each other one.
 */
export function readSnapshot(options: {
  directory: string;
  onRefused?: (name: string, reason: string) => void;
}): Snapshot | null {
  const { directory, onRefused } = options;
  for (const name of listSnapshots(directory)) {
    try {
      return readFile(join(directory, name));
    } catch (error) {
      onRefused?.(name, (error as Error).message);
    }
  }
  return null;
}

function readFile(path: string): Snapshot {
  const fd = openSync(path, "r");
  try {
    const begin = readExactly(fd, Buffer.alloc(magic.length));
    if (!begin.equals(magic) && !begin.equals(magicBefore)) {
      throw new Error("This is not a snapshot of this version.");
    }
    const scratch = Buffer.allocUnsafeSlow(blockBytesMax);
    const header = parseHeader(readBlock(fd, scratch));
    const table = createTable();
    let bytes = 0;
    for (let count = 0; count < header.blocks; count++) {
      const block = readBlock(fd, scratch);
      table.restore(block);
      bytes += block.length;
    }
    if (readSync(fd, Buffer.alloc(1)) !== 0) throw new Error("The file goes on after its last block.");
    const { live, deleted } = table.counts();
    if (live + deleted !== header.rows) throw new Error(`There are ${live + deleted} rows instead of ${header.rows}.`);
    table.markFull();
    // Its writer refused rows of today's shape, so they have to be read again.
    const resume = begin.equals(magicBefore) ? null : header.resume;
    return { table, resume, writtenAt: header.writtenAt, bytes };
  } finally {
    closeSync(fd);
  }
}

/** Its checksum was right, so this is what `writeSnapshot` wrote. */
function parseHeader(block: Buffer): Header {
  return JSON.parse(block.toString("utf8")) as Header;
}

/** The bytes of the next block, in `scratch`. */
function readBlock(fd: number, scratch: Buffer): Buffer {
  const head = readExactly(fd, Buffer.alloc(blockHeadBytes));
  const length = head.readUInt32LE(0);
  if (length > blockBytesMax) throw new Error(`A block of ${length} bytes is too long.`);
  const block = readExactly(fd, scratch.subarray(0, length));
  if (crc32(block) !== head.readUInt32LE(4)) throw new Error("The checksum of a block is wrong.");
  return block;
}

/** Fills a buffer from the file. Throws when the file ends before. */
function readExactly(fd: number, into: Buffer): Buffer {
  let filled = 0;
  while (filled < into.length) {
    const count = readSync(fd, into, filled, into.length - filled, null);
    if (count === 0) throw new Error("The file ends too early.");
    filled += count;
  }
  return into;
}
