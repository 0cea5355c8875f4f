// One pass over the bytes of a JSON text, before it is parsed: bounds what parsing it may cost, and finds what
// JSON.parse forgives in silence. The grammar itself is left to JSON.parse.
import { ApiError, refusedField } from "./errors.js";

/** Bounds of a JSON text; one that goes beyond any of them is refused before it is parsed. */
export type JsonLimits = {
  /** Levels of nesting; default 32, deeper than any body of this API. */
  depthMax?: number;
  /** Members and entries in all; default 10,000: bodies of rules with long lists of countries have some 3,000. */
  valuesMax?: number;
  /** Bytes of everything but long texts; default no limit. */
  textBytesMax?: number;
  /** Names of members whose text may be longer than `textBytesMax`, e.g. pictures in base64. */
  longMembers?: ReadonlySet<string>;
  /** Bytes of one such text; default 7.2 MB, a picture of 5 MB in base64 with escaped line breaks. */
  longBytesMax?: number;
};

/** A text of a long member, left where it lies: the bytes between its quotes. */
export type LongText = { path: readonly (string | number)[]; start: number; end: number };

const depthMaxDefault = 32;
const valuesMaxDefault = 10_000;
const longBytesMaxDefault = 7_200_000;
/** Shorter texts of long members are parsed like any other. */
const longBytesMin = 16_384;
/** A number of fewer characters without an exponent is always finite: the largest double has 309 digits. */
const finiteDigitsMax = 300;
/** Half of the bytes of the longest text that is no picture. */
const escapesMax = 131_072;
/** Four levels of indentation take 16. */
const spacesMax = 65_536;
/** Characters of a name that a refusal repeats. */
const shownMax = 64;

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const [openObject, closeObject, openList, closeList] = [0x7b, 0x7d, 0x5b, 0x5d];
const minus = 0x2d;
const isDigit = (byte: number) => byte >= 0x30 && byte <= 0x39;
const numberBytes = new Set([..."0123456789+-.eE"].map((character) => character.charCodeAt(0)));

/** An object or a list that has begun: names so far, or null for a list; and which member or entry is being read. */
type Open = { names: Set<string> | null; at: string | number; isName: boolean };

/**
 * Scans a JSON text and returns its long texts. Throws `malformed_request` for nesting beyond the limit, a member named
 * twice (RFC 8259, section 4, leaves the meaning open) or `__proto__`, and half of a surrogate pair;
 * `validation_failed` for a number beyond a double; `body_too_large` for more values or bytes than the limits allow.
 * Takes about a millisecond a megabyte.
 */
export function scanJson(bytes: Uint8Array, limits: JsonLimits = {}): LongText[] {
  const { depthMax = depthMaxDefault, valuesMax = valuesMaxDefault, longBytesMax = longBytesMaxDefault } = limits;
  const { textBytesMax = Number.POSITIVE_INFINITY } = limits;
  const open: Open[] = [];
  const long: LongText[] = [];
  let values = 0;
  let longBytes = 0;
  let nextEscape = -1;

  /** Whether a backslash lies before `end`; looks at each byte once in all. */
  function hasEscape(start: number, end: number): boolean {
    if (nextEscape < start) nextEscape = indexOrEnd(bytes, backslash, start);
    return nextEscape < end;
  }

  function countValue(): void {
    values += 1;
    if (values > valuesMax) throw tooLarge(`The body holds more than ${valuesMax} members and entries${where(open)}.`);
  }

  for (let at = 0; at < bytes.length; at += 1) {
    if (at - longBytes > textBytesMax) break;
    const byte = bytes[at] as number;
    if (byte === quote) {
      const end = endOfText(bytes, at);
      if (end < 0) break;
      const inside = open.at(-1);
      if (inside?.names && inside.isName) {
        noteName(inside, inside.names, hasEscape(at, end) ? decodeEscaped(bytes, at, end) : decode(bytes, at + 1, end));
      } else if (inside && end - at > longBytesMin && limits.longMembers?.has(String(inside.at))) {
        if (end - at > longBytesMax) throw tooLarge(`${inside.at} is longer than ${longBytesMax} bytes.`);
        long.push({ path: open.map((level) => level.at), start: at + 1, end });
        longBytes += end - at;
      } else if (hasEscape(at, end)) decodeEscaped(bytes, at, end);
      at = end;
    } else if (byte === openObject || byte === openList) {
      countValue();
      if (open.length === depthMax) throw malformed(`The body nests deeper than ${depthMax} levels${where(open)}.`);
      const isObject = byte === openObject;
      open.push({ names: isObject ? new Set() : null, at: isObject ? "" : 0, isName: isObject });
    } else if (byte === closeObject || byte === closeList) {
      open.pop();
    } else if (byte === comma) {
      countValue();
      const inside = open.at(-1);
      if (inside?.names) inside.isName = true;
      else if (inside) inside.at = Number(inside.at) + 1;
    } else if (byte === colon) {
      const inside = open.at(-1);
      if (inside) inside.isName = false;
    } else if (isDigit(byte) || byte === minus) {
      at = checkNumber(bytes, at, open) - 1;
    }
  }
  if (bytes.length - longBytes > textBytesMax) {
    throw tooLarge(`The body is larger than ${textBytesMax} bytes${longNames(limits.longMembers)}.`);
  }
  return long;
}

