// Short ids: what stands behind /q/ in a printed code. Case-insensitive, stored and printed in upper case, because
// upper case lets a QR symbol use its alphanumeric mode (ISO/IEC 18004, 7.4.4) and be a version smaller.
import { randomInt } from "node:crypto";
import { z } from "zod";

/** Letters and digits that are not mistaken for one another in print: no I, L, O, U, 0, 1. */
const drawnAlphabet = "23456789ABCDEFGHJKMNPQRSTVWXYZ";

/** 30^8 ≈ 6.6e11 ids: with 5 million codes a drawn id is taken once in 130,000 draws, and the insert draws again. */
const drawnLength = 8;

/** Draws a short id of 8 characters without look-alikes from the system's secure random source. */
export function drawShortId(): string {
  let id = "";
  for (let i = 0; i < drawnLength; i++) id += drawnAlphabet[randomInt(drawnAlphabet.length)];
  return id;
}

/** The stored spelling of a short id in any case, or null when it is not 3 to 64 of `A-Z 0-9 -`. */
export function normalizeShortId(text: string): string | null {
  // Checked before the case is changed: some letters outside ASCII turn into ASCII ones when upper-cased.
  return /^[A-Za-z0-9-]{3,64}$/.test(text) ? text.toUpperCase() : null;
}

/**
 * The short id that a segment of a path names, or null. An encoded letter, digit or hyphen is the character itself (RFC
 * 3986, 2.3): some apps encode what they open once more.
 */
export function shortIdOfPath(segment: string): string | null {
  const plain = segment.replace(/%(2d|3\d|[46][1-9a-f]|[57][0-9a])/gi, (octet) =>
    String.fromCharCode(Number.parseInt(octet.slice(1), 16)),
  );
  return normalizeShortId(plain);
}

/** The printed address of a code: upper case throughout, e.g. `HTTPS://QR.EXAMPLE/Q/7K2MWX9P`. */
export function publicUrl(scanBaseUrl: string, shortId: string): string {
  return `${scanBaseUrl.replace(/\/+$/, "")}/q/${shortId}`.toUpperCase();
}

/** A short id in any case, as it is stored. */
export const shortIdField = z.string().transform((text, context) => {
  const shortId = normalizeShortId(text);
  if (shortId === null) context.addIssue({ code: "custom", message: "Use 3 to 64 of the characters A-Z, 0-9 and -." });
  return shortId ?? "";
});

/** Where the API has an address of its own in place of a code's. */
const reservedShortIds = new Set(["EXPORT"]);

/** The short id of a code that is to be made. */
export const newShortIdField = shortIdField.refine(
  (shortId) => !reservedShortIds.has(shortId),
  "Choose another short id.",
);
