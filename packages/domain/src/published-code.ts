// A dynamic code as management publishes it and redirect holds it: only what answering a scan needs. Travels as JSON
// through Redis, so it is checked on arrival: one damaged row must never stop the others.
import { z } from "zod";

/** Raised when a field changes its meaning; a table refuses rows of a schema it does not know. */
export const publishedCodeSchema = 1;

/** Longest destination that a row may carry, in characters; the API refuses more than 2,000 before it gets here. */
const destinationLengthMax = 4_000;

const liveCode = z.strictObject({
  schema: z.literal(publishedCodeSchema),
  id: z.uuid(),
  workspace_id: z.uuid(),
  short_id: z.string().regex(/^[A-Z0-9-]{3,64}$/),
  /** Grows by one with every edit; the newest version wins wherever it meets an older one. */
  version: z.int().positive(),
  destination_url: z.string().min(1).max(destinationLengthMax),
  is_active: z.boolean(),
  /** RFC 3339 moment after which the code is expired, or null. */
  expires_at: z.iso.datetime().nullable(),
  /** Where a scan goes when the code is paused or expired, or null for a readable page. */
  fallback_url: z.string().max(destinationLengthMax).nullable(),
});

/** A deletion travels as a row of its own: the absence of a row never means that a code was deleted. */
const tombstone = z.strictObject({
  schema: z.literal(publishedCodeSchema),
  id: z.uuid(),
  short_id: z.string().regex(/^[A-Z0-9-]{3,64}$/),
  version: z.int().positive(),
  deleted: z.literal(true),
});

const publishedCode = z.union([tombstone, liveCode]);

export type LiveCode = z.infer<typeof liveCode>;
export type Tombstone = z.infer<typeof tombstone>;
export type PublishedCode = z.infer<typeof publishedCode>;

export function isTombstone(code: PublishedCode): code is Tombstone {
  return "deleted" in code;
}

/** Reads one published row; null when it is damaged, too large, of a newer schema or has a field it should not have. */
export function parsePublishedCode(json: string): PublishedCode | null {
  try {
    const result = publishedCode.safeParse(JSON.parse(json));
    return result.success ? result.data : null;
  } catch {
    return null;
  }
}
