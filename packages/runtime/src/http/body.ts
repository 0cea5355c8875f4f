// Request bodies: their bytes up to a limit, JSON that is parsed strictly and checked by a schema. The cost of a body
// is bounded before it is parsed.
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate } from "node:zlib";
import { ApiError } from "@qrfactory/domain/http/errors";
import { parseStrictJson } from "@qrfactory/domain/http/json";
import type { JsonLimits } from "@qrfactory/domain/http/json-scan";
import { parseInput } from "@qrfactory/domain/http/validate";
import type { Request } from "express";
import type { z } from "zod";
import { makeBreather } from "../load/breather.js";

/** A code with fifty rules and addresses of 2,000 characters takes half of it. */
const jsonBytesMaxDefault = 262_144;

/** Text with much repetition shrinks to a fiftieth; a body that grows more than this was made to. */
const unpackedRatioMax = 100;
/** Small bodies may grow more: a few hundred bytes of white space harm nobody. */
const unpackedBytesFree = 16_384;

/** Bounds of a JSON body. */
export type BodyLimits = Pick<JsonLimits, "valuesMax" | "longMembers"> & {
  /** Bytes of the body, unpacked, long members apart; default 256 KiB. */
  bytesMax?: number;
  /** Bytes of the body with its long members; default `bytesMax`. */
  allBytesMax?: number;
};

const tooLarge = (limit: number) => new ApiError("body_too_large", `The body is larger than ${limit} bytes.`);
const cutShort = () => new ApiError("malformed_request", "The body ended before its announced length.");

type Unpack = (bytes: Buffer, options: { maxOutputLength: number; chunkSize: number }) => Promise<Buffer>;

/** Bytes that are unpacked between two turns of the loop. */
const unpackedAtOnce = 262_144;

/** Content-Encoding → what undoes it, in a thread of its own (RFC 9110, 8.4.1). */
const encodings: Record<string, Unpack> = {
  gzip: promisify(gunzip),
  "x-gzip": promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};

const encodingOf = (req: Request) => (req.headers["content-encoding"] ?? "identity").trim().toLowerCase();

/**
 * Reads and unpacks the whole body; an absent one is empty. Throws `body_too_large` beyond `bytesMax` or for a body
 * that grows more than a hundredfold when it is unpacked, `unsupported_media_type` for an encoding other than gzip,
 * deflate and br, `malformed_request` for a body that is cut short or damaged.
 */
export async function readBytes(req: Request, bytesMax: number): Promise<Buffer> {
  const encoding = encodingOf(req);
  const unpack = Object.hasOwn(encodings, encoding) ? encodings[encoding] : undefined;
  if (!unpack && encoding !== "identity") {
    throw new ApiError("unsupported_media_type", "This Content-Encoding is not supported; use gzip, deflate or br.");
  }
  const bytes = await readPacked(req, bytesMax);
  if (!unpack || bytes.length === 0) return bytes;
  const grownMax = Math.max(unpackedBytesFree, unpackedRatioMax * bytes.length);
  const options = { maxOutputLength: Math.min(bytesMax, grownMax), chunkSize: Math.min(bytesMax, unpackedAtOnce) };
  return unpack(bytes, options).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ERR_BUFFER_TOO_LARGE") {
      throw new ApiError("malformed_request", `The body is not valid ${encoding}.`, { cause: error });
    }
    if (bytesMax <= grownMax) throw tooLarge(bytesMax);
    throw new ApiError(
      "body_too_large",
      `The body grows to more than ${unpackedRatioMax} times its size when it is unpacked; send it as it is.`,
    );
  });
}

/** Throws `unsupported_media_type` for a body that is encoded: for those that are read as they arrive. */
export function requireUnpacked(req: Request): void {
  if (encodingOf(req) === "identity") return;
  throw new ApiError("unsupported_media_type", "Send this kind of body without a Content-Encoding.");
}

/** Reads the bytes as they were sent. The rest of a body that is refused is thrown away as it comes. */
async function readPacked(req: Request, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    if (Number(req.headers["content-length"] ?? 0) > bytesMax) throw tooLarge(bytesMax);
    // Gone while its caller was looked up: nothing more would be told of it.
    if (req.destroyed) throw cutShort();
    await new Promise<void>((resolve, reject) => {
      req.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length > bytesMax) reject(tooLarge(bytesMax));
      });
      req.once("end", resolve);
      // Comes after the end, too; an error that nobody sees would cost its stack.
      req.once("close", () => req.readableEnded || reject(cutShort()));
      req.once("error", (cause) => reject(new ApiError("malformed_request", "The body could not be read.", { cause })));
    });
  } catch (error) {
    req.removeAllListeners("data").resume();
    throw error;
  }
  return join(chunks, length);
}

/** One buffer of all chunks, filled in slices of time: 20 MB of fresh memory take some 50 ms. */
async function join(chunks: Buffer[], length: number): Promise<Buffer> {
  const [only] = chunks;
  if (only && chunks.length === 1) return only;
  const breathe = makeBreather();
  const whole = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (const chunk of chunks) {
    at += chunk.copy(whole, at);
    await breathe();
  }
  return whole;
}

/**
 * Reads a JSON body and checks it with a schema. Throws `unsupported_media_type` for another Content-Type,
 * `malformed_request` for text that is not strict JSON, `body_too_large`, `validation_failed` naming the bad fields.
 */
export async function readJson<Schema extends z.ZodType>(
  req: Request,
  schema: Schema,
  limits: BodyLimits = {},
): Promise<z.output<Schema>> {
  return parseInput(schema, await readJsonValue(req, limits));
}

/**
 * As `readJson`, without a schema. An absent body reads as `{}`, so that the schema names what is missing. A long
 * member is the bytes of its text.
 */
export async function readJsonValue(req: Request, limits: BodyLimits = {}): Promise<unknown> {
  const { bytesMax = jsonBytesMaxDefault, allBytesMax = bytesMax, ...scanned } = limits;
  const bytes = await readBytes(req, allBytesMax);
  if (bytes.length === 0) return {};
  requireJson(req);
  return parseStrictJson(bytes, { ...scanned, textBytesMax: bytesMax });
}

/** Throws `unsupported_media_type` unless the body is said to be JSON. */
export function requireJson(req: Request): void {
  if (!req.is("application/json")) {
    throw new ApiError("unsupported_media_type", "Send the body as application/json.");
  }
}
