// The table that answers scans: every published code in memory. Rows come in any order, repeated and late; the newest
// version of each stays. Nothing ever leaves it but by a tombstone. Rows are bytes in large chunks outside of the
// JavaScript heap, so that the garbage collector has nothing to walk through however many codes there are.
import { isTombstone, type LiveCode, type PublishedCode } from "@qrfactory/codes/published/published";
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
} from "@qrfactory/codes/published/row-bytes";
import { changeState, type StateChanges } from "@qrfactory/runtime/state-changes";
import { makePlaceIndex, type PlaceIndex } from "./place-index.js";

/** Sizes of a table's parts; only tests choose them. */
export type TableOptions = {
  /** A chunk is 2^chunkBits bytes and must have room for the longest row; default 20, 1 MiB. */
  chunkBits?: number;
  /** See `PlaceIndexOptions`. */
  shardBits?: number;
};

/** Bytes up to `end` are rows one after the other and never change; `live` of them are in rows not superseded. */
type Chunk = { bytes: Buffer; end: number; live: number };

/** Routing, which few codes have, as it lies in their rows. */
const extraOf = ({ routing }: LiveCode) => (routing ? JSON.stringify(routing) : null);

const chunkBitsDefault = 20;
/** A place is a number of 32 bits, so there are 4 GiB of them: some 30 million codes. */
const placeBits = 32;
/** A chunk that is fuller of garbage than this is emptied, so that garbage is never more than about half. */
const liveShareMin = 0.5;
/** Rows looked at for each row that is superseded: a few microseconds, and more than enough to keep up with garbage. */
const compactedAtOnce = 4;

/** Whether the table has had every code once. */
type TableState = "filling" | "full";
const tableChanges: StateChanges<TableState> = { filling: ["full"], full: [] };

/** Every published code; made by `createTable`. */
export class Table {
  private state: TableState = "filling";
  /** Bytes of a chunk, a power of two; rows of a chunk are found by the lower bits of their place. */
  private readonly chunkBytes: number;
  /** By number; a number without a chunk is free. */
  private readonly chunks: (Chunk | undefined)[] = [];
  private readonly freeNumbers: number[] = [];
  /** Number of the chunk that takes rows. */
  private active: number;
  /** Numbers of chunks to be emptied, and how far the first of them has been. */
  private readonly sparse: number[] = [];
  private sparseAt = 0;
  /** Where the newest row of each short id lies. */
  private readonly index: PlaceIndex;
  /** Rows that are no tombstones and not superseded. */
  private live = 0;
  /** Rows taken so far. */
  private taken = 0;
  /** Told of each row that `apply` has taken. */
  private onApplied: ((row: Buffer) => void) | null = null;

  constructor(
    private readonly chunkBits: number,
    shardBits: number | undefined,
  ) {
    this.chunkBytes = 2 ** chunkBits;
    this.active = this.addChunk();
    const isAt = (place: number, shortId: string) =>
      hasShortId(this.chunkOf(place).bytes, this.offsetOf(place), shortId);
    this.index = makePlaceIndex({ isAt, ...(shardBits !== undefined && { shardBits }) });
  }

  /** The live row of a short id in its stored (upper-case) spelling; undefined when unknown or deleted. */
  find(shortId: string): LiveRow | undefined {
    const place = this.index.find(shortId);
    if (place < 0) return undefined;
    const { bytes } = this.chunkOf(place);
    const offset = this.offsetOf(place);
    return isDeletedRow(bytes, offset) ? undefined : decodeRow(bytes, offset);
  }

  /** Whether a short id is known to be deleted. */
  isDeleted(shortId: string): boolean {
    const place = this.index.find(shortId);
    return place >= 0 && isDeletedRow(this.chunkOf(place).bytes, this.offsetOf(place));
  }

  /** The newest row of a short id, a tombstone too, as it lies in memory; these bytes never change. */
  rowOf(shortId: string): Buffer | undefined {
    const place = this.index.find(shortId);
    if (place < 0) return undefined;
    const { bytes } = this.chunkOf(place);
    const offset = this.offsetOf(place);
    return bytes.subarray(offset, offset + readRowBytes(bytes, offset));
  }

  /**
   * Takes a row if it is newer than the one that is there: of a later version, or of the same one with more scans
   * counted. Returns whether it was. Throws `RangeError` beyond 4 GiB.
   */
  apply(code: PublishedCode): boolean {
    const known = this.index.find(code.short_id);
    const isDeleted = isTombstone(code);
    if (!this.isNewer(code.version, isDeleted ? 0 : (code.limit?.used ?? 0), known)) return false;
    const extra = isDeleted ? null : extraOf(code);
    const length = rowBytes(code, extra);
    const place = this.reserve(length);
    encodeRow(this.chunkOf(place).bytes, this.offsetOf(place), length, code, extra);
    this.replace(code.short_id, known, place, isDeleted);
    if (this.onApplied) this.onApplied(this.rowOf(code.short_id) as Buffer);
    return true;
  }

  /** Hands each row that `apply` takes from now on to a listener, in place of the one before, as `rowOf` gives it. */
  tellApplied(listener: (row: Buffer) => void): void {
    this.onApplied = listener;
  }

