// From untrusted values to typed ones: zod decides, and its findings become one `validation_failed` that lists every
// field at once.

import { z } from "zod";
import { lengthsMax, tooLongFor } from "../limits.js";
import { invalidFields } from "./errors.js";
import type { FieldErrors } from "./field-errors.js";
import { unknownField, useOneOf } from "./suggest.js";

/** The path of what is wrong with a body or a query as a whole. */
const wholeDefault = "body";

/**
 * Field path → messages, e.g. `{ "rules.0.when": ["…"] }`; unknown fields are listed under their own names, mistakes of
 * the whole under `whole`.
 */
function fieldErrors(error: z.ZodError, whole: string): FieldErrors {
  // A map, because a field may be called `constructor`.
  const errors = new Map<string, string[]>();
  const add = (path: PropertyKey[], message: string) => {
    const key = path.map(String).join(".") || whole;
    errors.set(key, [...(errors.get(key) ?? []), message]);
  };
  for (const issue of error.issues) {
    if (issue.code === "unrecognized_keys") {
      const messages = issue.message.split("\n");
      for (const [at, key] of issue.keys.entries()) add([...issue.path, key], messages[at] ?? unknownField(key, []));
    } else {
      add(issue.path, issue.message);
    }
  }
  return Object.fromEntries(errors);
}

/** zod's messages in the terms of clients; a schema's own words are used before these. */
function plainly(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      if (issue.input === undefined) return "This field is required.";
      return issue.expected === "int" ? "Use a whole number." : `Use ${named[issue.expected] ?? issue.expected}.`;
    case "invalid_value":
      return useOneOf(issue.input, issue.values.map(String));
    case "unrecognized_keys":
      return unknownFields()(issue);
    case "too_small":
      return `Use ${issue.minimum} or more${unitOf(issue.origin)}.`;
    case "too_big":
      return `Use at most ${issue.maximum}${unitOf(issue.origin)}.`;
    default:
      return undefined;
  }
}

/**
 * Message about the unknown fields of an object, a line for each of them, for an issue has one message; `others` are
 * names that are read before the schema sees the rest.
 */
export const unknownFields =
  (others: readonly string[] = []) =>
  (issue: z.core.$ZodRawIssue): string | undefined => {
    if (issue.code !== "unrecognized_keys") return undefined;
    const shape = issue.inst instanceof z.ZodObject ? Object.keys(issue.inst.shape) : [];
    return issue.keys.map((key) => unknownField(key, [...shape, ...others])).join("\n");
  };

const named: Record<string, string> = {
  string: "a text",
  number: "a number",
  boolean: "true or false",
  object: "an object",
  record: "an object",
  array: "a list",
};

const unitOf = (origin: string) => (origin === "string" ? " characters" : origin === "array" ? " entries" : "");

/** Mistakes of a value by a schema: field → messages; null when there are none. */
export function mistakesIn(schema: z.ZodType, value: unknown, whole = wholeDefault): FieldErrors | null {
  const { error } = schema.safeParse(value, { error: plainly });
  return error ? fieldErrors(error, whole) : null;
}

/** Parses with a schema; throws `validation_failed` that names every bad field and what is wrong with it. */
export function parseInput<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value, { error: plainly });
  if (result.success) return result.data;
  throw invalidFields(fieldErrors(result.error, wholeDefault));
}

/** A number within bounds; the message of every refusal says both. */
export const numberFrom = (min: number, max: number) => {
  const error = sayBounds("a number", min, max);
  return z.number(error).min(min, error).max(max, error);
};

/** A whole number within bounds; the message of every refusal says both. */
export const wholeFrom = (min: number, max: number) => {
  const error = sayBounds("a whole number", min, max);
  return z.int(error).min(min, error).max(max, error);
};

const sayBounds = (kind: string, min: number, max: number) => ({
  error: ({ input }: { input?: unknown }) =>
    input === undefined ? "This field is required." : `Use ${kind} from ${min} to ${max.toLocaleString("en-US")}.`,
});

/** Text that can be stored: PostgreSQL keeps every character but this one. */
export const storable = z.string().refine((text) => !text.includes("\0"), "Remove the character NUL.");

/** A name; `missing` is said of none. */
export const nameField = (missing: string) =>
  storable.trim().min(1, missing).max(lengthsMax.name, tooLongFor(lengthsMax.name));

/** Bounds of a list's length, both included, and the sentence for any other length. */
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
  cursor: z.string().max(lengthsMax.cursor).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(25),
});
