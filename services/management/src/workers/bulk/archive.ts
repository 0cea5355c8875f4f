// The ZIP of an order: images in the order of the rows, then the manifests. The same order gives the same bytes,
// whenever and however often it is packed, so nothing in it tells the time of packing.
import { once } from "node:events";
import type { Readable } from "node:stream";
import type { Progress } from "@qrfactory/db/bulk/claims";
import type { FieldErrors, RowErrors } from "@qrfactory/domain/http/field-errors";
import { ZipArchive } from "archiver";
import { stringify } from "csv-stringify/sync";
import type { DrawnRow } from "../../bulk/render/draw-rows.js";

/** Formats that are compressed already: to deflate them again takes time and saves nothing. */
const compressedFormats = new Set(["png", "jpeg"]);

/** Images handed to the packer and not yet written. */
const entriesAheadMax = 32;

/** Circumstances of packing an archive. */
export type PackOptions = {
  /** Date of every file in the archive. */
  date: Date;
  /** Ends the packing: nobody reads the archive any more. */
  signal: AbortSignal;
  /** Told after each row. */
  onRow: (progress: Progress) => void;
};

/** Content of an archive, and the errors of rows that are not in it. */
export type Packed = Progress & { errors: RowErrors };

/** Starts packing: the archive as a stream, and what it holds once the stream has ended. */
export function packRows(
  rows: AsyncIterable<DrawnRow>,
  options: PackOptions,
): { stream: Readable; packed: Promise<Packed> } {
  const archive = new ZipArchive({ zlib: { level: 6 } });
  let written = 0;
  archive.on("entry", () => {
    written += 1;
  });
  const packed = pack(archive, rows, options, () => written);
  packed.catch((error: Error) => archive.destroy(error));
  return { stream: archive, packed };
}

type ManifestRow = {
  row: number;
  filename: string | null;
  data: string;
  format: string | null;
  pixels: number | null;
  version: number | null;
  bytes: number | null;
  cache: string | null;
  /** Field → why the row could not be drawn, as the order's `errors` have it under the row's number. */
  errors: FieldErrors | null;
  short_id?: string;
  public_url?: string;
  name?: string;
  destination_url?: string;
} & Record<string, unknown>;

async function pack(
  archive: ZipArchive,
  rows: AsyncIterable<DrawnRow>,
  { date, onRow, signal }: PackOptions,
  written: () => number,
): Promise<Packed> {
  const manifest: ManifestRow[] = [];
  let appended = 0;
  let failed = 0;
  const errors: RowErrors = {};
  for await (const drawn of rows) {
    const { answer, image, row } = drawn;
    if (answer.outcome === "drawn" && image) {
      archive.append(image, { name: row.filename, date, store: compressedFormats.has(answer.format) });
      appended += 1;
    } else {
      failed += 1;
    }
    const told = manifestRow(drawn);
    if (told.errors) errors[row.row] = told.errors;
    manifest.push(told);
    onRow({ completed: appended, failed });
    while (appended - written() > entriesAheadMax) await once(archive, "entry", { signal });
  }
  archive.append(manifestCsv(manifest), { name: "manifest.csv", date });
  archive.append(`${JSON.stringify(manifest, null, 1)}\n`, { name: "manifest.json", date });
  await archive.finalize();
  return { completed: appended, failed, errors };
}

function manifestRow({ row, answer }: DrawnRow): ManifestRow {
  const drawn = answer.outcome === "drawn" ? answer : null;
  const told = {
    row: row.row,
    filename: drawn && row.filename,
    data: row.data,
    format: drawn?.format ?? null,
    pixels: drawn?.width_px ?? null,
    version: drawn?.version ?? null,
    bytes: drawn?.bytes ?? null,
    cache: drawn?.cache ?? null,
    errors: answer.outcome === "refused" ? (answer.errors ?? { row: [answer.detail] }) : null,
    ...(row.code && {
      short_id: row.code.shortId,
      public_url: row.code.publicUrl,
      name: row.code.name,
      destination_url: row.code.destinationUrl,
    }),
  };
  // A client's column with the name of one of ours does not take its place.
  const carried = Object.entries(row.extra).filter(([name]) => !Object.hasOwn(told, name));
  return { ...told, ...Object.fromEntries(carried) };
}

/**
 * Every column that a row has, the usual ones first; `errors` are JSON. Cells that a spreadsheet would run are escaped.
 */
function manifestCsv(rows: ManifestRow[]): string {
  const columns = new Set<string>();
  for (const row of rows) for (const name of Object.keys(row)) columns.add(name);
  const names = [...columns];
  // As lists: names of columns may be such as `__proto__` or hold a dot, which the writer would take for a path.
  const cells = rows.map((row) => names.map((name) => (Object.hasOwn(row, name) ? row[name] : null)));
  return stringify([names, ...cells], { escape_formulas: true });
}
