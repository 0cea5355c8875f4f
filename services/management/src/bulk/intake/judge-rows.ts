// From what a client sent to the rows of a job: defaults applied, every row judged by the rules of a single image, all
// mistakes of all rows found before anything is charged.
import { drawShortId, newShortIdField, publicUrl } from "@qrfactory/codes/short-id";
import { designFieldNames, readDesign } from "@qrfactory/domain/design/design";
import type { ImageFormat } from "@qrfactory/domain/design/image-size";
import { pictureFieldNames } from "@qrfactory/domain/design/picture";
import { checkDestination, type DestinationRules } from "@qrfactory/domain/destination";
import { ApiError, refusedField } from "@qrfactory/domain/http/errors";
import type { FieldErrors, RowErrors } from "@qrfactory/domain/http/field-errors";
import { lengthsMax, tooLongFor } from "@qrfactory/domain/limits";
import type { Plan } from "@qrfactory/domain/plan/plans";
import { makeBreather } from "@qrfactory/runtime/load/breather";
import { makeNameFile } from "../archive/file-names.js";
import type { RawRow } from "./csv-table.js";

/** A row of a job, as it waits to be drawn. */
export type BulkRow = {
  /** Counted from 1, as the client sees it. */
  row: number;
  filename: string;
  /** Body of a generate request. */
  request: Record<string, unknown>;
  /** Encoded text, for the manifest. */
  data: string;
  /** Side of the image: what it costs to draw and to hold. */
  widthPx: number;
  /** The code that is made with it, if one is. */
  code: { shortId: string; publicUrl: string; name: string; destinationUrl: string } | null;
  extra: Record<string, string>;
};

/** Fields of a row beside those of an image. */
const rowFields = ["filename", "dynamic", "name", "short_id", "destination_url"] as const;
const pictureFields: readonly string[] = pictureFieldNames;
const imageFields = new Set([...designFieldNames, ...pictureFields]);
/** Every default that all rows may share. */
export const imageFieldNames: readonly string[] = [...imageFields];
/** Every column or member that a row may have. */
export const rowFieldNames: readonly string[] = [...imageFields, ...rowFields];

/** Whether a column or member of a row is a field. */
export const isRowField = (name: string): boolean =>
  imageFields.has(name) || (rowFields as readonly string[]).includes(name);
/** Whether a default is one of an image. */
export const isImageField = (name: string): boolean => imageFields.has(name);

/** Everything that decides about a row beside the row itself. */
export type RowRules = {
  plan: Plan;
  /** Makes a dynamic code of every row that does not say otherwise. */
  dynamic: boolean;
  /** Of every row that does not say otherwise; pictures are not in it. */
  defaults: Record<string, unknown>;
  /** SHA-256 of the pictures that all rows share. */
  pictures: { logo?: string; background?: string };
  scanBaseUrl: string;
  destinationRules: DestinationRules;
};

/** Accepted rows, or the errors of the others. */
export type Judged = {
  rows: BulkRow[];
  /** Row number → field → what is wrong, of the first thousand bad rows. */
  errors: RowErrors;
  badRows: number;
  warnings: string[];
};

/** Columns that a warning names, and characters of each. */
const columnsShown = 20;
const nameShown = 64;

/** Adds what render found wrong with rows that read well. */
export function addVerdicts(judged: Judged, verdicts: ReadonlyMap<number, FieldErrors>): void {
  for (const [row, errors] of verdicts) {
    if (judged.errors[row]) continue;
    judged.badRows += 1;
    if (judged.badRows <= errorsMax) judged.errors[row] = errors;
  }
}

/** Bad rows that an answer names; the rest is found by asking again. */
const errorsMax = 1_000;

/** Judges all rows; `errors` is empty only when every row is good. */
export async function judgeRows(raw: RawRow[], rules: RowRules): Promise<Judged> {
  const judged: Judged = { rows: [], errors: {}, badRows: 0, warnings: [] };
  const nameFile = makeNameFile();
  const shortIds = new Map<string, number>();
  const breathe = makeBreather();
  for (const [at, sent] of raw.entries()) {
    await breathe();
    const row = at + 1;
    const errors: FieldErrors = Object.assign(Object.create(null), sent.mistakes);
    try {
      const read = readRow(sent, row, rules, nameFile);
      const shortId = read.code?.shortId;
      const first = shortId && shortIds.get(shortId);
      if (first) errors.short_id = [`Row ${first} has the same short_id.`];
      else if (shortId) shortIds.set(shortId, row);
      judged.rows.push(read);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status >= 500) throw error;
      for (const [field, messages] of Object.entries(error.errors ?? { row: [error.message] }))
        errors[field] ??= messages;
    }
    if (Object.keys(errors).length === 0) continue;
    judged.badRows += 1;
    if (judged.badRows <= errorsMax) judged.errors[row] = errors;
  }
  judged.warnings = warningsOf(judged.rows, raw);
  return judged;
}

