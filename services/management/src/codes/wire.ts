// A dynamic code as clients see it.

import { nameRouting } from "@qrfactory/codes/routing-ids";
import { publicUrl } from "@qrfactory/codes/short-id";
import type { DynamicCode } from "@qrfactory/db/codes/codes";
import type { CodeVersion } from "@qrfactory/db/codes/history";
import { statusOf } from "@qrfactory/db/codes/status";

/** The row of contract section 5, with its status, its folder and what else leads on; a deleted one says since when. */
export function codeDocument(row: DynamicCode, scanBaseUrl: string, isScheduled = false) {
  return {
    id: row.id,
    short_id: row.shortId,
    name: row.name,
    destination_url: row.destinationUrl,
    is_active: row.isActive,
    status: statusOf(row, isScheduled),
    public_url: publicUrl(scanBaseUrl, row.shortId),
    scan_count: Number(row.scanCount),
    last_scanned_at: row.lastScannedAt?.toISOString() ?? null,
    destination_changes_count: row.destinationChangesCount,
    expires_at: row.expiresAt?.toISOString() ?? null,
    max_scans: row.maxScans,
    fallback_url: row.fallbackUrl,
    password_protected: row.passwordHash !== null,
    ...nameRouting(row),
    forward_query: row.forwardQuery,
    utm: row.utm,
    app_links: row.appLinks,
    tags: row.tags,
    folder: row.folder,
    version: row.version,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
    ...(row.deletedAt && { deleted_at: row.deletedAt.toISOString() }),
  };
}

/** One version in the history of a code. */
export function versionDocument(was: CodeVersion) {
  return {
    version: was.version,
    changed_by: was.changedBy,
    changed_at: was.changedAt.toISOString(),
    destination_url: was.destinationUrl,
    name: was.name,
    is_active: was.isActive,
    expires_at: was.expiresAt?.toISOString() ?? null,
    max_scans: was.maxScans,
    fallback_url: was.fallbackUrl,
    password_protected: was.passwordProtected,
    ...nameRouting(was),
    forward_query: was.forwardQuery,
    utm: was.utm,
    app_links: was.appLinks,
    tags: was.tags,
    folder: was.folder,
    deleted: was.deletedAt !== null,
  };
}
