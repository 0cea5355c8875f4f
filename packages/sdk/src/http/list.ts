// Lists: walked item by item across their pages, or asked for one page.
import type { CursorPage, Page } from "../types.js";
import type { ApiPromise } from "./api-promise.js";
import { type Call, type Query, type RequestOptions, readJson, type Transport } from "./transport.js";

type PageOf<Item> = { results: Item[] };

/** A list that is fetched while it is walked: `for await (const item of list)`. */
export class List<Item, Document extends PageOf<Item> = Page<Item>> implements AsyncIterable<Item> {
  readonly #load: (query: Query) => ApiPromise<Document>;
  readonly #nextOf: (page: Document) => Query | null;

  constructor(load: (query: Query) => ApiPromise<Document>, nextOf: (page: Document) => Query | null) {
    this.#load = load;
    this.#nextOf = nextOf;
  }

  /** The first page, or the one that `page` or `cursor` named. */
  page(): ApiPromise<Document> {
    return this.#load({});
  }

  /** Page after page. */
  async *pages(): AsyncGenerator<Document, void, undefined> {
    for (let query: Query | null = {}; query; ) {
      const page: Document = await this.#load(query);
      yield page;
      query = this.#nextOf(page);
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    for await (const { results } of this.pages()) yield* results;
  }
}

const loader = <Document>(transport: Transport, path: string, query: Query, options: RequestOptions | undefined) => {
  const call: Call<Document> = { method: "GET", path, read: readJson, options };
  return (next: Query) => transport.send({ ...call, query: { ...query, ...next } });
};

/** A list with `count`, `next` and `previous`. Of `next` only the query counts: the key goes to `baseUrl` alone. */
export function listOf<Item>(transport: Transport, path: string, query: Query = {}, options?: RequestOptions) {
  const nextOf = ({ next }: Page<Item>) => {
    if (next === null) return null;
    const { searchParams } = new URL(next);
    return { page: searchParams.get("page"), cursor: searchParams.get("cursor") };
  };
  return new List<Item>(loader<Page<Item>>(transport, path, query, options), nextOf);
}

/** A stream of events with `next_cursor`, the newest first. */
export function cursorListOf<Item>(transport: Transport, path: string, query: Query = {}, options?: RequestOptions) {
  const nextOf = ({ next_cursor: cursor }: CursorPage<Item>) => (cursor === null ? null : { cursor });
  return new List<Item, CursorPage<Item>>(loader<CursorPage<Item>>(transport, path, query, options), nextOf);
}