/**
 * The index of the quote that ends the text that begins at `start`; -1 when none does. Throws `body_too_large` for more
 * quotes or backslashes in it than any text has that may be so long: base64 has none.
 */
function endOfText(bytes: Uint8Array, start: number): number {
  let left = escapesMax;
  for (let end = bytes.indexOf(quote, start + 1); end >= 0; end = bytes.indexOf(quote, end + 1)) {
    let escapes = 0;
    while (escapes <= left && bytes[end - 1 - escapes] === backslash && end - 1 - escapes > start) escapes += 1;
    if (escapes % 2 === 0 && escapes <= left) return end;
    left -= escapes + 1;
    if (left < 0) throw tooLarge(`A text in the body holds more than ${escapesMax} escapes.`);
  }
  return -1;
}

function noteName(inside: Open, names: Set<string>, name: string): void {
  const shown = JSON.stringify(name.slice(0, shownMax));
  if (name === "__proto__") throw malformed(`The member name ${shown} is not allowed.`);
  if (names.has(name)) throw malformed(`The member ${shown} appears more than once.`);
  names.add(name);
  inside.at = name;
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
const decode = (bytes: Uint8Array, start: number, end: number) => utf8.decode(bytes.subarray(start, end));

/** A whole pair is one character of another category. */
const halfSurrogate = /\p{Cs}/u;

/** Unescapes a text; one that is no JSON string is returned as it stands, for JSON.parse to refuse. */
function decodeEscaped(bytes: Uint8Array, start: number, end: number): string {
  const raw = decode(bytes, start, end + 1);
  let text: string;
  try {
    text = JSON.parse(raw) as string;
  } catch {
    return raw;
  }
  if (halfSurrogate.test(text)) throw malformed("The body holds half of a surrogate pair; write whole characters.");
  return text;
}

function indexOrEnd(bytes: Uint8Array, byte: number, start: number): number {
  const at = bytes.indexOf(byte, start);
  return at < 0 ? bytes.length : at;
}

/** The index after a number; throws for one that is beyond a double, which JSON.parse would make infinite. */
function checkNumber(bytes: Uint8Array, start: number, open: readonly Open[]): number {
  let end = start;
  let hasExponent = false;
  for (; numberBytes.has(bytes[end] as number); end += 1) hasExponent ||= ((bytes[end] as number) | 0x20) === 0x65;
  if (!hasExponent && end - start <= finiteDigitsMax) return end;
  const text = decode(bytes, start, end);
  if (Math.abs(Number(text)) === Number.POSITIVE_INFINITY) {
    const path = open.map((level) => level.at).join(".");
    throw refusedField("validation_failed", path, `The number ${text.slice(0, shownMax)} is too large.`);
  }
  return end;
}

/** ` (in "rules")` for what lies in a member of the outermost object. */
function where([outermost]: readonly Open[]): string {
  return outermost?.names && outermost.at !== ""
    ? ` (in ${JSON.stringify(String(outermost.at).slice(0, shownMax))})`
    : "";
}

const longNames = (names: ReadonlySet<string> | undefined) =>
  names?.size ? ` beside ${[...names].join(" and ")}` : "";

const malformed = (detail: string) => new ApiError("malformed_request", detail);
const tooLarge = (detail: string) => new ApiError("body_too_large", detail);

/**
 * The index of the first byte from `at` on that is no white space (RFC 8259, section 2). Throws `body_too_large` for
 * more of it in a row than any layout has.
 */
export function skipSpace(bytes: Uint8Array, at: number): number {
  let next = at;
  while (next - at <= spacesMax && isSpace(bytes[next])) next += 1;
  if (next - at > spacesMax) throw tooLarge(`The body holds more than ${spacesMax} white-space characters in a row.`);
  return next;
}

const isSpace = (byte: number | undefined) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/**
 * The index after the JSON value that begins at `start`; the end of the bytes where it does not end, for JSON.parse to
 * refuse. Throws `body_too_large` as `scanJson` does, before it looks at more bytes than the limits allow.
 */
export function endOfJson(bytes: Uint8Array, start: number, limits: Pick<JsonLimits, "textBytesMax">): number {
  const { textBytesMax = Number.POSITIVE_INFINITY } = limits;
  let depth = 0;
  let longBytes = 0;
  for (let at = start; at < bytes.length; at += 1) {
    if (at - start - longBytes > textBytesMax) throw tooLarge(`It is longer than ${textBytesMax} bytes.`);
    const byte = bytes[at] as number;
    if (byte === quote) {
      const end = endOfText(bytes, at);
      if (end < 0) return bytes.length;
      if (end - at > longBytesMin) longBytes += end - at;
      at = end;
      if (depth === 0) return at + 1;
    } else if (byte === openObject || byte === openList) depth += 1;
    else if (byte === closeObject || byte === closeList) {
      depth -= 1;
      if (depth <= 0) return depth < 0 ? at : at + 1;
    } else if (depth === 0 && (byte === comma || isSpace(byte))) return at;
  }
  return bytes.length;
}
