// The line format that vCard and iCalendar share (RFC 2425, 5.8.1; RFC 5545, 3.1): CRLF after every line, long lines
// folded, texts escaped.

/** Octets in a line, its CRLF not counted. */
const octetsMax = 75;

/** A text value: backslash, semicolon, comma and line breaks escaped (RFC 2426, 5; RFC 5545, 3.3.11). */
export function escapeText(text: string): string {
  return text.replace(/[\\;,]/g, "\\$&").replaceAll("\n", "\\n");
}

/** Several parts of one value, e.g. those of a name. */
export function escapeParts(parts: readonly string[]): string {
  return parts.map(escapeText).join(";");
}

/**
 * A character, with the backslash that escapes it: a common reader drops a semicolon that it finds alone in a new line.
 */
const unfoldable = /\\?[\s\S]/gu;

/**
 * Folds a line after at most 75 octets of UTF-8, never inside a character nor behind a backslash; the lines after the
 * first begin with a space.
 */
function foldLine(line: string): string {
  let folded = "";
  let octets = 0;
  for (const [character] of line.matchAll(unfoldable)) {
    const size = Buffer.byteLength(character);
    if (octets + size > octetsMax) {
      folded += "\r\n ";
      octets = 1;
    }
    folded += character;
    octets += size;
  }
  return folded;
}

/** The lines as they are written into a code. */
export function contentLines(lines: readonly string[]): string {
  return lines.map((line) => `${foldLine(line)}\r\n`).join("");
}
