// multipart/form-data bodies: a few text fields and a few files, each within its limit, held in memory or handed on as
// they arrive.
import type { Readable } from "node:stream";
import { Busboy, type BusboyFileStream, type BusboyInstance } from "@fastify/busboy";
import { ApiError, invalidFields } from "@qrfactory/domain/http/errors";
import type { Request } from "express";
import { requireUnpacked } from "./body.js";

/** More than the API has fields. */
const fieldsMax = 60;
/** The longest field is a payload: text that fits in a QR code and its JSON around it. */
const fieldBytesMax = 64_000;
const filesMax = 3;
const nameBytesMax = 100;

/** Parts of a form by name: texts, and files as bytes. */
export type Multipart = { fields: Record<string, string>; files: Record<string, Buffer> };

/** Reads a file as it arrives: such a file is not held. An error of `read` refuses the form. */
export type FileReader = { bytesMax: number; read: (stream: Readable) => Promise<unknown> };

/**
 * Reads a whole form; `readers` are those of files by the field they come in. Other files longer than `fileBytesMax`
 * are cut at one byte more, so that their checks find them too long. Throws `malformed_request` for a broken form,
 * `body_too_large`, `validation_failed` for a field that comes twice, `unsupported_media_type` for an encoded body.
 */
export function readMultipart(
  req: Request,
  fileBytesMax: number,
  readers: Record<string, FileReader> = {},
): Promise<Multipart> {
  requireUnpacked(req);
  const fields: Record<string, string> = Object.create(null);
  const files: Record<string, Buffer> = Object.create(null);
  const reading: Promise<unknown>[] = [];
  return new Promise((resolve, reject) => {
    let hasFailed = false;
    const fail = (error: unknown) => {
      // Fields that have arrived are still checked: of many mistakes the first is told.
      if (hasFailed) return;
      hasFailed = true;
      req.unpipe();
      // The rest of the body is not read: the connection ends with the answer.
      req.resume();
      reject(error instanceof ApiError ? error : malformed(error));
    };
    const claim = (name: string) => {
      if (hasFailed) return false;
      if (!(name in fields) && !(name in files)) return true;
      fail(invalidFields({ [name]: ["Give it once."] }));
      return false;
    };
    let form: BusboyInstance;
    try {
      form = Busboy({
        headers: req.headers as { "content-type": string },
        limits: {
          fieldNameSize: nameBytesMax,
          fieldSize: fieldBytesMax,
          fields: fieldsMax,
          files: filesMax,
          fileSize: Math.max(fileBytesMax, ...Object.values(readers).map(({ bytesMax }) => bytesMax)) + 1,
          headerPairs: 20,
        },
      });
    } catch (error) {
      return fail(error);
    }
    form.on("field", (name, value, _nameCut, valueCut) => {
      if (valueCut) fail(new ApiError("body_too_large", `The field ${name} is longer than ${fieldBytesMax} bytes.`));
      else if (claim(name)) fields[name] = value;
    });
    form.on("file", (name: string, stream: BusboyFileStream) => {
      const reader = Object.hasOwn(readers, name) ? readers[name] : undefined;
      if (reader) {
        if (!claim(name)) return void stream.resume();
        files[name] = Buffer.alloc(0);
        stream.on("limit", () =>
          fail(new ApiError("body_too_large", `The file is larger than ${reader.bytesMax} bytes.`)),
        );
        const read = reader.read(stream);
        read.catch(fail);
        reading.push(read);
        return;
      }
      const chunks: Buffer[] = [];
      let room = fileBytesMax + 1;
      stream.on("data", (chunk: Buffer) => {
        if (room > 0) chunks.push(chunk.subarray(0, room));
        room -= chunk.length;
      });
      stream.on("end", () => {
        if (claim(name)) files[name] = Buffer.concat(chunks);
      });
      stream.on("error", fail);
    });
    form.on("fieldsLimit", () => fail(malformed(new Error("too many fields"))));
    form.on("filesLimit", () => fail(malformed(new Error("too many files"))));
    form.on("error", fail);
    form.on("finish", () => void Promise.all(reading).then(() => resolve({ fields, files }), fail));
    req.on("aborted", () => fail(new Error("aborted")));
    req.pipe(form);
  });
}

const malformed = (cause: unknown) =>
  new ApiError("malformed_request", "The body is not a form (multipart/form-data) that could be read.", { cause });
