// The table that answers scans: every published code in memory. Rows come in any order, repeated and late; the newest
// version of each stays. Nothing ever leaves it but by a tombstone. Rows are bytes in large chunks outside of the
// JavaScript heap, so that the garbage collector has nothing to walk through however many codes there are.
import { isTombstone, type LiveCode, type PublishedCode } from "@qrfactory/codes/published";
import { makePlaceIndex } from "./place-index.js";
import {
  checkRowBytes,
  decodeRow,
  encodeRow,
  hasShortId,
  isDeletedRow,
  type LiveRow,
  readRowBytes,
  readShortId,
  readUsed,
  readVersion,
  rowBytes,
} from "./row-bytes.js";

export type Table = {
  /** The live row of a short id in its stored (upper-case) spelling; undefined when unknown or deleted. */
  find(shortId: string): LiveRow | undefined;
  /** Whether a short id is known to be deleted. */
  isDeleted(shortId: string): boolean;
  /** The newest row of a short id, a tombstone too, as it lies in memory; these bytes never change. */
  rowOf(shortId: string): Buffer | undefined;
  /**
   * Takes a row if it is newer than the one that is there: of a later version, or of the same one with more scans
   * counted. Returns whether it was. Throws `RangeError` beyond 4 GiB.
   */
  apply(code: PublishedCode): boolean;
  /** Takes the newer ones of all rows in a buffer that `rows` gave. Throws `RangeError` where there is no row. */
  restore(rows: Buffer): void;
  /** All rows of this very moment, as they lie in memory, superseded ones among them; later changes do not show. */
  rows(): Buffer[];
  /** Whether the table has been complete once. What came since is in it while its follower says that it is current. */
  isFull(): boolean;
  markFull(): void;
  /** Codes that can be scanned, and tombstones. */
  counts(): { live: number; deleted: number };
  /** Grows with every row that was taken. */
  revision(): number;
  /** Memory held for rows, in bytes. */
  bytes(): number;
};

export type TableOptions = {
  /** A chunk is 2^chunkBits bytes and must have room for the longest row; default 20, 1 MiB. */
  chunkBits?: number;
  /** See `PlaceIndexOptions`. */
  shardBits?: number;
};

/** Bytes up to `end` are rows one after the other and never change; `live` of them are in rows not superseded. */
type Chunk = { bytes: Buffer; end: number; live: number };

/** What few codes have, as it lies in their rows. */
const extraOf = ({ routing }: LiveCode) => (routing ? JSON.stringify(routing) : null);

const chunkBitsDefault = 20;
/** A place is a number of 32 bits, so there are 4 GiB of them: some 30 million codes. */
const placeBits = 32;
/** A chunk that is fuller of garbage than this is emptied, so that garbage is never more than about half. */
const liveShareMin = 0.5;
/** Rows looked at for each row that is superseded: a few microseconds, and more than enough to keep up with garbage. */
const compactedAtOnce = 4;

