// Which code a request is about, and in which version.

import { normalizeShortId } from "@qrfactory/codes/short-id";
import { noSuchCode } from "@qrfactory/db/codes/codes";
import { ApiError } from "@qrfactory/domain/http/errors";
import type { Request } from "express";

/** The `:short_id` of the path as it is stored; throws `not_found` where no code can be. */
export function readShortId(req: Request): string {
  const shortId = normalizeShortId(String(req.params.short_id));
  if (shortId === null) throw noSuchCode();
  return shortId;
}

/** More tags than anybody lists; the rest is not looked at. */
const tagsMax = 50;

/**
 * The versions that a change asks for. `If-Match: "7"` as our ETag spells it, or a list of them (RFC 9110,
 * 13.1.1), a weak one for a compressed answer among them; without quotes it is understood too. `*` asks only that the
 * code exists. Throws `version_mismatch` where no tag is a version, and for `If-None-Match: *`, which asks that it does
 * not.
 */
export function readIfMatch(req: Request): { ifVersions?: readonly number[] } {
  if (req.get("If-None-Match")?.trim() === "*") {
    throw new ApiError("version_mismatch", "If-None-Match: * asks that there is no such code yet, and there is.");
  }
  const header = req.get("If-Match");
  if (header === undefined || header.trim() === "*") return {};
  const tags = header.split(",", tagsMax).map((tag) => /^\s*(?:W\/)?"?(\d{1,9})"?\s*$/.exec(tag)?.[1]);
  const ifVersions = tags.flatMap((version) => (version === undefined ? [] : [Number(version)]));
  if (ifVersions.length === 0) {
    throw new ApiError("version_mismatch", 'If-Match must be the version that was read, such as "7".');
  }
  return { ifVersions };
}
