// The content of a bulk request, in any of its three forms: rows, defaults of all rows, pictures that they share, and
// the digest by which a retry is the same request. Nothing is judged here but the form.
import { createHash } from "node:crypto";
import { type Readable, Transform } from "node:stream";
import { bulkOperations, notRows, orderOptions } from "@qrfactory/api/operations/bulk";
import { fromTextFields } from "@qrfactory/domain/design/text-fields";
import { ApiError, invalidFields, refusedField } from "@qrfactory/domain/http/errors";
import { isObject } from "@qrfactory/domain/http/json";
import { slipsBetween, unknownField } from "@qrfactory/domain/http/suggest";
import { parseInput } from "@qrfactory/domain/http/validate";
import { readBytes, requireUnpacked } from "@qrfactory/runtime/http/body";
import { readMultipart } from "@qrfactory/runtime/http/multipart";
import { makeBreather } from "@qrfactory/runtime/load/breather";
import type { Request } from "express";
import { type RawRow, readTable } from "./csv-table.js";
import { readJsonTable } from "./json-table.js";
import { imageFieldNames, isImageField, isRowField, rowFieldNames } from "./judge-rows.js";
import { gatherPayload, isPayloadField, payloadFieldsOf } from "./payload-cells.js";
import { fromCells, rawRowsOf } from "./raw-rows.js";

/** Five thousand rows with a kilobyte of payload each, and room to spare. */
const tableBytesMax = 20_000_000;
/** A row with the largest payload there is, its texts escaped. */
const rowBytesMax = 20_000;
/** Defaults of all rows, and whatever stands around the rows. */
const restBytesMax = 400_000;
/** The larger of two pictures, as render takes them; and both in base64. */
const pictureBytesMax = 5_000_000;
const picturesBytesMax = 10_000_000;

/** A bulk request, read but not judged. */
export type Intake = {
  rows: RawRow[];
  /** Fields of an image, pictures among them, as text or JSON values. */
  defaults: Record<string, unknown>;
  options: { dynamic: boolean; dryRun: boolean; carriesColumns: boolean };
  /** Files of the form. */
  files: Record<string, Buffer>;
  /** A JSON value that decides whether a retry is the same request. */
  identity: unknown;
};

/** Bounds of a bulk request. */
export type IntakeLimits = {
  /** Rows that are read at most; one more throws what `tooMany` makes. */
  rowsMax: number;
  tooMany: () => ApiError;
  /** Bytes of the table; see `tableBytesOf`. */
  tableBytesMax: number;
};

/** Bytes of a table that a plan with so many rows may send. */
export const tableBytesOf = (rows: number): number => Math.min(tableBytesMax, restBytesMax + rows * rowBytesMax);

/** Longer texts are compared by their digests. */
const longTextMin = 16_384;

const optionNames = Object.keys(orderOptions.shape);

/**
 * Reads a request. Throws `unsupported_media_type`, `body_too_large`, `malformed_request` for what cannot be read,
 * `validation_failed` for a default that is no field, and what `limits.tooMany` makes.
 */
export async function readIntake(req: Request, limits: IntakeLimits): Promise<Intake> {
  const query = { ...(req.query as Record<string, string>) };
  for (const [name, value] of Object.entries(query)) {
    if (typeof value !== "string") throw refused(name, "Give it once.");
  }
  if (req.is("text/csv")) {
    requireUnpacked(req);
    const table = await readHashed(req, limits);
    return intakeOf({ ...table, defaults: query, identity: { query, csv: table.digest }, files: {} });
  }
  if (req.is("multipart/form-data")) return readForm(req, query, limits);
  if (!req.is("application/json")) {
    throw new ApiError("unsupported_media_type", "Send the rows as text/csv, multipart/form-data or application/json.");
  }
  return readJsonBody(req, query, limits);
}

async function readJsonBody(req: Request, query: Record<string, string>, limits: IntakeLimits): Promise<Intake> {
  const bytes = await readBytes(req, limits.tableBytesMax + picturesBytesMax);
  const breathe = makeBreather();
  const { rest, items: found, digest } = await readJsonTable(bytes, { ...limits, breathe });
  const body = found && isObject(rest) ? { ...rest, items: found.slice(0, 1) } : rest;
  const { defaults, items: _first, ...asked } = parseInput(bulkOperations.orderBulk.body, body);
  if (!found) throw refused("items", notRows);
  const named = { ...fromTextFields(query), ...defaults, ...asked };
  const identity = { query, asked, defaults: withDigests(defaults), items: digest };
  return { ...splitDefaults(named), rows: await rawRowsOf(found, breathe), files: {}, identity };
}

/** Long texts, pictures among them, by their digests. */
const withDigests = (defaults: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => {
      const isLong = typeof value === "string" && value.length > longTextMin;
      return [name, isLong ? sha256(value) : value];
    }),
  );

