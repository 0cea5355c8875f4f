// Reading and writing JSON without surprises: what JSON.parse forgives silently is refused here, and two texts that
// mean the same have one canonical form.
import canonicalize from "canonicalize";
import { ApiError } from "./errors.js";

/** Deeper nesting than any body of this API needs; stops a body of brackets from exhausting the stack later on. */
const depthMax = 32;

const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;

/**
 * Parses JSON text; throws `malformed_request` for text that is not JSON, nests deeper than 32, names a member twice
 * (RFC 8259, section 4, leaves the meaning of that open), names one `__proto__`, or holds half a surrogate pair, which
 * no UTF-8 could give back as it came.
 */
export function parseStrictJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ApiError("malformed_request", "The body is not valid JSON.", { cause });
  }
  checkMembers(text);
  return value;
}

const surrogateEscape = /\\u[dD][89a-fA-F]/;
/** A whole pair is one character of another category. */
const halfSurrogate = /\p{Cs}/u;

/** Walks the tokens of a text already known to be JSON, with the set of member names of each open object. */
function checkMembers(text: string): void {
  const open: (Set<string> | null)[] = [];
  let last = "";
  for (const [token] of text.matchAll(tokens)) {
    if (surrogateEscape.test(token) && halfSurrogate.test(JSON.parse(token))) {
      throw new ApiError("malformed_request", "The body holds half of a surrogate pair; write whole characters.");
    }
    if (token === "{" || token === "[") {
      open.push(token === "{" ? new Set() : null);
      if (open.length > depthMax) {
        throw new ApiError("malformed_request", `The body nests deeper than ${depthMax} levels.`);
      }
    } else if (token === "}" || token === "]") {
      open.pop();
    } else if (token === ":") {
      noteMember(open.at(-1), last);
    }
    last = token;
  }
}

function noteMember(names: Set<string> | null | undefined, token: string): void {
  if (!names) return;
  const name = JSON.parse(token) as string;
  if (name === "__proto__") throw new ApiError("malformed_request", 'The member name "__proto__" is not allowed.');
  if (names.has(name)) {
    throw new ApiError("malformed_request", `The member ${JSON.stringify(name.slice(0, 64))} appears more than once.`);
  }
  names.add(name);
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
