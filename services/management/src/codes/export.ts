// All codes of a workspace as a file, so that nobody is locked in: a table for people, and two maps with which another
// server answers the printed addresses. Read and sent in batches, so memory does not grow with the number of codes.

import { codeOperations } from "@qrfactory/api/operations/codes";
import { shownNames } from "@qrfactory/codes/fields/stored";
import { stateOf } from "@qrfactory/codes/published/publication";
import { leadPlainly } from "@qrfactory/codes/routing/route";
import type { Db } from "@qrfactory/db/client";
import type { DynamicCode } from "@qrfactory/db/codes/codes";
import { listCodes, type PageStart, positionOf } from "@qrfactory/db/codes/lists";
import { parseInput } from "@qrfactory/domain/http/validate";
import { makeLocalMoment } from "@qrfactory/domain/local-time";
import { stringify } from "csv-stringify/sync";
import type { Request, Response } from "express";
import type { FindCaller } from "../http/caller.js";
import { type SentFile, sendFile } from "../http/send-file.js";
import { codeDocument } from "./code-document.js";

/** Codes read at once: some 500 KB of them. */
const batchSize = 1_000;

const order = { field: "createdAt", direction: "asc" } as const;

/** The codes of a workspace, the oldest first; those that are created meanwhile come last. */
async function* readBatches(db: Db, workspaceId: string): AsyncGenerator<DynamicCode[]> {
  let start: PageStart = { skip: 0 };
  for (;;) {
    const page = await listCodes(db, workspaceId, { filter: {}, order, start, take: batchSize, gathered: false });
    if (page.rows.length > 0) yield page.rows;
    const last = page.rows.at(-1);
    if (!page.hasAfter || !last) return;
    start = { after: positionOf(last, order) };
  }
}

type Format = SentFile & {
  /** Text around and between the batches. */
  begin: string;
  between: string;
  end: string;
  /** One batch; an empty text is left out, with what would stand between. */
  write: (rows: DynamicCode[], told: Told) => string;
};

/** Facts beside the rows: the beginning of addresses, and the spelling of moments. */
type Told = { scanBaseUrl: string; moment: (at: Date) => string };

const columns = [
  ...["short_id", "public_url", ...shownNames],
  ...["scan_count", "last_scanned_at", "version", "created_at", "updated_at"],
];

const formats = {
  csv: {
    contentType: "text/csv; charset=utf-8",
    name: "codes.csv",
    begin: `${columns.join()}\n`,
    between: "",
    end: "",
    write: (rows, told) =>
      stringify(
        rows.map((row) => cells(row, told)),
        { escape_formulas: true },
      ),
  },
  nginx: {
    contentType: "text/plain; charset=utf-8",
    name: "codes-map.conf",
    begin: `# Include this in http { }. Where the scan address is served:
#   location ~* ^/q/ { if ($qrfactory_destination) { return 302 $qrfactory_destination; } return 404; }
map_hash_bucket_size 256;
map_hash_max_size 1048576;
map $uri $qrfactory_destination {
`,
    between: "",
    end: "}\n",
    write: (rows) =>
      targets(rows)
        .map(([path, url]) => `  ${path} "${nginxText(url)}";\n`)
        .join(""),
  },
  json: {
    contentType: "application/json; charset=utf-8",
    name: "codes-map.json",
    begin: "{\n",
    between: ",\n",
    end: "\n}\n",
    write: (rows) =>
      targets(rows)
        .map(([path, url]) => `${JSON.stringify(path)}:${JSON.stringify(url)}`)
        .join(",\n"),
  },
} satisfies Record<string, Format>;

function cells(row: DynamicCode, { scanBaseUrl, moment }: Told): string[] {
  const document: Record<string, unknown> = {
    ...codeDocument(row, scanBaseUrl),
    tags: row.tags.join(", "),
    expires_at: row.expiresAt && moment(row.expiresAt),
    last_scanned_at: row.lastScannedAt && moment(row.lastScannedAt),
    created_at: moment(row.createdAt),
    updated_at: moment(row.updatedAt),
  };
  return columns.map((column) => cellOf(document[column] ?? ""));
}

const cellOf = (value: unknown) => (typeof value === "object" ? JSON.stringify(value) : String(value));

/**
 * Path of a scan → where it leads now, by its destination: a map knows no rules and no variants. A code that leads
 * nowhere is left out, so the other server says 404, not 410; so is one with a password, which a map would not ask for.
 */
function targets(rows: DynamicCode[]): [path: string, url: string][] {
  const now = Date.now();
  return rows.flatMap((row): [string, string][] => {
    const url = leadPlainly(stateOf(row), row.passwordHash === null ? row.destinationUrl : null, now);
    return url === null ? [] : [[`/q/${row.shortId}`, url]];
  });
}

/** nginx reads `$` as a variable and has no way to write the character itself; a URL may spell both as octets. */
const nginxText = (url: string) =>
  url.replace(/[$"\\]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

async function* fileOf(format: Format, batches: AsyncGenerator<DynamicCode[]>, told: Told) {
  let before = format.begin;
  for await (const rows of batches) {
    const text = format.write(rows, told);
    if (text === "") continue;
    yield before + text;
    before = format.between;
  }
  yield before === format.begin ? format.begin + format.end : format.end;
}

/** Dependencies of the export of codes. */
export type ExportOptions = { db: Db; findCaller: FindCaller; scanBaseUrl: string };

/** The handler of `GET /api/v1/dynamic/export`. */
export function makeExport({ db, findCaller, scanBaseUrl }: ExportOptions) {
  return async function exportCodes(req: Request, res: Response): Promise<void> {
    const { workspaceId } = await findCaller(req, res);
    const query = parseInput(codeOperations.exportCodes.query, req.query);
    const format = formats[query.format];
    const told = { scanBaseUrl, moment: makeLocalMoment(query.timezone) };
    await sendFile(res, format, fileOf(format, readBatches(db, workspaceId), told));
  };
}
