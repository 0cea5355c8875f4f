// A table of rows in CSV (RFC 4180), read as it arrives: what its header says becomes fields, columns of other names
// stay beside them. Only the rows that a plan may have are ever held.
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ApiError } from "@qrfactory/domain/http/errors";
import { makeBreather } from "@qrfactory/runtime/load/breather";
import { CsvError, parse } from "csv-parse";

/** One row as it came: text under the names of the API, and what stood in other columns. */
export type RawRow = {
  fields: Record<string, unknown>;
  /** Column → text, for the manifest. */
  extra: Record<string, string>;
  /** Mistakes of the row as a row, by field. */
  mistakes: Record<string, string[]>;
};

/** Columns that a table may have, and its most rows. */
export type TableOptions = {
  /** Names of columns that are fields. */
  isField: (name: string) => boolean;
  /** Names of columns that tell a header in a table of several columns, too. */
  isOther?: (name: string) => boolean;
  /** More rows than this are not read: throws what `tooMany` makes. */
  rowsMax: number;
  tooMany: () => ApiError;
};

/** Columns that people call otherwise. */
const aliases = new Map([["url", "data"]]);

/** The longest cell is a payload in JSON; a whole row may hold a few of them. */
const recordCharactersMax = 200_000;
const columnsMax = 100;

/**
 * Empty lines are no rows, so no limit of rows ends them: so many line ends (CR, LF) in a row are a thousand of them.
 */
const lineEndsMax = 2_000;

/** Ten thousand commas in a line, those in quotes among them: a payload in JSON has a few dozen. */
const lineCellsMax = 10_000;
const [lineFeed, carriageReturn] = [0x0a, 0x0d];

/** Spreadsheets of some countries write these for the comma. */
const otherDelimiters = [";", "\t"];
const delimiters = new Set([",", ...otherDelimiters].map((delimiter) => delimiter.charCodeAt(0)));

/**
 * Reads a table. Its first row is a header when it names a field; a table of one column without one is data. Throws
 * `malformed_request` for what is no CSV in UTF-8, naming the line, and what `tooMany` makes.
 */
export async function readTable(stream: Readable, options: TableOptions): Promise<RawRow[]> {
  const text = decode(stream);
  const start = await firstLine(text);
  const parser = parse({
    bom: true,
    delimiter: delimiterOf(start, (name) => options.isField(name) || options.isOther?.(name) === true),
    // Where lines end is found out once more at every character unless it is told.
    record_delimiter: ["\r\n", "\n", "\r"],
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: recordCharactersMax,
  });
  // An error while it is fed ends the parser, so `collect` meets it.
  pipeline(followedBy(start, text), parser).catch(() => {});
  try {
    return await collect(parser, options);
  } catch (error) {
    throw error instanceof CsvError ? unreadable(error) : error;
  } finally {
    parser.destroy();
  }
}

/** The text up to the end of the first line at least, which tells what stands between cells. */
async function firstLine(text: AsyncGenerator<string>): Promise<string> {
  let start = "";
  while (!start.includes("\n") && start.length < recordCharactersMax) {
    const next = await text.next();
    if (next.done) break;
    start += next.value;
  }
  return start;
}

async function* followedBy(start: string, rest: AsyncIterable<string>): AsyncGenerator<string> {
  yield start;
  yield* rest;
}

/** Bytes as text; throws for anything but UTF-8, and for NUL, which no text has. */
async function* decode(stream: Readable): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const guard = makeGuard();
  const breathe = makeBreather();
  let isFirst = true;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (isFirst && (chunk[0] === 0xff || chunk[0] === 0xfe))
        throw malformed("The file is in UTF-16; save it as UTF-8.");
      isFirst = false;
      const text = decoder.decode(chunk, { stream: true });
      if (text.includes("\0")) throw malformed("The file holds the character NUL; it is no text in UTF-8.");
      guard(text);
      if (text !== "") yield text;
      // All that has arrived already would be read in one go.
      await breathe();
    }
    const last = decoder.decode();
    if (last !== "") yield last;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw code === "ERR_ENCODING_INVALID_ENCODED_DATA"
      ? malformed("The file is not valid UTF-8; save it as UTF-8.")
      : error;
  }
}

