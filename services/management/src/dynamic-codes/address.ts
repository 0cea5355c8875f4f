// Which code a request is about, and in which version.
import { noSuchCode } from "@qrfactory/db/dynamic-codes";
import { ApiError } from "@qrfactory/domain/errors";
import { normalizeShortId } from "@qrfactory/domain/short-id";
import type { Request } from "express";

/** The `:short_id` of the path as it is stored; throws `not_found` where no code can be. */
export function readShortId(req: Request): string {
  const shortId = normalizeShortId(String(req.params.short_id));
  if (shortId === null) throw noSuchCode();
  return shortId;
}

/**
 * `If-Match: "7"`, as our ETag spells it; without quotes it is understood too. `*` asks only that the code exists.
 * Throws `version_mismatch` for anything else.
 */
export function readIfMatch(req: Request): { ifVersion?: number } {
  const header = req.get("If-Match");
  if (header === undefined || header.trim() === "*") return {};
  const version = /^\s*(?:W\/)?"?(\d{1,9})"?\s*$/.exec(header)?.[1];
  if (version === undefined) {
    throw new ApiError("version_mismatch", 'If-Match must be the version that was read, such as "7".');
  }
  return { ifVersion: Number(version) };
}
