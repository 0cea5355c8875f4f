// How text beyond ASCII becomes bytes, and whether a symbol says so. Readers' behaviour is measured in
// infra/decisions/0062-text-encoding.md.

/** Choices of a request. */
export const textEncodings = ["auto", "utf-8", "utf-8-eci", "latin-1"] as const;

/**
 * `utf-8` that readers have to recognise, beside kanji mode where that pays; `utf-8-eci` announced by a designator;
 * `latin-1`, which the standard assumes; `auto` what most readers read.
 */
export type TextEncoding = (typeof textEncodings)[number];

/** Assignment number of UTF-8 (AIM ECI, part 3). */
export const utf8Eci = 26;

/** Whether a text has one and the same bytes in every encoding. */
export function isAscii(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are ASCII, too
  return /^[\u0000-\u007f]*$/.test(text);
}

/** The first character that ISO 8859-1 does not hold, or null. */
export function beyondLatin1(text: string): string | null {
  for (const character of text) if ((character.codePointAt(0) as number) > 0xff) return character;
  return null;
}
