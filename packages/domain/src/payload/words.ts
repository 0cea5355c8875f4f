// Texts inside a payload. A control character could make two fields of one, so none passes; a line break passes only
// where a field has lines, and is written in that format's own way.
import { z } from "zod";

/** C0 and C1 controls, and what Unicode counts as line breaks: readers differ in which of them end a line. */
const control = /[\p{Cc}\u2028\u2029]/u;

const anyLineBreak = /\r\n|[\n\r\u0085\u2028\u2029]/g;

/** Says that a field is missing, in the words used everywhere; leaves other mistakes to the schema. */
export const requiredOr = (otherwise: string) => ({
  error: (issue: { input?: unknown }) => (issue.input === undefined ? "This field is required." : otherwise),
});

/**
 * Why a text is not Unicode; null when it is. Half of a pair has no UTF-8 form: what is scanned would be another text.
 */
export function unicodeMistake(text: string): string | null {
  return /\p{Surrogate}/u.test(text) ? "The text is not valid Unicode: it holds half of a surrogate pair." : null;
}

/** Why a text of one line cannot be used; null when it can. */
export function lineMistake(text: string): string | null {
  return unicodeMistake(text) ?? (control.test(text) ? "Remove the line breaks and control characters." : null);
}

/** A text of one line, 1 to `charactersMax` UTF-16 units, not blank. */
export function line(charactersMax: number) {
  return z
    .string(requiredOr("Give a text."))
    .max(charactersMax, `Use at most ${charactersMax} characters.`)
    .superRefine((text, context) => {
      const mistake = text.trim() === "" ? "Give at least one visible character." : lineMistake(text);
      if (mistake) context.addIssue({ code: "custom", message: mistake });
    });
}

/**
 * A text that may have lines: every kind of line break becomes `\n`; tabs stay, other control characters are refused.
 */
export function lines(charactersMax: number) {
  return z
    .string(requiredOr("Give a text."))
    .max(charactersMax, `Use at most ${charactersMax} characters.`)
    .transform((text) => text.replace(anyLineBreak, "\n"))
    .superRefine((text, context) => {
      const mistake =
        text.trim() === "" ? "Give at least one visible character." : lineMistake(text.replace(/[\n\t]/g, ""));
      if (mistake) context.addIssue({ code: "custom", message: mistake });
    });
}