function readRow(sent: RawRow, row: number, rules: RowRules, nameFile: ReturnType<typeof makeNameFile>): BulkRow {
  const { filename, dynamic, name, short_id, destination_url, ...own } = sent.fields;
  const isDynamic = readTruth(dynamic, "dynamic") ?? rules.dynamic;
  const code = isDynamic ? readCode({ name, short_id, destination_url, data: own.data }, row, rules) : null;
  if (!code) refuseCodeFields({ name, short_id, destination_url });
  const content = code ? { ...own, data_type: "text", data: code.publicUrl } : own;
  const request: Record<string, unknown> = { ...rules.defaults, ...withoutPictures(content) };
  const { design } = readDesign(request, rules.plan, { ...rules.pictures, ...ownBackground(content) });
  const wanted = readText({ filename }, "filename");
  return {
    row,
    filename: nameFile(wanted, row, extensionOf(design.format)),
    request: { ...rules.defaults, ...content },
    data: design.text,
    widthPx: design.widthPx,
    code,
    extra: sent.extra,
  };
}

/** Whether fields name a picture of their own. */
export const namesPicture = (fields: Record<string, unknown>): boolean =>
  pictureFields.some((name) => fields[name] !== undefined);

/** Where pictures are is judged when they are fetched. */
export const withoutPictures = (fields: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !pictureFields.includes(name)));

/** Stands for the background picture of a row, which render gets: what is seen on it is judged there. */
const ownBackground = (fields: Record<string, unknown>) =>
  fields.background_image === undefined && fields.background_image_url === undefined ? {} : { background: "awaited" };

type CodeFields = { name: unknown; short_id: unknown; destination_url: unknown };

function refuseCodeFields(fields: CodeFields): void {
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) throw mistake(name, "Only rows of dynamic codes have this; add dynamic: true.");
  }
}

/** A code is named after its row unless it has a name; where it leads to is `destination_url`, or else `data`. */
function readCode(fields: CodeFields & { data: unknown }, row: number, { scanBaseUrl, destinationRules }: RowRules) {
  const name = readText(fields, "name") ?? `Row ${row}`;
  if (name.length > lengthsMax.name) throw mistake("name", tooLongFor(lengthsMax.name));
  const field = fields.destination_url === undefined ? "data" : "destination_url";
  const address = readText(fields, field);
  if (address === undefined) throw mistake("destination_url", "This field is required.");
  const destinationUrl = checkDestination(address, destinationRules, field);
  const chosen = readText(fields, "short_id");
  const shortId = chosen === undefined ? drawShortId() : readShortId(chosen);
  return { shortId, publicUrl: publicUrl(scanBaseUrl, shortId), name, destinationUrl };
}

function readText<Name extends string>(fields: { [Field in Name]?: unknown }, name: Name): string | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string" || value.includes("\0")) throw mistake(name, "Give a text.");
  return value.trim() || undefined;
}

function readShortId(text: string): string {
  const { data, error } = newShortIdField.safeParse(text);
  if (error) throw mistake("short_id", error.issues.map(({ message }) => message).join(" "));
  return data;
}

function readTruth(value: unknown, name: string): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  if (value === true || value === "true") return true;
  if (value === false || value === "false") return false;
  throw mistake(name, "Use true or false.");
}

const mistake = (field: string, reason: string) => refusedField("validation_failed", field, reason);

const extensionOf = (format: ImageFormat) => (format === "jpeg" ? "jpg" : format);

function warningsOf(rows: BulkRow[], raw: RawRow[]): string[] {
  const warnings: string[] = [];
  const columns = new Set<string>();
  for (const { extra } of raw) for (const name of Object.keys(extra)) columns.add(name);
  if (columns.size > 0) {
    const named = [...columns].slice(0, columnsShown).map((name) => name.slice(0, nameShown));
    const more = columns.size > columnsShown ? ` and ${columns.size - columnsShown} more` : "";
    warnings.push(`Not fields, so only carried into the manifest: ${named.join(", ")}${more}.`);
  }
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
