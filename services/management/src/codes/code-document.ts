// A dynamic code as clients see it: its fields by their table, and what the server says of it.

import { showFields } from "@qrfactory/codes/fields/stored";
import { publicUrl } from "@qrfactory/codes/short-id";
import type { DynamicCode } from "@qrfactory/db/codes/codes";
import type { CodeVersion } from "@qrfactory/db/codes/history";
import { statusOf } from "@qrfactory/db/codes/status";

/** The document of contract section 5, with its status; a deleted code says since when. */
export function codeDocument(row: DynamicCode, scanBaseUrl: string, isScheduled = false): Record<string, unknown> {
  return {
    id: row.id,
    short_id: row.shortId,
    public_url: publicUrl(scanBaseUrl, row.shortId),
    status: statusOf(row, isScheduled),
    ...showFields(row),
    scan_count: Number(row.scanCount),
    last_scanned_at: row.lastScannedAt?.toISOString() ?? null,
    destination_changes_count: row.destinationChangesCount,
    version: row.version,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
    ...(row.deletedAt && { deleted_at: row.deletedAt.toISOString() }),
  };
}

/** One version in the history of a code. */
export function versionDocument(was: CodeVersion): Record<string, unknown> {
  return {
    version: was.version,
    changed_by: was.changedBy,
    changed_at: was.changedAt.toISOString(),
    ...showFields(was),
    deleted: was.deletedAt !== null,
  };
}
