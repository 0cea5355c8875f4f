// From what a client sent to the rows of a job: defaults applied, every row judged by the rules of a single image, all
// mistakes of all rows found before anything is charged.
import { designFieldNames, type ImageFormat, readDesign } from "@qrfactory/domain/design";
import { checkDestination, type DestinationRules } from "@qrfactory/domain/destination";
import { ApiError, type FieldErrors } from "@qrfactory/domain/errors";
import type { Plan } from "@qrfactory/domain/plans";
import { drawShortId, normalizeShortId, publicUrl } from "@qrfactory/domain/short-id";
import { fromTextFields } from "@qrfactory/domain/text-fields";
import { makeNameFile } from "./file-names.js";
import type { RawRow } from "./table.js";

/** A row of a job, as it waits to be drawn. */
export type BulkRow = {
  /** Counted from 1, as the client sees it. */
  row: number;
  filename: string;
  /** Body of a generate request. */
  request: Record<string, unknown>;
  /** What is encoded, for the manifest. */
  data: string;
  /** The code that is made with it, if one is. */
  code: { shortId: string; publicUrl: string; name: string; destinationUrl: string } | null;
  extra: Record<string, string>;
};

/** Fields of a row beside those of an image. */
const rowFields = ["filename", "name", "short_id", "destination_url"] as const;
const pictureFields = ["logo", "logo_url", "background_image", "background_image_url"];
const imageFields = new Set([...designFieldNames, ...pictureFields]);

/** Whether a column or member of a row is a field. */
export const isRowField = (name: string): boolean =>
  imageFields.has(name) || (rowFields as readonly string[]).includes(name);
/** Whether a default is one of an image. */
export const isImageField = (name: string): boolean => imageFields.has(name);

export type RowRules = {
  plan: Plan;
  /** Makes a dynamic code of every row. */
  dynamic: boolean;
  /** Of every row that does not say otherwise; pictures are not in it. */
  defaults: Record<string, unknown>;
  /** SHA-256 of the pictures that all rows share. */
  pictures: { logo?: string; background?: string };
  scanBaseUrl: string;
  destinationRules: DestinationRules;
};

export type Judged = { rows: BulkRow[]; errors: Record<string, FieldErrors>; warnings: string[] };

/** Bad rows that an answer names; the rest is found by asking again. */
const errorsMax = 1_000;

/** Judges all rows; `errors` are by row number, and empty only when every row is good. */
export function judgeRows(raw: RawRow[], rules: RowRules): Judged {
  const judged: Judged = { rows: [], errors: {}, warnings: [] };
  const nameFile = makeNameFile();
  const shortIds = new Map<string, number>();
  let bad = 0;
  raw.forEach((sent, at) => {
    const row = at + 1;
    const errors: FieldErrors = { ...sent.mistakes };
    try {
      const read = readRow(sent, row, rules, nameFile);
      const shortId = read.code?.shortId;
      const first = shortId && shortIds.get(shortId);
      if (first) errors.short_id = [`Row ${first} has the same short_id.`];
      if (shortId) shortIds.set(shortId, row);
      judged.rows.push(read);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status >= 500) throw error;
      Object.assign(errors, error.errors ?? { row: [error.message] });
    }
    if (Object.keys(errors).length === 0) return;
    bad += 1;
    if (bad <= errorsMax) judged.errors[row] = errors;
  });
  judged.warnings = warningsOf(judged.rows, raw);
  return judged;
}

function readRow(sent: RawRow, row: number, rules: RowRules, nameFile: ReturnType<typeof makeNameFile>): BulkRow {
  const { filename, name, short_id, destination_url, ...own } = sent.fields;
  const code = rules.dynamic ? readCode({ name, short_id, destination_url, data: own.data }, row, rules) : null;
  if (!code) refuseCodeFields({ name, short_id, destination_url });
  const content = code ? { ...own, data_type: "text", data: code.publicUrl } : own;
  const request: Record<string, unknown> = { ...rules.defaults, ...withoutPictures(content) };
  const { design } = readDesign(request, rules.plan, rules.pictures);
  const wanted = readText({ filename }, "filename");
  return {
    row,
    filename: nameFile(wanted, row, extensionOf(design.format)),
    request: { ...rules.defaults, ...content },
    data: design.text,
    code,
    extra: sent.extra,
  };
}

