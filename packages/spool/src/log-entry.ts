// How one record lies in a segment file: checksum, length, sequence number, then the text in UTF-8. The checksum covers
// everything after itself, so that a torn, zero-filled or overwritten stretch is never taken for a record.
import { crc32 } from "node:zlib";

/** Checksum (4 bytes), length of the text (4 bytes), sequence number (6 bytes), all big-endian. */
export const entryHeaderBytes = 14;

/** Longest record in bytes of UTF-8. An event is below 10 kB even when every character of it is escaped. */
export const recordBytesMax = 64 * 1024;

/** Longest entry in bytes, its header included. */
export const entryBytesMax = entryHeaderBytes + recordBytesMax;

const lengthAt = 4;
const sequenceAt = 8;
const sequenceBytes = 6;

/** One record as found in a buffer; the next entry starts at `end`. */
export type LogEntry = { sequence: number; start: number; end: number };

/** Lays out records one after the other, numbered from `firstSequence`, ready for a single write. */
export function encodeEntries(records: readonly string[], firstSequence: number): Buffer {
  const lengths = records.map((record) => Buffer.byteLength(record));
  const bytes = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + entryHeaderBytes + length, 0));
  let offset = 0;
  records.forEach((record, index) => {
    const length = lengths[index] as number;
    const end = offset + entryHeaderBytes + length;
    bytes.writeUInt32BE(length, offset + lengthAt);
    bytes.writeUIntBE(firstSequence + index, offset + sequenceAt, sequenceBytes);
    bytes.write(record, offset + entryHeaderBytes, "utf8");
    bytes.writeUInt32BE(crc32(bytes.subarray(offset + lengthAt, end)), offset);
    offset = end;
  });
  return bytes;
}

/**
 * The entry that starts at `offset`, or null when what is there is not a whole, undamaged entry with a sequence number
 * in `[from, until)`. The range makes a search for the next good entry after damage quick and sure.
 */
export function entryAt(bytes: Buffer, offset: number, from: number, until: number): LogEntry | null {
  if (offset + entryHeaderBytes > bytes.length) return null;
  const length = bytes.readUInt32BE(offset + lengthAt);
  const end = offset + entryHeaderBytes + length;
  if (length > recordBytesMax || end > bytes.length) return null;
  const sequence = bytes.readUIntBE(offset + sequenceAt, sequenceBytes);
  if (sequence < from || sequence >= until) return null;
  if (bytes.readUInt32BE(offset) !== crc32(bytes.subarray(offset + lengthAt, end))) return null;
  return { sequence, start: offset, end };
}
