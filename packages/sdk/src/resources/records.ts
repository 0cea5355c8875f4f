// What was used and done: usage of the plan, delivered images, changes.
import type { ApiPromise } from "../http/api-promise.js";
import { cursorListOf, type List } from "../http/list.js";
import { type RequestOptions, readJson, type Transport } from "../http/transport.js";
import type { ApiCall, AuditEvent, AuditQuery, CallQuery, CursorPage, Usage, WorkspaceUsage } from "../types.js";

/** Usage of this month, and the limits of the plan. */
export class UsageOfPlan {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** With an API key. */
  get(options?: RequestOptions): ApiPromise<Usage> {
    return this.#transport.send({ method: "GET", path: "/api/v1/usage/", read: readJson<Usage>, options });
  }

  /** With an access token: by key and by day, too. */
  details(options?: RequestOptions): ApiPromise<WorkspaceUsage> {
    return this.#transport.send({ method: "GET", path: "/api/v1/usage/me/", read: readJson<WorkspaceUsage>, options });
  }
}

/** The ledger of delivered images. */
export class Calls {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  list(query?: CallQuery, options?: RequestOptions): List<ApiCall, CursorPage<ApiCall>> {
    return cursorListOf<ApiCall>(this.#transport, "/api/v1/calls/", query, options);
  }
}

/** The trail of changes; takes the access token of an admin. */
export class Audit {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  list(query?: AuditQuery, options?: RequestOptions): List<AuditEvent, CursorPage<AuditEvent>> {
    return cursorListOf<AuditEvent>(this.#transport, "/api/v1/audit/", query, options);
  }
}
