// Payloads told in columns: a table of networks or contacts has a column a field, and `data_type` says which payload
// they make.
import { type PayloadType, payloadFieldNames, payloadTypes } from "@qrfactory/domain/payload/payload";
import type { RawRow } from "./csv-table.js";

/** How a cell becomes the value of its field; texts stay. */
const numbers = new Set(["latitude", "longitude", "altitude"]);
const truths = new Set(["hidden"]);
/** Several in a cell, with semicolons between them. */
const lists = new Set(["phones", "emails", "recipients", "to", "cc", "bcc"]);

const numberPattern = /^-?\d{1,9}(\.\d{1,12})?$/;

const isPayloadType = (type: unknown): type is PayloadType => (payloadTypes as readonly unknown[]).includes(type);

function typeOf(row: RawRow, defaults: { data_type?: unknown }): PayloadType | null {
  const type = row.fields.data_type ?? defaults.data_type;
  return isPayloadType(type) ? type : null;
}

/** Fields of the payloads that rows have or may have. */
export function payloadFieldsOf(rows: readonly RawRow[], defaults: { data_type?: unknown }): string[] {
  const types = new Set(rows.flatMap((row) => typeOf(row, defaults) ?? []));
  return [...types].flatMap(payloadFieldNames);
}

/** Every field of a payload of any type, which makes a first row a header. */
export const isPayloadField = (name: string): boolean =>
  payloadTypes.some((type) => payloadFieldNames(type).includes(name));

/**
 * Gathers the columns of a row that are fields of its payload. A row with a `payload`, one of a dynamic code, and one
 * of a type without a payload stay as they are. `defaults` are those of all rows.
 */
export function gatherPayload(row: RawRow, defaults: { data_type?: unknown; dynamic: boolean }): RawRow {
  const type = typeOf(row, defaults);
  const dynamic = row.fields.dynamic === undefined ? defaults.dynamic : row.fields.dynamic === "true";
  if (type === null || dynamic || row.fields.payload !== undefined || row.mistakes.payload) return row;
  const names = payloadFieldNames(type);
  const payload: Record<string, unknown> = {};
  const fields = { ...row.fields };
  const extra: Record<string, string> = Object.assign(Object.create(null), row.extra);
  for (const name of names) {
    // `url` is another word for data, which no payload has.
    const column = name === "url" ? "data" : name;
    const cell = fields[column] ?? extra[name];
    delete fields[column];
    delete extra[name];
    if (typeof cell === "string" && cell !== "") payload[name] = cellValue(name, cell);
  }
  return Object.keys(payload).length === 0 ? row : { ...row, fields: { ...fields, payload }, extra };
}

function cellValue(name: string, cell: string): unknown {
  if (numbers.has(name) && numberPattern.test(cell)) return Number(cell);
  if (truths.has(name) && (cell === "true" || cell === "false")) return cell === "true";
  if (lists.has(name)) return cell.split(";").flatMap((one) => one.trim() || []);
  return cell;
}
