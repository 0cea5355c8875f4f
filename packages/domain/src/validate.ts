// From untrusted values to typed ones: zod decides, and its findings become one `validation_failed` that lists every
// field at once.
import { z } from "zod";
import { type FieldErrors, invalidFields } from "./errors.js";

/** Field path → messages, e.g. `{ "rules.0.when": ["…"] }`; unknown fields are listed under their own names. */
export function fieldErrors(error: z.ZodError): FieldErrors {
  // A map, because a field may be called `constructor`.
  const errors = new Map<string, string[]>();
  const add = (path: PropertyKey[], message: string) => {
    const key = path.map(String).join(".");
    errors.set(key, [...(errors.get(key) ?? []), message]);
  };
  for (const issue of error.issues) {
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) add([...issue.path, key], "This field is not known here.");
    } else {
      add(issue.path, issue.message);
    }
  }
  return Object.fromEntries(errors);
}

/** What zod says in its own terms, in those of who sends a request; a schema's own words are used before these. */
function plainly(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      if (issue.input === undefined) return "This field is required.";
      return issue.expected === "int" ? "Use a whole number." : `Use ${named[issue.expected] ?? issue.expected}.`;
    case "invalid_value":
      return `Use ${issue.values.length > 1 ? "one of: " : ""}${issue.values.map(String).join(", ")}.`;
    case "too_small":
      return `Use ${issue.minimum} or more${unitOf(issue.origin)}.`;
    case "too_big":
      return `Use at most ${issue.maximum}${unitOf(issue.origin)}.`;
    default:
      return undefined;
  }
}

const named: Record<string, string> = {
  string: "a text",
  number: "a number",
  boolean: "true or false",
  object: "an object",
  record: "an object",
  array: "a list",
};

const unitOf = (origin: string) => (origin === "string" ? " characters" : origin === "array" ? " entries" : "");

/** Parses with a schema; throws `validation_failed` that names every bad field and what is wrong with it. */
export function parseInput<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value, { error: plainly });
  if (result.success) return result.data;
  throw invalidFields(fieldErrors(result.error));
}

/** Text that can be stored: PostgreSQL keeps every character but this one. */
export const storable = z.string().refine((text) => !text.includes("\0"), "Remove the character NUL.");

export type ListLength = { min?: number; max: number; message?: string };

/**
 * A list of `min` to `max` entries: of a longer one no entry is looked at, so that its refusal costs nothing. `message`
 * is said of one that is too long.
 */
export const listOf = <Entry extends z.ZodType>(entry: Entry, { min = 0, max, message }: ListLength) =>
  z.array(z.unknown()).min(min).max(max, message).pipe(z.array(entry));

/** Of what takes nothing: every field is one too many. */
export const noFields = z.strictObject({});

/** `page` and `page_size` of every list (contract, section 1). */
export const pageQuery = z.strictObject({
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
  page_size: z.coerce.number().int().min(1).max(100).default(25),
});

/** `cursor` and `limit` of every stream of events (contract, section 1). */
export const streamQuery = z.strictObject({
  cursor: z.string().max(1_000).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(25),
});
