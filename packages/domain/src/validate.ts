// From untrusted values to typed ones: zod decides, and its findings become one `validation_failed` that lists every
// field at once.
import { z } from "zod";
import { ApiError, type FieldErrors } from "./errors.js";

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

/** Parses with a schema; throws `validation_failed` that names every bad field and what is wrong with it. */
export function parseInput<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const errors = fieldErrors(result.error);
  const named = Object.keys(errors).filter((path) => path !== "");
  const detail = named.length > 0 ? `Check these fields: ${named.slice(0, 10).join(", ")}.` : "Check the body.";
  throw new ApiError("validation_failed", detail, { errors });
}

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
