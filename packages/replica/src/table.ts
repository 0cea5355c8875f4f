// The table that answers scans: every published code in memory. Rows come in any order, repeated and late; the newest
// version of each stays. Nothing ever leaves it but by a tombstone.
import { isTombstone, type PublishedCode, parsePublishedCode } from "@qrfactory/domain/published-code";

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
};

/** A deleted code: its version is kept, so that an older row that arrives late does not bring it back. */
export type DeletedRow = { version: number; isDeleted: true };

export type Table = {
  /** The live row of a short id in its stored (upper-case) spelling; undefined when unknown or deleted. */
  find(shortId: string): LiveRow | undefined;
  /** Takes a row if it is newer than the one that is there; returns whether it was. */
  apply(code: PublishedCode): boolean;
  /** Whether the table has been complete once: only then is an unknown short id really unknown. */
  isFull(): boolean;
  markFull(): void;
  /** Codes that can be scanned, and tombstones. */
  counts(): { live: number; deleted: number };
};

export function createTable(): Table {
  const rows = new Map<string, LiveRow | DeletedRow>();
  let live = 0;
  let full = false;
  return {
    find(shortId) {
      const row = rows.get(shortId);
      return row && !("isDeleted" in row) ? row : undefined;
    },
    apply(code) {
      const known = rows.get(code.short_id);
      if (known && known.version >= code.version) return false;
      const row = rowOf(code);
      live += Number(!("isDeleted" in row)) - Number(known !== undefined && !("isDeleted" in known));
      rows.set(code.short_id, row);
      return true;
    },
    isFull: () => full,
    markFull() {
      full = true;
    },
    counts: () => ({ live, deleted: rows.size - live }),
  };
}

function rowOf(code: PublishedCode): LiveRow | DeletedRow {
  if (isTombstone(code)) return { version: code.version, isDeleted: true };
  return {
    id: code.id,
    workspaceId: code.workspace_id,
    version: code.version,
    destinationUrl: code.destination_url,
    isActive: code.is_active,
    expiresAt: code.expires_at === null ? null : Date.parse(code.expires_at),
    fallbackUrl: code.fallback_url,
  };
}

/** Longest row in characters: two addresses of 4,000 characters and the rest with room to spare. */
const rowLengthMax = 16_384;

/** What may stand in a `Location` header: a web address in visible ASCII (RFC 9110, 10.2.2). */
const locationPattern = /^https?:\/\/[\x21-\x7e]+$/;

/**
 * Reads a row as it travels. Null when it is damaged, too long or of another schema, or when its addresses could not
 * be sent: such a row is refused by itself and never stops the others.
 */
export function parseTableRow(json: string | undefined): PublishedCode | null {
  if (json === undefined || json.length > rowLengthMax) return null;
  const code = parsePublishedCode(json);
  if (!code || isTombstone(code)) return code;
  const urls = code.fallback_url === null ? [code.destination_url] : [code.destination_url, code.fallback_url];
  return urls.every((url) => locationPattern.test(url)) ? code : null;
}