  /** Takes the newer ones of all rows in a buffer that `rows` gave. Throws `RangeError` where there is no row. */
  restore(rows: Buffer): void {
    for (let at = 0, length = 0; at < rows.length; at += length) {
      length = checkRowBytes(rows, at);
      const shortId = readShortId(rows, at);
      const known = this.index.find(shortId);
      if (!this.isNewer(readVersion(rows, at), readUsed(rows, at), known)) continue;
      this.replace(shortId, known, this.copyRow(rows, at, length), isDeletedRow(rows, at));
    }
  }

  /** All rows of this very moment, as they lie in memory, superseded ones among them; later changes do not show. */
  rows(): Buffer[] {
    return this.chunks.flatMap((chunk) => (chunk ? [chunk.bytes.subarray(0, chunk.end)] : []));
  }

  /** Whether the table has been complete once. Later changes are in it while its follower says that it is current. */
  isFull(): boolean {
    return this.state === "full";
  }

  /** Notes that every code is there. */
  markFull(): void {
    this.state = changeState(tableChanges, this.state, "full");
  }

  /** Codes that can be scanned, and tombstones. */
  counts(): { live: number; deleted: number } {
    return { live: this.live, deleted: this.index.size() - this.live };
  }

  /** Grows with every row that was taken. */
  revision(): number {
    return this.taken;
  }

  /** Memory held for rows, in bytes. */
  bytes(): number {
    return (this.chunks.length - this.freeNumbers.length) * this.chunkBytes;
  }

  private chunkOf(place: number): Chunk {
    return this.chunks[place >>> this.chunkBits] as Chunk;
  }

  private offsetOf(place: number): number {
    return place & (this.chunkBytes - 1);
  }

  private addChunk(): number {
    const number = this.freeNumbers.pop() ?? this.chunks.length;
    if (number >= 2 ** (placeBits - this.chunkBits)) throw new RangeError("The table has no room for more rows.");
    this.chunks[number] = { bytes: Buffer.allocUnsafeSlow(this.chunkBytes), end: 0, live: 0 };
    return number;
  }

  /** Makes room at the end of the active chunk and returns its place. */
  private reserve(length: number): number {
    if (length > this.chunkBytes) throw new RangeError(`A row of ${length} bytes is longer than a chunk.`);
    if ((this.chunks[this.active] as Chunk).end + length > this.chunkBytes) {
      const sealed = this.active;
      this.active = this.addChunk();
      if (this.isSparse(this.chunks[sealed] as Chunk)) this.sparse.push(sealed);
    }
    const chunk = this.chunks[this.active] as Chunk;
    const place = this.active * this.chunkBytes + chunk.end;
    chunk.end += length;
    chunk.live += length;
    return place;
  }

  private isSparse(chunk: Chunk): boolean {
    return chunk.live < this.chunkBytes * liveShareMin;
  }

  /** The row at `place` has a successor. */
  private supersede(place: number): void {
    const chunk = this.chunkOf(place);
    const wasSparse = this.isSparse(chunk);
    chunk.live -= readRowBytes(chunk.bytes, this.offsetOf(place));
    if (!wasSparse && this.isSparse(chunk) && chunk !== this.chunks[this.active]) {
      this.sparse.push(place >>> this.chunkBits);
    }
    this.compactSome();
  }

  /** Moves the next live rows out of the oldest sparse chunk, and lets go of it when there are no more. */
  private compactSome(): void {
    const number = this.sparse[0];
    if (number === undefined) return;
    const { bytes, end } = this.chunks[number] as Chunk;
    for (let looked = 0; looked < compactedAtOnce && this.sparseAt < end; looked++) {
      const at = this.sparseAt;
      const length = readRowBytes(bytes, at);
      const shortId = readShortId(bytes, at);
      const isNewest = this.index.find(shortId) === number * this.chunkBytes + at;
      if (isNewest) this.index.set(shortId, this.copyRow(bytes, at, length));
      this.sparseAt += length;
    }
    if (this.sparseAt < end) return;
    // Not used again: a snapshot under way still reads from it.
    this.chunks[number] = undefined;
    this.freeNumbers.push(number);
    this.sparse.shift();
    this.sparseAt = 0;
  }

  private copyRow(from: Buffer, at: number, length: number): number {
    const place = this.reserve(length);
    from.copy(this.chunkOf(place).bytes, this.offsetOf(place), at, at + length);
    return place;
  }

  /** Makes the row that was just written at `place` the one of its short id, which was at `known` (-1: nowhere). */
  private replace(shortId: string, known: number, place: number, isDeleted: boolean): void {
    if (known >= 0 && !isDeletedRow(this.chunkOf(known).bytes, this.offsetOf(known))) this.live -= 1;
    if (!isDeleted) this.live += 1;
    this.taken += 1;
    this.index.set(shortId, place);
    if (known >= 0) this.supersede(known);
  }

  /** Whether a row is newer than the one at a place: by its version, or within one by the scans that are counted. */
  private isNewer(version: number, used: number, place: number): boolean {
    if (place < 0) return true;
    const { bytes } = this.chunkOf(place);
    const known = readVersion(bytes, this.offsetOf(place));
    return version > known || (version === known && used > readUsed(bytes, this.offsetOf(place)));
  }
}

/** Makes an empty table. */
export function createTable({ chunkBits = chunkBitsDefault, shardBits }: TableOptions = {}): Table {
  return new Table(chunkBits, shardBits);
}
