// Bulk orders: many images from a table.
import { ApiPromise } from "../http/api-promise.js";
import { followEvents, type ServerEvent } from "../http/events.js";
import { download, type FileBody } from "../http/file.js";
import { type List, listOf } from "../http/list.js";
import { type RequestOptions, readJson, readNothing, type Transport } from "../http/transport.js";
import { withBase64 } from "../pictures.js";
import type { BulkForecast, BulkJob, BulkRow, Content, Design, PageQuery, Pictures } from "../types.js";
import { BulkOrder } from "./bulk-order.js";

/** Fields that hold for every row. */
export type BulkDefaults = Design & Pictures & { data_type?: Content["data_type"] };

/** The rows, as objects or as a table with a header. */
export type BulkInput = ({ items: BulkRow[] } | { csv: string | Uint8Array<ArrayBuffer> | Blob }) & {
  defaults?: BulkDefaults;
  /** Gives each row a dynamic code of its own. */
  dynamic?: boolean;
  /** Takes columns into the manifest that look like misspelt fields; of a table only. */
  extra_columns?: "carry";
};

const pathOf = (id: string) => `/api/v1/bulk/${encodeURIComponent(id)}/`;

/** Bulk orders of the workspace. */
export class Bulk {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Places an order: every row is judged first, and either all are taken or none is. */
  create(input: BulkInput, options?: RequestOptions): ApiPromise<BulkOrder> {
    return this.#post<BulkJob>(input, { creates: true, dryRun: false, options }).map((job) => new BulkOrder(this, job));
  }

  /** What an order would make and cost, and which rows would not scan. */
  dryRun(input: BulkInput, options?: RequestOptions): ApiPromise<BulkForecast> {
    return this.#post<BulkForecast>(input, { creates: false, dryRun: true, options });
  }

  get(id: string, options?: RequestOptions): ApiPromise<BulkOrder> {
    return this.status(id, options).map((job) => new BulkOrder(this, job));
  }

  /** The document of an order as it stands. */
  status(id: string, options?: RequestOptions): ApiPromise<BulkJob> {
    return this.#transport.send({ method: "GET", path: pathOf(id), read: readJson<BulkJob>, options });
  }

  list(query?: PageQuery, options?: RequestOptions): List<BulkJob> {
    return listOf<BulkJob>(this.#transport, "/api/v1/bulk/", query, options);
  }

  /** Ends an order; what was not drawn is given back. */
  cancel(id: string, options?: RequestOptions): ApiPromise<void> {
    return this.#transport.send({ method: "DELETE", path: pathOf(id), read: readNothing, options });
  }

  /** The ZIP; a download that breaks off goes on where it was. */
  download(id: string, options?: RequestOptions): ApiPromise<FileBody> {
    return download(this.#transport, { path: `${pathOf(id)}download/`, options });
  }

  /** The order whenever it has changed, until it is finished. */
  events(id: string, options?: RequestOptions): AsyncGenerator<BulkJob, void, undefined> {
    const isLast = ({ name }: ServerEvent) => name !== "progress";
    return followEvents<BulkJob>(this.#transport, `${pathOf(id)}events/`, options, isLast);
  }

  #post<T>(input: BulkInput, asked: { creates: boolean; dryRun: boolean; options: RequestOptions | undefined }) {
    const { creates, dryRun, options } = asked;
    const call = { method: "POST", path: "/api/v1/generate/bulk/", read: readJson<T>, creates, options } as const;
    const send = async () => {
      const body = "items" in input ? await jsonOf(input, dryRun) : formOf(input, dryRun);
      return this.#transport.send<T>({ ...call, ...body }).withResponse();
    };
    return new ApiPromise(send());
  }
}

async function jsonOf({ items, defaults = {}, dynamic }: BulkInput & { items: BulkRow[] }, dryRun: boolean) {
  const options = { ...(dynamic !== undefined && { dynamic }), ...(dryRun && { dry_run: true }) };
  return { json: { defaults: await withBase64(defaults), ...options, items } };
}

function formOf(input: Exclude<BulkInput, { items: BulkRow[] }>, dryRun: boolean): { form: FormData } {
  const { csv, defaults = {}, dynamic, extra_columns } = input;
  const form = new FormData();
  const fields = { ...defaults, dynamic, extra_columns, dry_run: dryRun || undefined };
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    if (value instanceof Blob) form.set(`${name}_file`, value);
    else if (typeof value !== "object") form.set(name, String(value));
    else form.set(`${name}_file`, new Blob([value as Uint8Array<ArrayBuffer>]));
  }
  form.set("file", csv instanceof Blob ? csv : new Blob([csv], { type: "text/csv" }), "rows.csv");
  return { form };
}
