// What clients may say of a dynamic code, wherever they say it: to create one, to edit it, or to create and draw it in one
// call.
import { z } from "zod";
import { checkDestination, type DestinationRules } from "./destination.js";
import { normalizeShortId } from "./short-id.js";

/** PostgreSQL keeps every character but this one. */
const storable = z.string().refine((text) => !text.includes("\0"), "Remove the character NUL.");

const nameField = storable.trim().min(1, "Give the code a name.").max(120, "Use at most 120 characters.");

/** The folder of a code in the dashboard; null is none. */
export const folderField = storable
  .trim()
  .min(1, "Give the folder a name, or use null for none.")
  .max(100, "Use at most 100 characters.");

/** Judged by domain/destination, which has better words than a schema. */
const addressField = z.string();

/** An RFC 3339 moment with an offset, as a `Date`. */
export const momentField = z.iso
  .datetime({ offset: true, error: "Use an RFC 3339 moment such as 2026-12-31T23:59:59Z." })
  .transform((text) => new Date(text));

const tagsField = z.array(storable.trim().min(1).max(50)).max(20, "Use at most 20 tags.");

/** Columns of the row that scans do not heed yet: the empty value says nothing, any other would be a broken promise. */
const notYet = (empty: null | []) =>
  z
    .custom<undefined>(
      (value) => value === undefined || JSON.stringify(value) === JSON.stringify(empty),
      "Scans do not heed this yet; leave it out.",
    )
    .optional();

/** A short id in any case, as it is stored. */
export const shortIdField = z.string().transform((text, context) => {
  const shortId = normalizeShortId(text);
  if (shortId === null) context.addIssue({ code: "custom", message: "Use 3 to 64 of the characters A-Z, 0-9 and -." });
  return shortId ?? "";
});

const optionalFields = {
  is_active: z.boolean().optional(),
  expires_at: momentField.nullable().optional(),
  fallback_url: addressField.nullable().optional(),
  tags: tagsField.optional(),
  folder: folderField.nullable().optional(),
  max_scans: notYet(null),
  password: notYet(null),
  rules: notYet([]),
  variants: notYet([]),
};

/** Where the API has an address of its own in place of a code's. */
const reservedShortIds = new Set(["EXPORT"]);

const newShortIdField = shortIdField.refine((shortId) => !reservedShortIds.has(shortId), "Choose another short id.");

/** What creates a code. */
export const createCodeBody = z.strictObject({
  name: nameField,
  destination_url: addressField,
  short_id: newShortIdField.optional(),
  ...optionalFields,
});

/** What edits a code. */
export const updateCodeBody = z.strictObject({
  name: nameField.optional(),
  destination_url: addressField.optional(),
  ...optionalFields,
});

/** What a client may set; absent means unchanged, or the default at creation. */
export type CodeFields = {
  name?: string;
  destinationUrl?: string;
  isActive?: boolean;
  expiresAt?: Date | null;
  fallbackUrl?: string | null;
  tags?: string[];
  folder?: string | null;
};

/** The columns that a checked body sets; throws `url_refused` for an address that is not allowed, under `pathPrefix`. */
export function toFields(body: z.output<typeof updateCodeBody>, rules: DestinationRules, pathPrefix = ""): CodeFields {
  const { name, destination_url, is_active, expires_at, fallback_url, tags, folder } = body;
  return {
    ...(name !== undefined && { name }),
    ...(destination_url !== undefined && {
      destinationUrl: checkDestination(destination_url, rules, `${pathPrefix}destination_url`),
    }),
    ...(is_active !== undefined && { isActive: is_active }),
    ...(expires_at !== undefined && { expiresAt: expires_at }),
    ...(fallback_url !== undefined && {
      fallbackUrl: fallback_url && checkDestination(fallback_url, rules, `${pathPrefix}fallback_url`),
    }),
    ...(tags !== undefined && { tags: [...new Set(tags)] }),
    ...(folder !== undefined && { folder }),
  };
}
