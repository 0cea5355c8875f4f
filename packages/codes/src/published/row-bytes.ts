// How a row of the table lies in bytes, in memory and in snapshots alike. A tombstone is the header and the short id;
// everything that is rare costs nothing where it is absent. Numbers are little-endian, texts one byte a character.
//
//   0 u16 length of the whole row · 2 u8 flags · 3 u8 length of the short id · 4 u32 version · 8 short id
//   live rows go on: id (16 bytes) · workspace id (16) · [expiry f64] · [scans: u32 at most, u32 used] ·
//   u16 length and destination · [u16 length and fallback] · [extra: JSON in UTF-8 up to the end of the row]
import { isTombstone, type LiveCode, type PublishedCode } from "./published.js";

/** A code as a scan needs it. */
export type LiveRow = {
  id: string;
  workspaceId: string;
  version: number;
  destinationUrl: string;
  isActive: boolean;
  /** Milliseconds since the epoch, or null. */
  expiresAt: number | null;
  fallbackUrl: string | null;
  /** Scans that the code is made for and those that were counted when this was published, or null. */
  limit: { max: number; used: number } | null;
  /** Reads the JSON of what few codes have; null where there is none. */
  readExtra: (() => string) | null;
};

const flagsAt = 2;
const shortIdLengthAt = 3;
const versionAt = 4;
const shortIdAt = 8;
const uuidBytes = 16;
const uuidLength = 36;
const lengthBytes = 2;
const expiryBytes = 8;
const limitBytes = 8;

const isDeletedFlag = 1;
const isActiveFlag = 2;
const hasExpiryFlag = 4;
const hasFallbackFlag = 8;
const hasExtraFlag = 16;
const hasLimitFlag = 32;

/** Longest row in bytes that its length field can tell. */
const rowBytesMax = 0xffff;

/** Bytes that `encodeRow` will write for a row. Throws `RangeError` above `rowBytesMax`. */
export function rowBytes(code: PublishedCode, extra: string | null = null): number {
  let bytes = shortIdAt + code.short_id.length;
  if (!isTombstone(code)) {
    bytes += 2 * uuidBytes + lengthBytes + code.destination_url.length;
    if (code.expires_at !== null) bytes += expiryBytes;
    if (code.limit) bytes += limitBytes;
    if (code.fallback_url !== null) bytes += lengthBytes + code.fallback_url.length;
    if (extra !== null) bytes += Buffer.byteLength(extra);
  }
  if (bytes > rowBytesMax) throw new RangeError(`A row of ${bytes} bytes is too long.`);
  return bytes;
}

/** Writes a row of `length` bytes, as `rowBytes` told it, at `at`; the code has passed its schema, so it is ASCII. */
export function encodeRow(
  bytes: Buffer,
  at: number,
  length: number,
  code: PublishedCode,
  extra: string | null = null,
): void {
  bytes.writeUInt16LE(length, at);
  bytes[at + flagsAt] = isTombstone(code) ? isDeletedFlag : flagsOf(code, extra);
  bytes[at + shortIdLengthAt] = code.short_id.length;
  bytes.writeUInt32LE(code.version, at + versionAt);
  let offset = at + shortIdAt;
  for (let i = 0; i < code.short_id.length; i++) bytes[offset++] = code.short_id.charCodeAt(i);
  if (isTombstone(code)) return;
  writeUuid(bytes, offset, code.id);
  writeUuid(bytes, offset + uuidBytes, code.workspace_id);
  offset += 2 * uuidBytes;
  if (code.expires_at !== null) offset = bytes.writeDoubleLE(Date.parse(code.expires_at), offset);
  if (code.limit) {
    bytes.writeUInt32LE(code.limit.max, offset);
    offset = bytes.writeUInt32LE(code.limit.used, offset + limitBytes / 2);
  }
  offset = writeText(bytes, offset, code.destination_url);
  if (code.fallback_url !== null) offset = writeText(bytes, offset, code.fallback_url);
  if (extra !== null) bytes.write(extra, offset, "utf8");
}

function flagsOf(code: LiveCode, extra: string | null): number {
  return (
    (code.is_active ? isActiveFlag : 0) |
    (code.expires_at === null ? 0 : hasExpiryFlag) |
    (code.fallback_url === null ? 0 : hasFallbackFlag) |
    (extra === null ? 0 : hasExtraFlag) |
    (code.limit ? hasLimitFlag : 0)
  );
}

