// Request bodies: read whole up to a limit, parsed strictly, checked by a schema.
import { ApiError } from "@qrfactory/domain/errors";
import { parseStrictJson } from "@qrfactory/domain/json";
import { parseInput } from "@qrfactory/domain/validate";
import express, { type Request } from "express";
import type { z } from "zod";

/** Far above any JSON body of this API without images. */
const jsonBytesMax = 1_000_000;

/** What body-parser reports, in our words. */
const failures: Record<string, (limit: number) => ApiError> = {
  "entity.too.large": (limit) => new ApiError("body_too_large", `The body is larger than ${limit} bytes.`),
  "encoding.unsupported": () => new ApiError("unsupported_media_type", "This Content-Encoding is not supported."),
  "charset.unsupported": () => new ApiError("unsupported_media_type", "JSON is read as UTF-8."),
  "request.aborted": () => new ApiError("malformed_request", "The body ended before its announced length."),
  "request.size.invalid": () => new ApiError("malformed_request", "The body is not as long as announced."),
};

/** Reads the whole body; throws `body_too_large` beyond `bytesMax`. An absent body is empty. */
async function readBytes(req: Request, bytesMax: number): Promise<Buffer> {
  const read = express.raw({ type: () => true, limit: bytesMax });
  await new Promise<void>((resolve, reject) => {
    // The parser needs a response only by type.
    read(req, req.res as NonNullable<typeof req.res>, (error?: unknown) => {
      if (error === undefined) return resolve();
      const type = (error as { type?: string }).type ?? "";
      reject(
        failures[type]?.(bytesMax) ??
          new ApiError("malformed_request", "The body could not be read.", { cause: error }),
      );
    });
  });
  return Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0);
}

/**
 * Reads a JSON body and checks it with a schema. Throws `unsupported_media_type` for another Content-Type,
 * `malformed_request` for text that is not strict JSON, `validation_failed` naming every bad field.
 */
export async function readJson<Schema extends z.ZodType>(
  req: Request,
  schema: Schema,
  bytesMax: number = jsonBytesMax,
): Promise<z.output<Schema>> {
  return parseInput(schema, await readJsonValue(req, bytesMax));
}

/** As `readJson`, without a schema. An absent body reads as `{}`, so that the schema names what is missing. */
export async function readJsonValue(req: Request, bytesMax: number = jsonBytesMax): Promise<unknown> {
  const bytes = await readBytes(req, bytesMax);
  if (bytes.length === 0) return {};
  if (!req.is("application/json")) {
    throw new ApiError("unsupported_media_type", "Send the body as application/json.");
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ApiError("malformed_request", "The body is not valid UTF-8.", { cause });
  }
  return parseStrictJson(text);
}
