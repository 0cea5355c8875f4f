// From a request to who makes it: a member with an access token, or a program with an API key.
import type { IncomingHttpHeaders } from "node:http";
import type { KeyScope } from "@qrfactory/domain/access/key-scopes";
import { includesRole, type Role } from "@qrfactory/domain/access/roles";
import { ApiError } from "@qrfactory/domain/http/errors";
import type { Entitlements } from "@qrfactory/domain/plan/freeze";
import type { KeyDirectory, KeySearch } from "./key-directory.js";
import type { AccessTokens, Session } from "./tokens.js";

/** The maker of a request: an identity, a workspace and its entitlements, a role, and a key's scopes. */
export type Caller = Entitlements & {
  kind: "user" | "key";
  /** The user's or the key's id. */
  id: string;
  workspaceId: string;
  /** Role of the caller; a key acts as a member. */
  role: Role;
  /** Of a key only. */
  keyPrefix?: string;
  /** Of a key only: what it may be used for. */
  scopes?: readonly KeyScope[];
  /** Of a user only. */
  sessionId?: string;
};

/** Finds the caller of a request; throws `unauthenticated`, also for a kind that `accepts` does not list. */
export type Authenticate = (
  headers: IncomingHttpHeaders,
  accepts?: readonly Caller["kind"][],
  search?: KeySearch,
) => Promise<Caller>;

/** Dependencies of authentication: the two checks of credentials, and the look-up of rights. */
export type AuthenticateOptions = {
  tokens: AccessTokens;
  keys: KeyDirectory;
  /** The role behind a session and what its workspace is entitled to; null when it or the membership has ended. */
  findRights: (session: Session) => Promise<(Entitlements & { role: Role }) | null>;
};

/** A function that names the caller of a request; it throws `unauthenticated` when it cannot. */
export function makeAuthenticate({ tokens, keys, findRights }: AuthenticateOptions): Authenticate {
  async function userOf(authorization: string): Promise<Caller> {
    const token = /^Bearer +([A-Za-z0-9._-]+)$/i.exec(authorization)?.[1];
    const session = tokens.check(token ?? "");
    const rights = await findRights(session);
    if (!rights) throw new ApiError("unauthenticated", "This session has ended; log in again.");
    const { userId, ...rest } = session;
    return { kind: "user", id: userId, ...rest, ...rights };
  }

  async function nameCaller(
    headers: IncomingHttpHeaders,
    accepts: readonly Caller["kind"][],
    search: KeySearch,
  ): Promise<Caller> {
    if (accepts.includes("user") && headers.authorization !== undefined) return userOf(headers.authorization);
    if (accepts.includes("key") && headers["x-api-key"] !== undefined) return authenticateKey(keys, headers, search);
    throw new ApiError("unauthenticated", `Send ${accepts.map((kind) => credentials[kind]).join(" or ")}.`);
  }

  return async function authenticate(headers, accepts = ["user", "key"], search = {}) {
    try {
      return await nameCaller(headers, accepts, search);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) {
        error.headers["WWW-Authenticate"] = accepts.map((kind) => challenges[kind]).join(", ");
      }
      throw error;
    }
  };
}

/** The credential of a request as it was sent; undefined where there is none. */
export function credentialOf(headers: IncomingHttpHeaders): string | undefined {
  const { authorization, "x-api-key": key } = headers;
  return authorization ?? (Array.isArray(key) ? key.join() : key);
}

/** The ways to authenticate that a route takes (RFC 9110, 11.6.1); a key has no scheme of its own, so one is named. */
const challenges = { user: "Bearer", key: 'ApiKey header="X-Api-Key"' };

const credentials = {
  user: "an access token in the Authorization header (Bearer …)",
  key: "an API key in the X-Api-Key header",
};

/** The caller behind `X-Api-Key`; throws `unauthenticated`, with one sentence for every key that is not valid. */
async function authenticateKey(keys: KeyDirectory, headers: IncomingHttpHeaders, search: KeySearch): Promise<Caller> {
  const rawKey = headers["x-api-key"];
  if (typeof rawKey !== "string") throw new ApiError("unauthenticated", `Send ${credentials.key}.`);
  const record = await keys.findByRawKey(rawKey, search);
  if (!record) throw new ApiError("unauthenticated", "The API key is not valid, has expired or was revoked.");
  return {
    kind: "key",
    id: record.key_id,
    workspaceId: record.workspace_id,
    plan: record.plan,
    frozen: record.frozen,
    overage: record.overage,
    role: "member",
    keyPrefix: record.key_prefix,
    scopes: record.scopes,
  };
}

/** The session of a caller who is a user; throws `unauthenticated` for a key. */
export function requireSession({ id: userId, workspaceId, sessionId }: Caller): Session {
  if (!sessionId) throw new ApiError("unauthenticated", `Send ${credentials.user}.`);
  return { userId, workspaceId, sessionId };
}

/** Throws `forbidden` when the caller's role is below the needed one. */
export function requireRole(caller: Caller, needed: Role): void {
  if (includesRole(caller.role, needed)) return;
  throw new ApiError("forbidden", `This needs the role ${needed}; yours is ${caller.role}.`);
}

/** Throws `forbidden` when the caller is a key without this scope; people have no scopes. */
export function requireScope({ scopes }: Pick<Caller, "scopes">, needed: KeyScope): void {
  if (!scopes || scopes.includes(needed)) return;
  throw new ApiError("forbidden", `This needs an API key with the scope ${needed}.`);
}
