// The body of a generate request, as JSON or as a form: its fields as one object, and where its pictures are.

import { fromTextFields } from "@qrfactory/domain/design/text-fields";
import { ApiError, invalidFields } from "@qrfactory/domain/http/errors";
import { isObject } from "@qrfactory/domain/http/json";
import { type BodyLimits, readJsonValue } from "@qrfactory/runtime/http/body";
import { readMultipart } from "@qrfactory/runtime/http/multipart";
import type { Request } from "express";
import { backgroundLimits, logoLimits } from "../pictures/headers/image-header.js";
import { longPictureMembers, type PictureSources, takePictureSources } from "../pictures/pictures.js";
import { signatureFields } from "./signed-url.js";

/** The fields without pictures: text that fits in a QR code, and room to say in better words that it does not. */
const fieldsBytesMax = 200_000;
/** Both pictures in base64 (4 characters for 3 bytes, some with line breaks) and the rest of the fields. */
const allBytesMax = Math.ceil(((logoLimits.bytesMax + backgroundLimits.bytesMax) * 4) / 3) + 400_000;
const bodyLimits: BodyLimits = { bytesMax: fieldsBytesMax, allBytesMax, longMembers: longPictureMembers };

/** Fields of a body without its pictures, and where each of these comes from. */
export type DesignBody = { body: unknown; sources: PictureSources };

/** The fields of an address. Throws `validation_failed` for one that is given twice. */
function queryFields(req: Request): Record<string, string> {
  const fields = new Map<string, string>();
  for (const [name, value] of new URL(req.originalUrl, "http://localhost").searchParams) {
    if ((signatureFields as readonly string[]).includes(name)) continue;
    if (fields.has(name)) {
      throw invalidFields({ [name]: ["Give it once."] });
    }
    fields.set(name, value);
  }
  return Object.fromEntries(fields);
}

/**
 * Reads the fields of a request, from its address and its body, which counts where both say something; throws
 * `unsupported_media_type` for anything but JSON and forms, and what their readers throw.
 */
export async function readDesignBody(req: Request): Promise<DesignBody> {
  const named = fromTextFields(queryFields(req));
  if (req.method !== "POST") return takePictureSources(named, {});
  if (req.is("multipart/form-data")) {
    const { fields, files } = await readMultipart(req, Math.max(logoLimits.bytesMax, backgroundLimits.bytesMax));
    return takePictureSources({ ...named, ...fromTextFields(fields) }, files);
  }
  if (req.headers["content-type"] !== undefined && !req.is("application/json")) {
    throw new ApiError("unsupported_media_type", "Send the body as application/json or multipart/form-data.");
  }
  const body = await readJsonValue(req, bodyLimits);
  // Anything else has no fields: the schema says so.
  return isObject(body) ? takePictureSources({ ...named, ...body }, {}) : { body, sources: {} };
}
