// All scans of a range as a file, the oldest first. Read and sent in batches, each a short read of its own: memory does
// not grow with the number of scans, and a client that is slow keeps no connection to the database busy.

import type { exportScansQuery, exportWorkspaceScansQuery } from "@qrfactory/api/input/scan-query";
import type { AnalyticsStore } from "@qrfactory/db/scans/reports/analytics-store";
import { resolveRange } from "@qrfactory/db/scans/reports/range";
import { type ListedScan, listScans, type ScanPosition } from "@qrfactory/db/scans/reports/scan-list";
import type { ScanScope, Stretch } from "@qrfactory/db/scans/scope";
import { parseInput } from "@qrfactory/domain/http/validate";
import { makeLocalMoment } from "@qrfactory/domain/local-time";
import type { Handler } from "@qrfactory/runtime/http/app";
import { stringify } from "csv-stringify/sync";
import { sendFile } from "../http/send-file.js";
import { readFilters } from "./query.js";
import { scanDocument } from "./report-document.js";
import type { AnalyticsOptions, FindScope } from "./scope.js";

/** Scans read at once: some 400 KB of text, written in about ten milliseconds. */
const batchSize = 2_000;

type ScanDocument = ReturnType<typeof scanDocument>;

const columns = [
  ...["id", "short_id", "scanned_at", "country", "region", "city", "device", "os", "browser", "language", "referrer"],
  ...["variant", "bot_class", "serving_region", "code_name", "visitor", "served", "rule_id", "variant_id", "district"],
] as const;

const formats = {
  csv: {
    contentType: "text/csv; charset=utf-8",
    begin: `${columns.join()}\n`,
    write: (scans: ScanDocument[]) =>
      stringify(
        scans.map((document) => {
          return columns.map((column) => String(document[column] ?? ""));
        }),
        { escape_formulas: true },
      ),
  },
  ndjson: {
    contentType: "application/x-ndjson; charset=utf-8",
    begin: "",
    write: (scans: ScanDocument[]) => scans.map((document) => `${JSON.stringify(document)}\n`).join(""),
  },
};

/** The handler of `GET …/scans/export`. */
export function makeScanExport(
  { analytics, findCaller, now = Date.now }: AnalyticsOptions,
  findScope: FindScope,
  schema: typeof exportScansQuery | typeof exportWorkspaceScansQuery,
): Handler {
  return async function exportScans(req, res) {
    const caller = await findCaller(req, res);
    const subject = await findScope(req, caller);
    const { tag, folder, ...query } = parseInput(schema as typeof exportWorkspaceScansQuery, req.query);
    const scope = { ...subject, tag, folder, filters: readFilters(query), includesFallback: true };
    const range = await analytics.read((reader) =>
      resolveRange(reader, { ...query, wholeByDefault: true }, new Date(now())),
    );
    const format = formats[query.format];
    const moment = makeLocalMoment(query.timezone);
    const write = (scans: ListedScan[]) => format.write(scans.map((scan) => scanDocument(scan, moment)));
    const file = fileOf(format.begin, write, readBatches(analytics, scope, range));
    await sendFile(res, { name: `scans.${query.format}`, contentType: format.contentType }, file);
  };
}

async function* readBatches(store: AnalyticsStore, scope: ScanScope, range: Stretch): AsyncGenerator<ListedScan[]> {
  let after: ScanPosition | null = null;
  for (;;) {
    const list = { range, after, direction: "ASC", limit: batchSize } as const;
    const scans: ListedScan[] = await store.read((reader) => listScans(reader, scope, list));
    if (scans.length > 0) yield scans;
    const last = scans.at(-1);
    if (scans.length < batchSize || !last) return;
    after = { scannedAt: last.scanned_at, id: last.id };
  }
}

async function* fileOf(
  begin: string,
  write: (scans: ListedScan[]) => string,
  batches: AsyncGenerator<ListedScan[]>,
): AsyncGenerator<string> {
  let before = begin;
  for await (const scans of batches) {
    yield before + write(scans);
    before = "";
  }
  if (before !== "") yield before;
}
