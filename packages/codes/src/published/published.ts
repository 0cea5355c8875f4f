// A dynamic code as management publishes it and redirect holds it: only what answering a scan needs. Travels as JSON
// through Redis, so it is checked on arrival: one damaged row must never stop the others.
import { z } from "zod";
import { isRouting, type Routing } from "../routing/routing.js";

/** Raised when a field changes its meaning; a table refuses rows of a schema it does not know. */
export const publishedCodeSchema = 1;

/** A code that answers scans, whether it is active or not. */
export type LiveCode = {
  schema: typeof publishedCodeSchema;
  id: string;
  workspace_id: string;
  /** 3 to 64 of `A-Z 0-9 -`. */
  short_id: string;
  /** Grows by one with every edit; the newest version wins wherever it meets an older one. */
  version: number;
  destination_url: string;
  is_active: boolean;
  /** RFC 3339 moment in UTC after which the code is expired, or null. */
  expires_at: string | null;
  /** Where a scan goes when the code is paused or expired, or null for a readable page. */
  fallback_url: string | null;
  /** Of a code that is made for a number of scans; `used` grows within a version, and the larger one is newer. */
  limit?: { max: number; used: number };
  /** Rules, variants and the like, which few codes have; absent where the destination is all. */
  routing?: Routing;
};

/** A deletion travels as a row of its own: the absence of a row never means that a code was deleted. */
export type Tombstone = Pick<LiveCode, "schema" | "id" | "short_id" | "version"> & { deleted: true };

/** A row of the published set: a live code, or the tombstone of a deleted one. */
export type PublishedCode = LiveCode | Tombstone;

/** Whether a row says that its code was deleted. */
export function isTombstone(code: PublishedCode): code is Tombstone {
  return "deleted" in code;
}

const liveFields = 9;
const tombstoneFields = 5;

/** Longest row in characters: two addresses of full length, a routing, and the rest with room to spare. */
const rowLengthMax = 60_000;

/** Longest destination that a row may carry, in characters; the API refuses more than 2,000 before it gets here. */
const addressLengthMax = 4_000;

/** Versions are counted in a PostgreSQL `integer`: a larger one was made by nobody and would block every edit. */
const versionMax = 2_147_483_647;

const shortIdPattern = /^[A-Z0-9-]{3,64}$/;
/** RFC 9562, 4: version 1 to 8 and its variant. */
const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;
/** A value of a `Location` header: a web address in visible ASCII (RFC 9110, 10.2.2). */
const addressPattern = /^https?:\/\/[\x21-\x7e]+$/;
const moment = z.iso.datetime();

/** Scans that a row can tell: what 32 bits hold. A code with more was used up long before. */
export const usedMax = 0xffff_ffff;

/**
 * Reads one published row. Null when it is damaged, too long, of a newer schema, has a field that it should not have,
 * or an address that could not be sent: such a row is refused by itself and never stops the others.
 */
export function parsePublishedCode(json: string | undefined): PublishedCode | null {
  if (json === undefined || json.length > rowLengthMax) return null;
  try {
    const row = JSON.parse(json);
    return isPublishedCode(row) ? row : null;
  } catch {
    return null;
  }
}

// By hand: a zod schema of the same takes as long as everything else that is done to a row when a table is loaded.
function isPublishedCode(row: { [Field in keyof (LiveCode & Tombstone)]?: unknown }): row is PublishedCode {
  const isCommon =
    row.schema === publishedCodeSchema &&
    isMatch(uuidPattern, row.id) &&
    isMatch(shortIdPattern, row.short_id) &&
    Number.isInteger(row.version) &&
    (row.version as number) > 0 &&
    (row.version as number) <= versionMax;
  if (!isCommon) return false;
  if ("deleted" in row) return row.deleted === true && Object.keys(row).length === tombstoneFields;
  return (
    isMatch(uuidPattern, row.workspace_id) &&
    isAddress(row.destination_url) &&
    typeof row.is_active === "boolean" &&
    (row.expires_at === null || moment.safeParse(row.expires_at).success) &&
    (row.fallback_url === null || isAddress(row.fallback_url)) &&
    (!("limit" in row) || isLimit(row.limit)) &&
    (!("routing" in row) || isRouting(row.routing)) &&
    Object.keys(row).length === liveFields + Number("limit" in row) + Number("routing" in row)
  );
}

function isLimit(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Object.keys(value).length !== 2) return false;
  const { max, used } = value as { [Field in keyof NonNullable<LiveCode["limit"]>]?: unknown };
  return isCount(max) && max >= 1 && isCount(used);
}

const isCount = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= usedMax;

function isMatch(pattern: RegExp, value: unknown): boolean {
  return typeof value === "string" && pattern.test(value);
}

function isAddress(value: unknown): boolean {
  return typeof value === "string" && value.length <= addressLengthMax && addressPattern.test(value);
}
