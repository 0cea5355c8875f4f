// Dynamic codes.
import type { ApiPromise } from "../http/api-promise.js";
import { download, type FileBody } from "../http/file.js";
import { type List, listOf } from "../http/list.js";
import { type Call, type RequestOptions, readJson, readNothing, type Transport } from "../http/transport.js";
import { type QRImage, readImage } from "../image.js";
import type {
  Code,
  CodeChanges,
  CodeQuery,
  CodeSelection,
  CodeVersion,
  Design,
  Moment,
  NewCode,
  PageQuery,
  Resolution,
  ResolveRequest,
  ScheduledChange,
} from "../types.js";

/** An edit that holds only for the version that was read: else `ConflictError` with the code `version_mismatch`. */
export type EditOptions = RequestOptions & { ifVersion?: number };

export type ExportQuery = { format: "csv" | "json" | "nginx"; timezone?: string };

const root = "/api/v1/dynamic/";
const pathOf = (shortId: string, rest = "") => `${root}${encodeURIComponent(shortId)}/${rest}`;

/** Dynamic codes of the workspace. */
export class Codes {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  create(code: NewCode, options?: RequestOptions): ApiPromise<Code> {
    return this.#json({ method: "POST", path: root, json: code, creates: true, options });
  }

  /** With `at`, as it was or will be at a moment. */
  get(shortId: string, query?: { at?: Moment }, options?: RequestOptions): ApiPromise<Code> {
    return this.#json({ method: "GET", path: pathOf(shortId), query, options });
  }

  list(query?: CodeQuery, options?: RequestOptions): List<Code> {
    return listOf<Code>(this.#transport, root, query, options);
  }

  update(shortId: string, changes: CodeChanges, options?: EditOptions): ApiPromise<Code> {
    return this.#edit({ method: "PATCH", path: pathOf(shortId), json: changes, read: readJson<Code> }, options);
  }

  delete(shortId: string, options?: EditOptions): ApiPromise<void> {
    return this.#edit({ method: "DELETE", path: pathOf(shortId), read: readNothing }, options);
  }

  /** Brings a deleted code back. */
  restore(shortId: string, options?: EditOptions): ApiPromise<Code> {
    return this.#edit({ method: "POST", path: pathOf(shortId, "restore/"), json: {}, read: readJson<Code> }, options);
  }

  /** Edits up to a thousand codes, all or none. */
  updateMany(selection: CodeSelection, changes: CodeChanges, options?: RequestOptions) {
    const json = { ...selection, changes };
    return this.#json<{ changed: number }>({ method: "PATCH", path: root, json, options });
  }

  /** Every version, the latest first. */
  history(shortId: string, query?: PageQuery & { at?: Moment }, options?: RequestOptions): List<CodeVersion> {
    return listOf<CodeVersion>(this.#transport, pathOf(shortId, "history/"), query, options);
  }

  /** Makes an edit that says what a version said; the password stays. */
  rollback(shortId: string, version: number, options?: EditOptions): ApiPromise<Code> {
    const path = pathOf(shortId, "rollback/");
    return this.#edit({ method: "POST", path, json: { version }, read: readJson<Code> }, options);
  }

  /** Edits at a moment to come. */
  schedule(shortId: string, changes: CodeChanges & { effective_at: Moment }, options?: RequestOptions) {
    const path = pathOf(shortId, "scheduled/");
    return this.#json<ScheduledChange>({ method: "POST", path, json: changes, creates: true, options });
  }

  /** Edits that wait. */
  scheduled(shortId: string, query?: PageQuery, options?: RequestOptions): List<ScheduledChange> {
    return listOf<ScheduledChange>(this.#transport, pathOf(shortId, "scheduled/"), query, options);
  }

  unschedule(shortId: string, changeId: string, options?: RequestOptions): ApiPromise<void> {
    const path = pathOf(shortId, `scheduled/${encodeURIComponent(changeId)}/`);
    return this.#transport.send({ method: "DELETE", path, read: readNothing, options });
  }

  /** Where a scan would lead, and why; counts nothing. */
  resolve(shortId: string, scan: ResolveRequest = {}, options?: RequestOptions): ApiPromise<Resolution> {
    return this.#json({ method: "POST", path: pathOf(shortId, "resolve/"), json: scan, options });
  }

  /** Draws the code; costs a credit. */
  image(shortId: string, design?: Design, options?: RequestOptions): ApiPromise<QRImage> {
    const path = pathOf(shortId, "image/");
    return this.#transport.send({ method: "GET", path, query: design, read: readImage, options });
  }

  /** All codes, as a table or as a map for another server. */
  exportAll(query: ExportQuery, options?: RequestOptions): ApiPromise<FileBody> {
    return download(this.#transport, { path: `${root}export/`, query, options });
  }

  #json<T>(call: Omit<Call<T>, "read">): ApiPromise<T> {
    return this.#transport.send({ ...call, read: readJson<T> });
  }

  #edit<T>(call: Omit<Call<T>, "options">, { ifVersion, ...options }: EditOptions = {}): ApiPromise<T> {
    const headers: Record<string, string> = ifVersion === undefined ? {} : { "if-match": `"${ifVersion}"` };
    return this.#transport.send({ ...call, headers, options });
  }
}