async function readForm(req: Request, query: Record<string, string>, limits: IntakeLimits): Promise<Intake> {
  let table: Table | undefined;
  const { fields, files } = await readMultipart(req, pictureBytesMax, {
    file: {
      bytesMax: limits.tableBytesMax,
      read: async (stream) => {
        table = await readHashed(stream, limits);
      },
    },
  });
  if (!table) throw refused("file", "Give the table as a file of this name.");
  const { file: _file, ...pictures } = files;
  const digests = Object.fromEntries(Object.entries(pictures).map(([name, bytes]) => [name, sha256(bytes)]));
  const identity = { query, fields, files: { ...digests, file: table.digest } };
  return intakeOf({ ...table, defaults: { ...query, ...fields }, identity, files: pictures });
}

async function intakeOf({
  rows,
  defaults,
  ...rest
}: { rows: RawRow[]; defaults: Record<string, string> } & Omit<Intake, "defaults" | "options">): Promise<Intake> {
  if (rows.length === 0) throw refused("file", "There is no row in the table.");
  const { identity, files } = rest;
  const split = splitDefaults(fromTextFields(defaults));
  const all = { data_type: split.defaults.data_type, dynamic: split.options.dynamic };
  const read = (await fromCells(rows)).map((row) => gatherPayload(row, all));
  if (!split.options.carriesColumns) refuseMisspelt(read, [...rowFieldNames, ...payloadFieldsOf(read, all)]);
  return { ...split, rows: read, identity, files };
}

/**
 * Throws `validation_failed` for columns that are one letter from a field: their cells would be lost without a word.
 */
function refuseMisspelt(rows: readonly RawRow[], known: readonly string[]): void {
  const columns = new Set(rows.flatMap(({ extra }) => Object.keys(extra)));
  const errors = new Map<string, string[]>();
  for (const column of columns) {
    const meant = known.find((name) => column.length > 2 && slipsBetween(column, name) === 1);
    if (meant === undefined || known.includes(column)) continue;
    const way = "Rename the column, or add ?extra_columns=carry to have it in the manifest as it is.";
    errors.set(column, [`This column is not known here: did you mean ${meant}? ${way}`]);
  }
  if (errors.size > 0) throw invalidFields(Object.fromEntries(errors));
}

/** Options of the request apart from fields of all rows; throws for what is neither. */
function splitDefaults(named: Record<string, unknown>): Pick<Intake, "defaults" | "options"> {
  const given = Object.entries(named);
  const unknown = given.filter(([name]) => !isImageField(name) && !optionNames.includes(name)).map(([name]) => name);
  if (unknown.length > 0) {
    const known = [...imageFieldNames, ...optionNames];
    const hint = (name: string) => (isRowField(name) ? "Every row has its own." : unknownField(name, known));
    const errors = Object.fromEntries(unknown.map((name) => [name, [hint(name)]]));
    throw invalidFields(errors);
  }
  const pick = (wanted: boolean) => Object.fromEntries(given.filter(([name]) => optionNames.includes(name) === wanted));
  const { dynamic, dry_run: dryRun, extra_columns: columns } = parseInput(orderOptions, pick(true));
  return { defaults: pick(false), options: { dynamic, dryRun, carriesColumns: columns === "carry" } };
}

type Table = { rows: RawRow[]; digest: string };

/** Reads a table and the digest of its bytes on the way. */
async function readHashed(stream: Readable, limits: IntakeLimits): Promise<Table> {
  const hash = createHash("sha256");
  let bytes = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      hash.update(chunk);
      done(bytes > limits.tableBytesMax ? tooLarge(limits.tableBytesMax) : null, chunk);
    },
  });
  const breakOff = () => counted.destroy(malformed("The table ended before its announced length."));
  stream.once("aborted", breakOff).once("error", breakOff);
  stream.pipe(counted);
  try {
    const rows = await readTable(counted, { isField: isRowField, isOther: isPayloadField, ...limits });
    return { rows, digest: hash.digest("hex") };
  } catch (error) {
    // The rest is thrown away as it comes: a client that is still sending would not see the answer otherwise.
    stream.unpipe(counted);
    stream.resume();
    throw error;
  }
}

const malformed = (detail: string) => new ApiError("malformed_request", detail);
const tooLarge = (bytesMax: number) => {
  const hint = bytesMax < tableBytesMax ? "; a plan with more rows takes more" : "";
  return new ApiError("body_too_large", `The table is larger than ${bytesMax} bytes${hint}.`);
};
const sha256 = (bytes: Buffer | string) => createHash("sha256").update(bytes).digest("hex");
const refused = (field: string, reason: string) => refusedField("validation_failed", field, reason);