/** The row at `at`, which must be live. */
export function decodeRow(bytes: Buffer, at: number): LiveRow {
  const flags = bytes[at + flagsAt] as number;
  const end = at + readUint16(bytes, at);
  const idAt = at + shortIdAt + (bytes[at + shortIdLengthAt] as number);
  let offset = idAt + 2 * uuidBytes;
  const [id, workspaceId] = readUuids(bytes, idAt);
  let expiresAt: number | null = null;
  if (flags & hasExpiryFlag) {
    expiresAt = bytes.readDoubleLE(offset);
    offset += expiryBytes;
  }
  let limit: LiveRow["limit"] = null;
  if (flags & hasLimitFlag) {
    limit = { max: bytes.readUInt32LE(offset), used: bytes.readUInt32LE(offset + limitBytes / 2) };
    offset += limitBytes;
  }
  const destinationAt = offset + lengthBytes;
  offset = destinationAt + readUint16(bytes, offset);
  const destinationUrl = bytes.toString("latin1", destinationAt, offset);
  let fallbackUrl: string | null = null;
  if (flags & hasFallbackFlag) {
    const fallbackAt = offset + lengthBytes;
    offset = fallbackAt + readUint16(bytes, offset);
    fallbackUrl = bytes.toString("latin1", fallbackAt, offset);
  }
  return {
    id,
    workspaceId,
    version: readVersion(bytes, at),
    destinationUrl,
    isActive: (flags & isActiveFlag) !== 0,
    expiresAt,
    fallbackUrl,
    limit,
    readExtra: flags & hasExtraFlag ? () => bytes.toString("utf8", offset, end) : null,
  };
}

/**
 * Scans that were counted when the row at `at` was published; 0 for a tombstone and a code that is made for any number.
 */
export function readUsed(bytes: Buffer, at: number): number {
  const flags = bytes[at + flagsAt] as number;
  if ((flags & hasLimitFlag) === 0) return 0;
  const idAt = at + shortIdAt + (bytes[at + shortIdLengthAt] as number);
  return bytes.readUInt32LE(idAt + 2 * uuidBytes + (flags & hasExpiryFlag ? expiryBytes : 0) + limitBytes / 2);
}

/** The version of the row at `at`. */
export const readVersion = (bytes: Buffer, at: number): number => bytes.readUInt32LE(at + versionAt);

/** Whether the row at `at` is a tombstone. */
export const isDeletedRow = (bytes: Buffer, at: number): boolean =>
  ((bytes[at + flagsAt] as number) & isDeletedFlag) !== 0;

/** The short id of the row at `at`. */
export function readShortId(bytes: Buffer, at: number): string {
  const start = at + shortIdAt;
  return bytes.toString("latin1", start, start + (bytes[at + shortIdLengthAt] as number));
}

/** Whether the row at `at` is that of a short id, without making a text of its own. */
export function hasShortId(bytes: Buffer, at: number, shortId: string): boolean {
  if (bytes[at + shortIdLengthAt] !== shortId.length) return false;
  for (let i = 0; i < shortId.length; i++) {
    if (bytes[at + shortIdAt + i] !== shortId.charCodeAt(i)) return false;
  }
  return true;
}

/** How many bytes the row at `at` takes. */
export const readRowBytes = (bytes: Buffer, at: number): number => readUint16(bytes, at);

/** Like `readRowBytes`, for bytes that came from a file: throws `RangeError` when no whole row can be there. */
export function checkRowBytes(bytes: Buffer, at: number): number {
  const header = at + shortIdAt <= bytes.length;
  const length = header ? readRowBytes(bytes, at) : 0;
  const least = header ? shortIdAt + (bytes[at + shortIdLengthAt] as number) : 1;
  if (length < least || at + length > bytes.length) throw new RangeError(`There is no row at byte ${at}.`);
  return length;
}

/** Reads 16 bits; `Buffer`'s own checks its arguments, at three times the cost. */
const readUint16 = (bytes: Buffer, at: number): number => (bytes[at] as number) | ((bytes[at + 1] as number) << 8);

function writeText(bytes: Buffer, at: number, text: string): number {
  bytes.writeUInt16LE(text.length, at);
  return at + lengthBytes + bytes.write(text, at + lengthBytes, "latin1");
}

/** Value of each hexadecimal digit by its character code, in either case. */
const digitValues = new Uint8Array(128);
for (let value = 0; value < 16; value++) {
  digitValues[value.toString(16).charCodeAt(0)] = value;
  digitValues[value.toString(16).toUpperCase().charCodeAt(0)] = value;
}

const dash = 0x2d;

function writeUuid(bytes: Buffer, at: number, uuid: string): void {
  let offset = at;
  for (let i = 0; i < uuid.length; i += 2) {
    if (uuid.charCodeAt(i) === dash) i += 1;
    const high = digitValues[uuid.charCodeAt(i)] as number;
    bytes[offset++] = (high << 4) | (digitValues[uuid.charCodeAt(i + 1)] as number);
  }
}

/** Two UUIDs as text: the dashes stay, the digits are written anew for each row. */
const uuidsText = Buffer.alloc(2 * uuidLength, "-");
const digits = Buffer.from("0123456789abcdef");

/** Both ids of a row, cut from one text: in lower case, whatever case they were written in (RFC 9562, 4). */
function readUuids(bytes: Buffer, at: number): [id: string, workspaceId: string] {
  let offset = 0;
  for (let i = 0; i < 2 * uuidBytes; i++) {
    const value = bytes[at + i] as number;
    uuidsText[offset] = digits[value >> 4] as number;
    uuidsText[offset + 1] = digits[value & 15] as number;
    const inUuid = i % uuidBytes;
    offset += inUuid === 3 || inUuid === 5 || inUuid === 7 || inUuid === 9 ? 3 : 2;
  }
  const text = uuidsText.toString("latin1");
  return [text.slice(0, uuidLength), text.slice(uuidLength)];
}
