// A dynamic code as clients send and see it, and as redirect gets it.
import type { Caller } from "@qrfactory/auth/caller";
import type { CodeFields, DynamicCode } from "@qrfactory/db/dynamic-codes";
import { checkDestination, type DestinationRules } from "@qrfactory/domain/destination";
import { type PublishedCode, publishedCodeSchema } from "@qrfactory/domain/published-code";
import { normalizeShortId, publicUrl } from "@qrfactory/domain/short-id";
import { z } from "zod";

const nameField = z.string().trim().min(1, "Give the code a name.").max(120, "Use at most 120 characters.");

/** Judged by domain/destination, which has better words than a schema. */
const addressField = z.string();

const momentField = z.iso
  .datetime({ offset: true, error: "Use an RFC 3339 moment such as 2026-12-31T23:59:59Z." })
  .transform((text) => new Date(text));

const tagsField = z.array(z.string().trim().min(1).max(50)).max(20, "Use at most 20 tags.");

const shortIdField = z.string().transform((text, context) => {
  const shortId = normalizeShortId(text);
  if (shortId === null) context.addIssue({ code: "custom", message: "Use 3 to 64 of the characters A-Z, 0-9 and -." });
  return shortId ?? "";
});

const optionalFields = {
  is_active: z.boolean().optional(),
  expires_at: momentField.nullable().optional(),
  fallback_url: addressField.nullable().optional(),
  tags: tagsField.optional(),
};

export const createCodeBody = z.strictObject({
  name: nameField,
  destination_url: addressField,
  short_id: shortIdField.optional(),
  ...optionalFields,
});

export const updateCodeBody = z.strictObject({
  name: nameField.optional(),
  destination_url: addressField.optional(),
  ...optionalFields,
});

/** The columns that a checked body sets; throws `url_refused` for an address that is not allowed. */
export function toFields(body: z.output<typeof updateCodeBody>, rules: DestinationRules): CodeFields {
  const { name, destination_url, is_active, expires_at, fallback_url, tags } = body;
  return {
    ...(name !== undefined && { name }),
    ...(destination_url !== undefined && { destinationUrl: checkDestination(destination_url, rules) }),
    ...(is_active !== undefined && { isActive: is_active }),
    ...(expires_at !== undefined && { expiresAt: expires_at }),
    ...(fallback_url !== undefined && {
      fallbackUrl: fallback_url && checkDestination(fallback_url, rules, "fallback_url"),
    }),
    ...(tags !== undefined && { tags: [...new Set(tags)] }),
  };
}

/** The row of contract section 5. */
export function codeDocument(row: DynamicCode, scanBaseUrl: string) {
  return {
    id: row.id,
    short_id: row.shortId,
    name: row.name,
    destination_url: row.destinationUrl,
    is_active: row.isActive,
    public_url: publicUrl(scanBaseUrl, row.shortId),
    scan_count: Number(row.scanCount),
    last_scanned_at: row.lastScannedAt?.toISOString() ?? null,
    destination_changes_count: row.destinationChangesCount,
    expires_at: row.expiresAt?.toISOString() ?? null,
    max_scans: row.maxScans,
    fallback_url: row.fallbackUrl,
    password_protected: row.passwordHash !== null,
    rules: row.rules,
    variants: row.variants,
    tags: row.tags,
    version: row.version,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}

/** What redirect needs to answer a scan; a deleted code is published as a tombstone. */
export function toPublished(row: DynamicCode): PublishedCode {
  const { id, shortId, version } = row;
  if (row.deletedAt) return { schema: publishedCodeSchema, id, short_id: shortId, version, deleted: true };
  return {
    schema: publishedCodeSchema,
    id,
    workspace_id: row.workspaceId,
    short_id: shortId,
    version,
    destination_url: row.destinationUrl,
    is_active: row.isActive,
    expires_at: row.expiresAt?.toISOString() ?? null,
    fallback_url: row.fallbackUrl,
  };
}

/** How history names a caller. */
export const actorOf = (caller: Caller) => `${caller.kind}:${caller.id}`;
