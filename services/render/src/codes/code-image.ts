// GET /api/v1/dynamic/{short_id}/image/: the image of a code, in a design that the query describes. It costs what any
// image costs, but for a client that has this very image already.

import { normalizeShortId } from "@qrfactory/codes/short-id";
import { noSuchCode } from "@qrfactory/db/codes/codes";
import { invalidFields } from "@qrfactory/domain/http/errors";
import type { Request } from "express";
import { type DesignBody, readDesignBody } from "../generate/request-body.js";

/** Kept by the browser that asked, and asked about each time it is shown: a 304 costs nothing. */
export const codeImageHeaders = () => ({ "Cache-Control": "private, no-cache" });

/** Fields that name the content; here the path does. */
const contentFields = ["data", "data_type", "payload"];

/**
 * The request that a path and its query stand for; throws `validation_failed`, or `not_found` for what is no short id.
 */
export async function readCodeImageBody(req: Request): Promise<DesignBody> {
  const shortId = normalizeShortId(String(req.params.short_id));
  if (shortId === null) throw noSuchCode();
  const { body, sources } = await readDesignBody(req);
  const fields = body as Record<string, unknown>;
  const named = contentFields.filter((name) => fields[name] !== undefined);
  if (named.length > 0) {
    const reason = "The address says what is drawn; leave this out.";
    throw invalidFields(Object.fromEntries(named.map((name) => [name, [reason]])));
  }
  return { body: { ...fields, data_type: "dynamic", payload: { short_id: shortId } }, sources };
}