/** Makes an empty table. */
export function createTable({ chunkBits = chunkBitsDefault, shardBits }: TableOptions = {}): Table {
  const chunkBytes = 2 ** chunkBits;
  const chunks: (Chunk | undefined)[] = [];
  const freeNumbers: number[] = [];
  /** Numbers of chunks to be emptied, and how far the first of them has been. */
  const sparse: number[] = [];
  let sparseAt = 0;
  let active = addChunk();
  let live = 0;
  let revision = 0;
  let full = false;

  const chunkOf = (place: number) => chunks[place >>> chunkBits] as Chunk;
  const offsetOf = (place: number) => place & (chunkBytes - 1);
  const isAt = (place: number, shortId: string) => hasShortId(chunkOf(place).bytes, offsetOf(place), shortId);
  const index = makePlaceIndex({ isAt, ...(shardBits !== undefined && { shardBits }) });

  function addChunk(): number {
    const number = freeNumbers.pop() ?? chunks.length;
    if (number >= 2 ** (placeBits - chunkBits)) throw new RangeError("The table has no room for more rows.");
    chunks[number] = { bytes: Buffer.allocUnsafeSlow(chunkBytes), end: 0, live: 0 };
    return number;
  }

  /** Makes room at the end of the active chunk and returns its place. */
  function reserve(length: number): number {
    if (length > chunkBytes) throw new RangeError(`A row of ${length} bytes is longer than a chunk.`);
    if ((chunks[active] as Chunk).end + length > chunkBytes) {
      const sealed = active;
      active = addChunk();
      if (isSparse(chunks[sealed] as Chunk)) sparse.push(sealed);
    }
    const chunk = chunks[active] as Chunk;
    const place = active * chunkBytes + chunk.end;
    chunk.end += length;
    chunk.live += length;
    return place;
  }

  const isSparse = (chunk: Chunk) => chunk.live < chunkBytes * liveShareMin;

  /** The row at `place` has a successor. */
  function supersede(place: number): void {
    const chunk = chunkOf(place);
    const wasSparse = isSparse(chunk);
    chunk.live -= readRowBytes(chunk.bytes, offsetOf(place));
    if (!wasSparse && isSparse(chunk) && chunk !== chunks[active]) sparse.push(place >>> chunkBits);
    compactSome();
  }

  /** Moves the next live rows out of the oldest sparse chunk, and lets go of it when there are no more. */
  function compactSome(): void {
    const number = sparse[0];
    if (number === undefined) return;
    const { bytes, end } = chunks[number] as Chunk;
    for (let looked = 0; looked < compactedAtOnce && sparseAt < end; looked++) {
      const length = readRowBytes(bytes, sparseAt);
      const shortId = readShortId(bytes, sparseAt);
      if (index.find(shortId) === number * chunkBytes + sparseAt) index.set(shortId, copyRow(bytes, sparseAt, length));
      sparseAt += length;
    }
    if (sparseAt < end) return;
    // Not used again: whoever is writing a snapshot still reads from it.
    chunks[number] = undefined;
    freeNumbers.push(number);
    sparse.shift();
    sparseAt = 0;
  }

  function copyRow(from: Buffer, at: number, length: number): number {
    const place = reserve(length);
    from.copy(chunkOf(place).bytes, offsetOf(place), at, at + length);
    return place;
  }

  /** Makes the row that was just written at `place` the one of its short id, which was at `known` (-1: nowhere). */
  function replace(shortId: string, known: number, place: number, isDeleted: boolean): void {
    if (known >= 0 && !isDeletedRow(chunkOf(known).bytes, offsetOf(known))) live -= 1;
    if (!isDeleted) live += 1;
    revision += 1;
    index.set(shortId, place);
    if (known >= 0) supersede(known);
  }

  /** Whether a row is newer than the one at a place: by its version, or within one by the scans that are counted. */
  function isNewer(version: number, used: number, place: number): boolean {
    if (place < 0) return true;
    const { bytes } = chunkOf(place);
    const known = readVersion(bytes, offsetOf(place));
    return version > known || (version === known && used > readUsed(bytes, offsetOf(place)));
  }

  function isDeleted(shortId: string): boolean {
    const place = index.find(shortId);
    return place >= 0 && isDeletedRow(chunkOf(place).bytes, offsetOf(place));
  }

  function rowOf(shortId: string): Buffer | undefined {
    const place = index.find(shortId);
    if (place < 0) return undefined;
    const { bytes } = chunkOf(place);
    const offset = offsetOf(place);
    return bytes.subarray(offset, offset + readRowBytes(bytes, offset));
  }

  return {
    isDeleted,
    rowOf,
    find(shortId) {
      const place = index.find(shortId);
      if (place < 0) return undefined;
      const { bytes } = chunkOf(place);
      const offset = offsetOf(place);
      return isDeletedRow(bytes, offset) ? undefined : decodeRow(bytes, offset);
    },
    apply(code) {
      const known = index.find(code.short_id);
      const isDeleted = isTombstone(code);
      if (!isNewer(code.version, isDeleted ? 0 : (code.limit?.used ?? 0), known)) return false;
      const extra = isDeleted ? null : extraOf(code);
      const length = rowBytes(code, extra);
      const place = reserve(length);
      encodeRow(chunkOf(place).bytes, offsetOf(place), length, code, extra);
      replace(code.short_id, known, place, isDeleted);
      return true;
    },
    restore(rows) {
      for (let at = 0, length = 0; at < rows.length; at += length) {
        length = checkRowBytes(rows, at);
        const shortId = readShortId(rows, at);
        const known = index.find(shortId);
        if (!isNewer(readVersion(rows, at), readUsed(rows, at), known)) continue;
        replace(shortId, known, copyRow(rows, at, length), isDeletedRow(rows, at));
      }
    },
    rows: () => chunks.flatMap((chunk) => (chunk ? [chunk.bytes.subarray(0, chunk.end)] : [])),
    isFull: () => full,
    markFull() {
      full = true;
    },
    counts: () => ({ live, deleted: index.size() - live }),
    revision: () => revision,
    bytes: () => (chunks.length - freeNumbers.length) * chunkBytes,
  };
}
