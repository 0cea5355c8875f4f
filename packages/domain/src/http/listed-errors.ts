// The list of mistakes in a refusal: enough to correct them, never more than a bounded answer,
// however many there are and however long their names.
import type { FieldErrors, RowErrors } from "./field-errors.js";

/** Fields of one request that are listed. */
const fieldsMax = 50;
/** Rows of a table that are listed, of each as many fields as people correct at once. */
const rowsMax = 1_000;
const fieldsOfRowMax = 10;
const messagesMax = 5;
/** Characters of a field's path and of a sentence about it; the longest of ours has some 250. */
const nameMax = 120;
const messageMax = 400;
/** With head and detail a whole refusal stays below 16 kB. */
const errorsBytesMaxDefault = 12_000;

const utf8 = new TextEncoder();

/** The listed part of the errors, with a note on the rest. */
export type ListedErrors = {
  /** The errors that are listed; undefined where there are none. */
  listed: FieldErrors | RowErrors | undefined;
  /** A sentence for the detail when not all are listed, else empty. */
  note: string;
};

/** Chooses what is listed of an error's fields, or of its rows, within `errorsBytesMax` of JSON. */
export function listErrors(
  { errors, rowErrors }: { errors: FieldErrors | undefined; rowErrors: RowErrors | undefined },
  errorsBytesMax: number = errorsBytesMaxDefault,
): ListedErrors {
  if (rowErrors) {
    const shortened = (fields: FieldErrors) => take(fields, fieldsOfRowMax, errorsBytesMax, cutMessages).taken;
    return listed(rowErrors, take(rowErrors, rowsMax, errorsBytesMax, shortened), "bad rows");
  }
  return errors ? listed(errors, take(errors, fieldsMax, errorsBytesMax, cutMessages), "mistakes") : nothing;
}

const nothing: ListedErrors = { listed: undefined, note: "" };

type Taken<Value> = { taken: Record<string, Value>; count: number };

function listed<Value extends FieldErrors | string[]>(
  all: Record<string, Value>,
  { taken, count }: Taken<Value>,
  what: string,
): ListedErrors {
  const note = count < Object.keys(all).length ? ` Only the first ${count} ${what} are listed.` : "";
  return { listed: taken as FieldErrors | RowErrors, note };
}

/** The first entries of a record, each made shorter, as long as they fit. */
function take<Value>(
  record: Record<string, Value>,
  entriesMax: number,
  bytesMax: number,
  shorten: (value: Value) => Value,
): Taken<Value> {
  // Fields may have any name, also `__proto__`.
  const taken: Record<string, Value> = Object.create(null);
  let count = 0;
  let bytes = 0;
  for (const name of Object.keys(record)) {
    if (count === entriesMax) break;
    const shown = cut(name, nameMax);
    const value = shorten(record[name] as Value);
    bytes += utf8.encode(JSON.stringify([shown, value])).length;
    if (bytes > bytesMax) break;
    taken[shown] = value;
    count += 1;
  }
  return { taken, count };
}

const cutMessages = (messages: string[]) => messages.slice(0, messagesMax).map((message) => cut(message, messageMax));

/** A text of at most so many characters, the last of them an ellipsis where something is left out. */
export function cut(text: string, lengthMax: number): string {
  return text.length <= lengthMax ? text : `${text.slice(0, lengthMax - 1).replace(/\p{Cs}$/u, "")}…`;
}
