// Rows of both kinds of table in one form: objects of a JSON body, cells of a CSV.

import { fromTextFields } from "@qrfactory/domain/design/text-fields";
import { ApiError } from "@qrfactory/domain/http/errors";
import { isObject, parseStrictJson } from "@qrfactory/domain/http/json";
import { unknownField } from "@qrfactory/domain/http/suggest";
import { type Breathe, makeBreather } from "@qrfactory/runtime/load/breather";
import { emptyRow, type RawRow } from "./csv-table.js";
import { isRowField, rowFieldNames } from "./judge-rows.js";

/** The rows of a JSON body: objects of fields; `placement` and the texts of `extra` are carried along. */
export async function rawRowsOf(items: readonly unknown[], breathe: Breathe): Promise<RawRow[]> {
  const rows: RawRow[] = [];
  for (const item of items) {
    rows.push(rawRowOf(item));
    await breathe();
  }
  return rows;
}

/** Unknown names of a row that are compared with all known ones; a refusal tells of no more of them. */
const suggestionsMax = 10;

function rawRowOf(item: unknown): RawRow {
  const row = emptyRow();
  if (!isObject(item)) return { ...row, mistakes: { row: ["Give an object of fields."] } };
  const { url, placement, extra = {}, ...fields } = item;
  row.fields = fields;
  if (url !== undefined) {
    if (fields.data === undefined) fields.data = url;
    else row.mistakes.url = ["It is another word for data; give one of them."];
  }
  if (!isObject(extra)) row.mistakes.extra = ["Give an object of texts."];
  const carried = { ...(placement !== undefined && { placement }), ...(isObject(extra) && extra) };
  for (const [name, value] of Object.entries(carried)) {
    if (typeof value === "string") row.extra[name] = value;
    else row.mistakes[name] = ["Give a text."];
  }
  let unknown = 0;
  for (const name of Object.keys(fields)) {
    if (isRowField(name)) continue;
    unknown += 1;
    row.mistakes[name] = [unknownField(name, unknown > suggestionsMax ? [] : rowFieldNames)];
    delete fields[name];
  }
  return row;
}

/** Cells are text: numbers, truths and objects in them become what JSON would have said. */
export async function fromCells(rows: RawRow[]): Promise<RawRow[]> {
  const breathe = makeBreather();
  const read: RawRow[] = [];
  for (const row of rows) {
    read.push(fromCellsOf(row));
    await breathe();
  }
  return read;
}

function fromCellsOf(row: RawRow): RawRow {
  const { payload, ...cells } = row.fields as Record<string, string>;
  const fields = fromTextFields(cells);
  if (payload === undefined) return { ...row, fields };
  try {
    return { ...row, fields: { ...fields, payload: parseStrictJson(payload) } };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { ...row, fields, mistakes: { ...row.mistakes, payload: ["Give an object in JSON."] } };
  }
}