/**
 * Makes a function that takes a text piece by piece and throws `malformed_request` for what costs a parser much and is
 * no table: a thousand empty lines, or more cells in a line than any table has. Quotes are not looked at.
 */
function makeGuard(): (piece: string) => void {
  let ends = 0;
  let cells = 0;
  return function guard(piece) {
    for (let at = 0; at < piece.length; at += 1) {
      const code = piece.charCodeAt(at);
      if (code === lineFeed || code === carriageReturn) {
        cells = 0;
        ends += 1;
        if (ends > lineEndsMax) throw malformed("A thousand lines of the file are empty; remove them.");
      } else {
        ends = 0;
        if (delimiters.has(code) && ++cells > lineCellsMax) {
          throw malformed(`A line of the file has more than ${lineCellsMax} cells.`);
        }
      }
    }
  };
}

function delimiterOf(start: string, isField: (name: string) => boolean): string {
  const [line = ""] = start.replace(/^\ufeff/, "").split(/\r?\n/, 1);
  if (line.includes(",")) return ",";
  return (
    otherDelimiters.find((other) => line.includes(other) && line.split(other).some((name) => names(name, isField))) ??
    ","
  );
}

const spell = (cell: string) => cell.trim().toLowerCase();
const names = (cell: string, isField: (name: string) => boolean) => {
  const name = spell(cell).replace(/^"(.*)"$/, "$1");
  return aliases.has(name) || isField(name);
};

async function collect(parser: AsyncIterable<string[]>, options: TableOptions): Promise<RawRow[]> {
  let header: string[] | undefined;
  const rows: RawRow[] = [];
  const breathe = makeBreather();
  for await (const cells of parser) {
    await breathe();
    if (header === undefined) {
      const { isField, isOther = () => false } = options;
      if (cells.some((cell) => names(cell, isField) || (cells.length > 1 && isOther(spell(cell))))) {
        header = readHeader(cells);
        continue;
      }
      if (cells.length > 1)
        throw malformed("The first row must name the columns; one of them is url, data or payload.");
      header = ["data"];
    }
    if (rows.length === options.rowsMax) throw options.tooMany();
    if (cells.length > columnsMax) throw malformed(`Row ${rows.length + 1} has more than ${columnsMax} cells.`);
    rows.push(readRow(cells, header, options.isField));
  }
  return rows;
}

function readHeader(cells: string[]): string[] {
  const header = cells.map(spell).map((name) => aliases.get(name) ?? name);
  if (header.length > columnsMax) throw malformed(`The table has more than ${columnsMax} columns.`);
  const twice = header.find((name, at) => name !== "" && header.indexOf(name) !== at);
  if (twice) throw malformed(`Two columns are called ${twice}.`);
  return header;
}

/** A row of nothing. Columns may have any name, also those that every object has, such as `constructor`. */
export const emptyRow = (): RawRow => ({
  fields: Object.create(null),
  extra: Object.create(null),
  mistakes: Object.create(null),
});

/** An empty cell says nothing: the default holds. */
function readRow(cells: string[], header: string[], isField: (name: string) => boolean): RawRow {
  const row = emptyRow();
  if (cells.some((cell, at) => at >= header.length && cell !== "")) {
    row.mistakes.row = [`This row has ${cells.length} cells, the header ${header.length}.`];
  }
  for (const [at, name] of header.entries()) {
    const cell = cells[at];
    if (cell === undefined) break;
    if (isField(name)) {
      if (cell !== "") row.fields[name] = cell;
    } else if (name !== "") {
      row.extra[name] = cell;
    }
  }
  return row;
}

function unreadable({ code, message, ...error }: CsvError): ApiError {
  const line = `line ${(error as { lines?: number }).lines ?? "?"}`;
  if (code === "CSV_MAX_RECORD_SIZE")
    return malformed(`A row near ${line} is longer than ${recordCharactersMax} characters.`);
  if (code === "CSV_QUOTE_NOT_CLOSED") return malformed(`A quote that opens on ${line} or before is never closed.`);
  return malformed(`The table cannot be read near ${line}: ${message}`);
}

const malformed = (detail: string) => new ApiError("malformed_request", detail);