/** Where pictures are is judged when they are fetched. */
const withoutPictures = (fields: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !pictureFields.includes(name)));

type CodeFields = { name: unknown; short_id: unknown; destination_url: unknown };

function refuseCodeFields(fields: CodeFields): void {
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) throw mistake(name, "Only rows of dynamic codes have this; add dynamic: true.");
  }
}

/** A code is named after its row unless it has a name; where it leads to is `destination_url`, or else `data`. */
function readCode(fields: CodeFields & { data: unknown }, row: number, { scanBaseUrl, destinationRules }: RowRules) {
  const name = readText(fields, "name") ?? `Row ${row}`;
  if (name.length > 120) throw mistake("name", "Use at most 120 characters.");
  const field = fields.destination_url === undefined ? "data" : "destination_url";
  const address = readText(fields, field);
  if (address === undefined) throw mistake("destination_url", "This field is required.");
  const destinationUrl = checkDestination(address, destinationRules, field);
  const chosen = readText(fields, "short_id");
  const shortId = chosen === undefined ? drawShortId() : normalizeShortId(chosen);
  if (shortId === null) throw mistake("short_id", "Use 3 to 64 of the characters A-Z, 0-9 and -.");
  return { shortId, publicUrl: publicUrl(scanBaseUrl, shortId), name, destinationUrl };
}

function readText<Name extends string>(fields: { [Field in Name]?: unknown }, name: Name): string | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string" || value.includes("\0")) throw mistake(name, "Give a text.");
  return value.trim() || undefined;
}

const mistake = (field: string, message: string) =>
  new ApiError("validation_failed", `${field}: ${message}`, { errors: { [field]: [message] } });

const extensionOf = (format: ImageFormat) => (format === "jpeg" ? "jpg" : format);

/** The rows of a JSON body: objects of fields; `placement` and the texts of `extra` are carried along. */
export function rawRowsOf(items: readonly Record<string, unknown>[]): RawRow[] {
  return items.map(({ url, placement, extra, ...fields }) => {
    const row: RawRow = { fields, extra: {}, mistakes: {} };
    if (url !== undefined) {
      if (fields.data === undefined) fields.data = url;
      else row.mistakes.url = ["It is another word for data; give one of them."];
    }
    const carried = {
      ...(placement !== undefined && { placement }),
      ...(extra !== undefined ? (extra as object) : {}),
    };
    for (const [name, value] of Object.entries(carried)) {
      if (typeof value === "string") row.extra[name] = value;
      else row.mistakes[name] = ["Give a text."];
    }
    for (const name of Object.keys(fields)) {
      if (!isRowField(name)) row.mistakes[name] = ["This field is not known here."];
    }
    return row;
  });
}

/** Cells are text: numbers, truths and objects in them become what JSON would have said. */
export const fromCells = (rows: RawRow[]): RawRow[] =>
  rows.map((row) => ({ ...row, fields: fromTextFields(row.fields as Record<string, string>) }));

function warningsOf(rows: BulkRow[], raw: RawRow[]): string[] {
  const warnings: string[] = [];
  const columns = [...new Set(raw.flatMap(({ extra }) => Object.keys(extra)))];
  if (columns.length > 0) warnings.push(`Not fields, so only carried into the manifest: ${columns.join(", ")}.`);
  const first = new Map<string, number>();
  const repeated = rows.filter(({ row, data }) => {
    const known = first.get(data);
    if (known === undefined) first.set(data, row);
    return known !== undefined;
  });
  if (repeated.length > 0) {
    const [one] = repeated;
    warnings.push(`${repeated.length} rows repeat the data of an earlier one, row ${one?.row} the first of them.`);
  }
  return warnings;
}
