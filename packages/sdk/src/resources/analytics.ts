// Scans: reports, lists, exports, and as they come in.
import type { ApiPromise } from "../http/api-promise.js";
import { followEvents } from "../http/events.js";
import { download, type FileBody } from "../http/file.js";
import { cursorListOf, type List } from "../http/list.js";
import { type RequestOptions, readJson, type Transport } from "../http/transport.js";
import type {
  CursorPage,
  CursorQuery,
  LiveScans,
  Orphans,
  Report,
  ReportOptions,
  Scan,
  ScanFilter,
  WorkspaceScanFilter,
} from "../types.js";

/** Scans of the workspace, or of one code by `short_id`. */
export type ScanScope = { short_id?: string };

const scopeOf = (shortId: string | undefined) =>
  shortId === undefined ? "/api/v1/" : `/api/v1/dynamic/${encodeURIComponent(shortId)}/`;

/** Scans of the codes of the workspace. */
export class Analytics {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The report of one code. */
  code(shortId: string, query?: ScanFilter & ReportOptions, options?: RequestOptions): ApiPromise<Report> {
    const path = `${scopeOf(shortId)}analytics/`;
    return this.#transport.send({ method: "GET", path, query, read: readJson<Report>, options });
  }

  /** The report of all codes. */
  workspace(query?: WorkspaceScanFilter & ReportOptions, options?: RequestOptions): ApiPromise<Report> {
    const path = "/api/v1/analytics/";
    return this.#transport.send({ method: "GET", path, query, read: readJson<Report>, options });
  }

  /** Single scans, the latest first. */
  scans(
    { short_id, ...query }: ScanScope & WorkspaceScanFilter & CursorQuery = {},
    options?: RequestOptions,
  ): List<Scan, CursorPage<Scan>> {
    return cursorListOf<Scan>(this.#transport, `${scopeOf(short_id)}scans/`, query, options);
  }

  /** All scans of a range as a file, the oldest first. */
  exportScans(
    { short_id, ...query }: ScanScope & WorkspaceScanFilter & { format?: "csv" | "ndjson" } = {},
    options?: RequestOptions,
  ): ApiPromise<FileBody> {
    return download(this.#transport, { path: `${scopeOf(short_id)}scans/export/`, query, options });
  }

  /** The count of the last half hour, at once and whenever it changes, without end. */
  live({ short_id }: ScanScope = {}, options?: RequestOptions): AsyncGenerator<LiveScans, void, undefined> {
    return followEvents<LiveScans>(this.#transport, `${scopeOf(short_id)}analytics/live/`, options, () => false);
  }

  /** Deleted codes that are still scanned. */
  orphans(query?: { days?: number }, options?: RequestOptions): ApiPromise<Orphans> {
    return this.#transport.send({ method: "GET", path: "/api/v1/orphans/", query, read: readJson<Orphans>, options });
  }
}
