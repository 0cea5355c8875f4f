// API keys; they take the access token of a log-in, not a key.
import type { ApiPromise } from "../http/api-promise.js";
import { type List, listOf } from "../http/list.js";
import { type RequestOptions, readJson, readNothing, type Transport } from "../http/transport.js";
import type { ApiKey, KeyRevocation, KeyScope, Moment, NewApiKey, PageQuery } from "../types.js";

const root = "/api/v1/keys/";
const pathOf = (id: string) => `${root}${encodeURIComponent(id)}/`;

/** API keys of the workspace. */
export class Keys {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The answer holds both secrets, this once. */
  create(key: { name: string; scopes?: KeyScope[]; expires_at?: Moment }, options?: RequestOptions) {
    const call = { method: "POST", path: root, json: key, creates: true, options } as const;
    return this.#transport.send({ ...call, read: readJson<NewApiKey> });
  }

  list(query?: PageQuery, options?: RequestOptions): List<ApiKey> {
    return listOf<ApiKey>(this.#transport, root, query, options);
  }

  /** New secrets; the old ones go on for `overlap_seconds`, a week at most. */
  rotate(id: string, rotation: { overlap_seconds?: number } = {}, options?: RequestOptions): ApiPromise<NewApiKey> {
    const call = { method: "POST", path: `${pathOf(id)}rotate/`, json: rotation, creates: true, options } as const;
    return this.#transport.send({ ...call, read: readJson<NewApiKey> });
  }

  revoke(id: string, options?: RequestOptions): ApiPromise<void> {
    return this.#transport.send({ method: "DELETE", path: pathOf(id), read: readNothing, options });
  }

  /** What a revocation would end. */
  foreseeRevocation(id: string, options?: RequestOptions): ApiPromise<KeyRevocation> {
    const call = { method: "DELETE", path: pathOf(id), query: { dry_run: true }, options } as const;
    return this.#transport.send({ ...call, read: readJson<KeyRevocation> });
  }
}
