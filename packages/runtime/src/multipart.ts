// multipart/form-data bodies: a few text fields and a few files, each within its limit, held in memory or handed on as
// they arrive.
import type { Readable } from "node:stream";
import { Busboy, type BusboyFileStream, type BusboyInstance } from "@fastify/busboy";
import { ApiError, invalidFields } from "@qrfactory/domain/errors";
import type { Request } from "express";

/** More than the API has fields. */
const fieldsMax = 60;
/** The longest field is a payload: text that fits in a QR code and its JSON around it. */
const fieldBytesMax = 64_000;
const filesMax = 3;
const nameBytesMax = 100;

export type Multipart = { fields: Record<string, string>; files: Record<string, Buffer> };

/** Readers of files, by the field they come in: such a file is not held. What one throws refuses the form. */
export type FileReaders = Record<string, (stream: Readable) => Promise<unknown>>;

/**
 * Reads a whole form. Files longer than `fileBytesMax` are cut at one byte more, so that whoever checks them sees that
 * they are too long. Throws `malformed_request` for a broken form, `validation_failed` for a field that comes twice.
 */
export function readMultipart(req: Request, fileBytesMax: number, readers: FileReaders = {}): Promise<Multipart> {
  const fields: Record<string, string> = Object.create(null);
  const files: Record<string, Buffer> = Object.create(null);
  const reading: Promise<unknown>[] = [];
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      req.unpipe();
      // What is still to come is not read: the connection ends with the answer.
      req.resume();
      reject(error instanceof ApiError ? error : malformed(error));
    };
    const claim = (name: string) => {
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
          fileSize: fileBytesMax + 1,
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
          fail(new ApiError("body_too_large", `The file is larger than ${fileBytesMax} bytes.`)),
        );
        const read = reader(stream);
        read.catch(fail);
        reading.push(read);
        return;
      }
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
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
