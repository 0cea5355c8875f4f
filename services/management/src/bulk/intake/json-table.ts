// The rows of a JSON body, read one by one: a body of 20 MB is never parsed in one go, and the rows that a plan does
// not have are not parsed at all.

import { createHash } from "node:crypto";
import { pictureFileNames } from "@qrfactory/domain/design/picture";
import { ApiError } from "@qrfactory/domain/http/errors";
import { canonicalJson, isObject, parseStrictJson } from "@qrfactory/domain/http/json";
import { endOfJson, type JsonLimits, skipSpace } from "@qrfactory/domain/http/json-scan";
import type { Breathe } from "@qrfactory/runtime/load/breather";

/** The member that holds the rows. */
const rowsMember = "items";
/** Members whose text may be a picture in base64. */
const longMembers: ReadonlySet<string> = new Set(pictureFileNames);
/** As long as a record of a CSV; three times the members that an image has. */
const rowLimits: JsonLimits = { textBytesMax: 200_000, valuesMax: 500, longMembers };
/** Defaults of all rows and options. */
const restLimits: JsonLimits = { textBytesMax: 262_144, valuesMax: 1_000, longMembers };

/** Members of a body that are looked through for the rows; there are four kinds. */
const membersMax = 100;

/** A JSON body divided into its rows and the rest. */
export type JsonTable = {
  /** The body without its rows; with `items` where that is no list. */
  rest: unknown;
  /** Null where the body has no list of rows. */
  items: unknown[] | null;
  /** SHA-256 of the rows in canonical form (RFC 8785), as hex: the same for every spelling. */
  digest: string;
};

/** Bounds of the rows, and the pause that lets other requests in between. */
export type JsonTableOptions = { rowsMax: number; tooMany: () => ApiError; breathe: Breathe };

const [comma, openList, closeList] = [0x2c, 0x5b, 0x5d];

/**
 * Reads the bytes of `{"items":[…],…}`. Throws `malformed_request` naming the row, `body_too_large` for a row or a rest
 * beyond its limits, and what `tooMany` makes.
 */
export async function readJsonTable(body: Buffer, options: JsonTableOptions): Promise<JsonTable> {
  const start = findList(body);
  if (start < 0) return { rest: parseStrictJson(body, restLimits), items: null, digest: "" };
  const { items, digest, end } = await readRows(body, start, options);
  // With an empty list in the place of the rows, everything around them is judged like any other body.
  const rest = parseStrictJson(Buffer.concat([body.subarray(0, start + 1), body.subarray(end)]), restLimits);
  if (!isObject(rest)) throw new ApiError("malformed_request", "The body is not valid JSON.");
  delete rest[rowsMember];
  return { rest: withTexts(rest), items, digest };
}

/** Where the list of rows begins in the outermost object; -1 where there is none among its first members. */
function findList(body: Buffer): number {
  let at = skipSpace(body, 0);
  if (body[at] !== 0x7b) return -1;
  for (let members = 0; members < membersMax; members += 1) {
    const nameAt = skipSpace(body, at + 1);
    const nameEnd = endOfJson(body, nameAt, restLimits);
    const valueAt = skipSpace(body, skipSpace(body, nameEnd) + 1);
    if (body.toString("latin1", nameAt, nameEnd) === `"${rowsMember}"` && body[valueAt] === openList) return valueAt;
    at = skipSpace(body, endOfJson(body, valueAt, restLimits));
    if (body[at] !== comma) break;
  }
  return -1;
}

async function readRows(body: Buffer, start: number, { rowsMax, tooMany, breathe }: JsonTableOptions) {
  const items: unknown[] = [];
  const hash = createHash("sha256");
  let at = skipSpace(body, start + 1);
  while (body[at] !== closeList) {
    if (items.length === rowsMax) throw tooMany();
    const row = parseRow(body, at, items.length + 1);
    items.push(row.value);
    hash.update(`${canonicalJson(row.value)}\n`);
    at = skipSpace(body, row.end);
    if (body[at] === comma) at = skipSpace(body, at + 1);
    else if (body[at] !== closeList) throw inRow(items.length, "malformed_request", "The body is not valid JSON.");
    await breathe();
  }
  return { items, digest: hash.digest("hex"), end: at };
}

function parseRow(body: Buffer, start: number, row: number): { value: unknown; end: number } {
  try {
    const end = endOfJson(body, start, rowLimits);
    const value = parseStrictJson(body.subarray(start, end), rowLimits);
    return { value: isObject(value) ? withTexts(value) : value, end };
  } catch (error) {
    throw error instanceof ApiError ? inRow(row, error.code, error.message) : error;
  }
}

/** Pictures as text: they travel on in JSON. */
function withTexts(members: Record<string, unknown>): Record<string, unknown> {
  for (const [name, value] of Object.entries(members)) {
    if (value instanceof Uint8Array) members[name] = Buffer.from(value).toString("latin1");
    else if (name === "defaults" && isObject(value)) withTexts(value);
  }
  return members;
}

const inRow = (row: number, code: ApiError["code"], detail: string) => new ApiError(code, `Row ${row}: ${detail}`);
