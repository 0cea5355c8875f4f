// Addresses inside codes, of any scheme that opens something and runs nothing. They are encoded exactly as given, so
// they are judged and never rewritten.

import { z } from "zod";
import { parseUrl } from "../http/parse-url.js";
import { lengthsMax, tooLongFor } from "../limits.js";
import { requiredOr, unicodeMistake } from "./words.js";

/** Schemes that run code when they are opened. */
const refusedSchemes = ["javascript", "data", "vbscript"];

/** Why a text cannot be encoded at all; null when it can. */
export function textMistake(text: string): string | null {
  return text === "" ? "Give at least one character." : unicodeMistake(text);
}

/** Why a text is not an absolute URI (RFC 3986, 4.3) that may be encoded; null when it is. */
export function uriMistake(uri: string): string | null {
  const mistake = textMistake(uri);
  if (mistake) return mistake;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: URL parsers silently drop tabs and line breaks
  if (/[\u0000-\u0020\u007f-\u00a0\u2028\u2029]/.test(uri)) {
    return "A URL holds no spaces and no control characters; percent-encode them, or use data_type text.";
  }
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):./.exec(uri)?.[1]?.toLowerCase();
  if (scheme === undefined) return "Give an absolute URL such as https://example.com, or use data_type text.";
  if (refusedSchemes.includes(scheme)) return `URLs of the scheme ${scheme} are not allowed.`;
  const web = scheme === "http" || scheme === "https";
  if (web && !(/^https?:\/\/[^/]/i.test(uri) && parseUrl(uri) !== null))
    return "This is not a valid http or https URL.";
  return null;
}

/** An address as a field of a contact or an event. */
export const link = z
  .string(requiredOr("Give an address such as https://example.com."))
  .max(lengthsMax.webAddress, tooLongFor(lengthsMax.webAddress))
  .superRefine((uri, context) => {
    // No URI holds a backslash (RFC 3986, 2), and some readers of vCards take one for the start of an escape.
    const mistake = uri.includes("\\") ? "Percent-encode the backslash as %5C." : uriMistake(uri);
    if (mistake) context.addIssue({ code: "custom", message: mistake.replace(", or use data_type text", "") });
  });
