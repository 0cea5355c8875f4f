// People: their sessions, their workspaces, and who else is in one.
import type { ApiPromise } from "../http/api-promise.js";
import { type List, listOf } from "../http/list.js";
import { type Call, type RequestOptions, readJson, readNothing, type Transport } from "../http/transport.js";
import type {
  Me,
  Member,
  PageQuery,
  Role,
  ScanPages,
  Session,
  SessionTokens,
  Workspace,
  WorkspaceSummary,
} from "../types.js";

type Sent = Omit<Call<never>, "read">;
const json = <T>(transport: Transport, call: Sent) => transport.send<T>({ ...call, read: readJson<T> });
const nothing = (transport: Transport, call: Sent) => transport.send<void>({ ...call, read: readNothing });

/** Sessions of people. */
export class Auth {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  logIn(
    account: { email: string; password: string; workspace_id?: string },
    options?: RequestOptions,
  ): ApiPromise<Session> {
    return json(this.#transport, { method: "POST", path: "/api/v1/auth/login/", json: account, options });
  }

  signUp(account: { email: string; password: string; workspace_name: string }, options?: RequestOptions) {
    return json<Session>(this.#transport, { method: "POST", path: "/api/v1/auth/signup/", json: account, options });
  }

  /** Exchanges a refresh token, which is then used up: it is asked once, since a second time would end the session. */
  refresh(refreshToken: string, options?: RequestOptions): ApiPromise<SessionTokens> {
    const call = { method: "POST", path: "/api/v1/auth/refresh/", json: { refresh_token: refreshToken } } as const;
    return json(this.#transport, { ...call, options: { ...options, maxRetries: 0 } });
  }

  logOut(refreshToken: string, options?: RequestOptions): ApiPromise<void> {
    const call = { method: "POST", path: "/api/v1/auth/logout/", json: { refresh_token: refreshToken } } as const;
    return nothing(this.#transport, { ...call, options });
  }

  me(options?: RequestOptions): ApiPromise<Me> {
    return json(this.#transport, { method: "GET", path: "/api/v1/me/", options });
  }
}

/** The workspace of the caller. */
export class Workspaces {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  get(options?: RequestOptions): ApiPromise<Workspace> {
    return json(this.#transport, { method: "GET", path: "/api/v1/workspace/", options });
  }

  update(
    changes: { overage_enabled?: boolean; overage_renders_max?: number | null; scan_pages?: Partial<ScanPages> | null },
    options?: RequestOptions,
  ): ApiPromise<Workspace> {
    return json(this.#transport, { method: "PATCH", path: "/api/v1/workspace/", json: changes, options });
  }

  /** All workspaces of the person. */
  list(query?: PageQuery, options?: RequestOptions): List<WorkspaceSummary> {
    return listOf<WorkspaceSummary>(this.#transport, "/api/v1/workspaces/", query, options);
  }

  /** Another workspace of the person. */
  create(workspace: { name: string }, options?: RequestOptions): ApiPromise<WorkspaceSummary> {
    const call = { method: "POST", path: "/api/v1/workspaces/", json: workspace, creates: true } as const;
    return json(this.#transport, { ...call, options });
  }
}

const membersRoot = "/api/v1/members/";
const memberPath = (id: string) => `${membersRoot}${encodeURIComponent(id)}/`;

/** Members of the workspace. */
export class Members {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  list(query?: PageQuery, options?: RequestOptions): List<Member> {
    return listOf<Member>(this.#transport, membersRoot, query, options);
  }

  invite(member: { email: string; role: Exclude<Role, "owner"> }, options?: RequestOptions): ApiPromise<Member> {
    return json(this.#transport, { method: "POST", path: membersRoot, json: member, creates: true, options });
  }

  changeRole(id: string, role: Exclude<Role, "owner">, options?: RequestOptions): ApiPromise<Member> {
    return json(this.#transport, { method: "PATCH", path: memberPath(id), json: { role }, options });
  }

  remove(id: string, options?: RequestOptions): ApiPromise<void> {
    return nothing(this.#transport, { method: "DELETE", path: memberPath(id), options });
  }
}
