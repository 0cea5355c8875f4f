// Reading and writing JSON without surprises: what JSON.parse forgives silently is refused here, and two texts that
// mean the same have one canonical form.
import canonicalize from "canonicalize";
import { ApiError } from "./errors.js";
import { type JsonLimits, type LongText, scanJson } from "./json-scan.js";

/**
 * Parses JSON: text, or its bytes in UTF-8. Throws `malformed_request` for what is not JSON, and as `scanJson` does.
 * The value of a long member is the bytes between its quotes, a view of the input.
 */
export function parseStrictJson(input: string | Uint8Array, limits: JsonLimits = {}): unknown {
  const bytes = typeof input === "string" ? utf8Of.encode(input) : input;
  const long = scanJson(bytes, limits);
  const value = parse(long.length === 0 && typeof input === "string" ? input : decodeAround(bytes, long));
  for (const { path, start, end } of long) put(value, path, bytes.subarray(start, end));
  return value;
}

const utf8Of = new TextEncoder();

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ApiError("malformed_request", "The body is not valid JSON.", { cause });
  }
}

/** The text with nothing between the quotes of its long texts. */
function decodeAround(bytes: Uint8Array, long: readonly LongText[]): string {
  const utf8 = new TextDecoder("utf-8", { fatal: true });
  const starts = [0, ...long.map(({ end }) => end)];
  const ends = [...long.map(({ start }) => start), bytes.length];
  try {
    return starts.map((start, index) => utf8.decode(bytes.subarray(start, ends[index]))).join("");
  } catch (cause) {
    throw new ApiError("malformed_request", "The body is not valid UTF-8.", { cause });
  }
}

/** Sets the value at a path that a scan has found. */
function put(value: unknown, path: LongText["path"], bytes: Uint8Array): void {
  let holder = value as Record<string | number, unknown>;
  for (const step of path.slice(0, -1)) holder = holder[step] as Record<string | number, unknown>;
  holder[path.at(-1) as string | number] = bytes;
}

/** The canonical text of a JSON value (RFC 8785): member order and white space do not matter, everything else does. */
export function canonicalJson(value: unknown): string {
  const text = (canonicalize as unknown as (value: unknown) => string | undefined)(value);
  if (text === undefined) throw new TypeError("Only JSON values have a canonical form");
  return text;
}

/** The value of JSON text, as forgiving as JSON.parse; undefined for what is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a JSON value is an object, neither null nor an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
