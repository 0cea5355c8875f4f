// API keys: rows that say whose a key is. Every change raises `version`; rows that the state Redis has not heard of yet
// have `published_version < version`, and the worker sees to them.
import { randomUUID } from "node:crypto";
import type { KeyRecord } from "@qrfactory/domain/access/key-record";
import type { KeyScope } from "@qrfactory/domain/access/key-scopes";
import { ApiError } from "@qrfactory/domain/http/errors";
import { entitlementsOf, entitlingColumns, holdUnfrozen } from "../accounts/standing.js";
import { bytes, type Db, type Tx } from "../client.js";
import type { ApiKey, Workspace } from "../generated/client.js";

/** A key as its workspace sees it; no column of it is secret. */
export type ApiKeyRow = Pick<
  ApiKey,
  "id" | "name" | "keyPrefix" | "createdAt" | "revokedAt" | "scopes" | "expiresAt" | "lastUsedAt"
>;

/** Stored form of a new key's two secrets. */
export type NewKeySecrets = { hash: Buffer; keyPrefix: string; signingSecretSealed: Buffer };

/** A key as other services must know it, with the hash under which they look. */
export type KeyPublication = {
  keyId: string;
  hash: Buffer;
  record: KeyRecord;
  /** Hashes that work no more. */
  retiredHashes: Buffer[];
  /** The secrets from before a rotation, while they work on. */
  previous: { hash: Buffer; record: KeyRecord } | null;
};

/** Columns of the workspace in the record of a key. */
const withWorkspace = { workspace: { select: entitlingColumns } } as const;
type WithWorkspace = ApiKey & { workspace: Pick<Workspace, keyof typeof entitlingColumns> };

/** Inserts a key; throws as `holdUnfrozen` does. */
export async function createKey(
  db: Db | Tx,
  key: {
    workspaceId: string;
    name: string;
    createdBy: string;
    secrets: NewKeySecrets;
    /** Default all. */
    scopes?: KeyScope[];
    /** Default never. */
    expiresAt?: Date;
  },
): Promise<ApiKeyRow & { publication: KeyPublication }> {
  await holdUnfrozen(db, key.workspaceId);
  const row = await db.apiKey.create({
    data: {
      id: randomUUID(),
      workspaceId: key.workspaceId,
      name: key.name,
      createdBy: key.createdBy,
      ...(key.scopes && { scopes: key.scopes }),
      ...(key.expiresAt && { expiresAt: key.expiresAt }),
      keyHash: bytes(key.secrets.hash),
      keyPrefix: key.secrets.keyPrefix,
      signingSecretSealed: bytes(key.secrets.signingSecretSealed),
    },
    include: withWorkspace,
  });
  return { ...row, publication: toPublication(row) };
}

/** A page of the workspace's keys that are not revoked, oldest first, and how many there are. */
export async function listKeys(db: Db, workspaceId: string, page: { skip: number; take: number }) {
  const where = { workspaceId, revokedAt: null };
  const [count, rows] = await Promise.all([
    db.apiKey.count({ where }),
    db.apiKey.findMany({ where, orderBy: [{ createdAt: "asc" }, { id: "asc" }], ...page }),
  ]);
  return { count, rows: rows as ApiKeyRow[] };
}

/** A key of the workspace that is not revoked; throws `not_found`. */
export async function getKey(db: Db, workspaceId: string, keyId: string): Promise<ApiKeyRow> {
  const row = await db.apiKey.findFirst({ where: { id: keyId, workspaceId, revokedAt: null } });
  if (!row) throw noSuchKey();
  return row;
}

/** The keys of a workspace that are not revoked. */
export async function findActiveKeyIds(tx: Tx, workspaceId: string): Promise<string[]> {
  const rows = await tx.apiKey.findMany({ where: { workspaceId, revokedAt: null }, select: { id: true } });
  return rows.map(({ id }) => id);
}

/** Revokes a key with all its secrets; throws `not_found` when the workspace has no such active key. */
export async function revokeKey(db: Db | Tx, workspaceId: string, keyId: string): Promise<KeyPublication> {
  const changed = await db.$executeRaw`
    UPDATE api_keys SET revoked_at = now(), version = version + 1,
      retired_key_hashes = array_remove(array_append(retired_key_hashes, previous_key_hash), NULL),
      previous_key_hash = NULL, previous_key_prefix = NULL, previous_signing_secret_sealed = NULL, previous_until = NULL
    WHERE id = ${keyId}::uuid AND workspace_id = ${workspaceId}::uuid AND revoked_at IS NULL`;
  if (changed === 0) throw noSuchKey();
  return toPublication(await db.apiKey.findUniqueOrThrow({ where: { id: keyId }, include: withWorkspace }));
}

/**
 * Gives a key new secrets; the old ones work until `overlapUntil`, without it they are dead at once, and any that an
 * earlier rotation had left are. Throws `not_found` as `revokeKey` does, and as `holdUnfrozen` does.
 */
export async function rotateKey(
  db: Db | Tx,
  rotation: { workspaceId: string; keyId: string; secrets: NewKeySecrets; overlapUntil: Date | null },
): Promise<ApiKeyRow & { publication: KeyPublication }> {
  const { workspaceId, keyId, secrets, overlapUntil } = rotation;
  await holdUnfrozen(db, workspaceId);
  const current = await db.apiKey.findFirst({ where: { id: keyId, workspaceId, revokedAt: null } });
  if (!current) throw noSuchKey();
  const retired = [current.previousKeyHash, overlapUntil ? null : current.keyHash].filter((hash) => hash !== null);
  const changed = await db.apiKey.updateManyAndReturn({
    // Of two rotations at once one wins; the other must not retire a hash that it never saw.
    where: { id: keyId, workspaceId, revokedAt: null, version: current.version },
    data: {
      retiredKeyHashes: [...current.retiredKeyHashes, ...retired],
      previousKeyHash: overlapUntil && current.keyHash,
      previousKeyPrefix: overlapUntil && current.keyPrefix,
      previousSigningSecretSealed: overlapUntil && current.signingSecretSealed,
      previousUntil: overlapUntil,
      keyHash: bytes(secrets.hash),
      keyPrefix: secrets.keyPrefix,
      signingSecretSealed: bytes(secrets.signingSecretSealed),
      version: { increment: 1 },
    },
    include: withWorkspace,
  });
  const row = changed[0];
  if (!row) throw new ApiError("conflict", "This key was changed at the same moment; look at it again.");
  return { ...row, publication: toPublication(row) };
}

/** Notes that a key is in use, at most once a minute however many ask. */
export async function touchKey(db: Db, keyId: string): Promise<void> {
  await db.$executeRaw`
    UPDATE api_keys SET last_used_at = now()
    WHERE id = ${keyId}::uuid AND (last_used_at IS NULL OR last_used_at <= now() - interval '1 minute')`;
}

/** The refusal for a key that is not there. */
export const noSuchKey = () => new ApiError("not_found", "There is no such API key.");

/** The record of the key with this SHA-256 (hex); null when no key has it. */
export async function findKeyByHash(db: Db, hash: string): Promise<KeyRecord | null> {
  const wanted = bytes(Buffer.from(hash, "hex"));
  const row = await db.apiKey.findFirst({
    where: { OR: [{ keyHash: wanted }, { previousKeyHash: wanted }] },
    include: withWorkspace,
  });
  if (!row) return null;
  const { hash: current, record, previous } = toPublication(row);
  return current.equals(wanted) ? record : (previous?.record ?? null);
}

/** A key that signs addresses of images, with its sealed secret. */
export type SigningKey = { record: KeyRecord; signingSecretSealed: Buffer };

/** The keys with this prefix that are not revoked: one, but for a coincidence of 48 random bits. */
export async function findSigningKeys(db: Db, keyPrefix: string): Promise<SigningKey[]> {
  const rows = await db.apiKey.findMany({
    where: { OR: [{ keyPrefix }, { previousKeyPrefix: keyPrefix }], revokedAt: null },
    include: withWorkspace,
  });
  return rows.flatMap((row) => {
    const { record, previous } = toPublication(row);
    if (row.keyPrefix === keyPrefix) return [{ record, signingSecretSealed: Buffer.from(row.signingSecretSealed) }];
    if (!previous || !row.previousSigningSecretSealed) return [];
    return [{ record: previous.record, signingSecretSealed: Buffer.from(row.previousSigningSecretSealed) }];
  });
}

/** Keys whose latest version state Redis is not known to have. */
export async function findUnpublishedKeys(db: Db, limit: number): Promise<KeyPublication[]> {
  const waiting = await db.$queryRaw<{ id: string }[]>`
    SELECT id FROM api_keys WHERE published_version < version LIMIT ${limit}`;
  const rows = await db.apiKey.findMany({
    where: { id: { in: waiting.map((row) => row.id) } },
    include: withWorkspace,
  });
  return rows.map(toPublication);
}

/** The keys of a workspace that are not revoked, for publishing what changed about it. */
export async function listKeyPublications(db: Db | Tx, workspaceId: string): Promise<KeyPublication[]> {
  const rows = await db.apiKey.findMany({ where: { workspaceId, revokedAt: null }, include: withWorkspace });
  return rows.map(toPublication);
}

/** Notes that a version is published; a newer version that appeared meanwhile stays to be published. */
export async function markKeyPublished(db: Db, { keyId, record }: KeyPublication): Promise<void> {
  await db.apiKey.updateMany({
    where: { id: keyId, version: record.version },
    data: { publishedVersion: record.version, retiredKeyHashes: [] },
  });
}

function toPublication(row: WithWorkspace): KeyPublication {
  const record: KeyRecord = {
    key_id: row.id,
    workspace_id: row.workspaceId,
    key_prefix: row.keyPrefix,
    ...entitlementsOf(row.workspace),
    version: row.version,
    revoked: row.revokedAt !== null,
    scopes: row.scopes as KeyScope[],
    expires_at: row.expiresAt?.toISOString() ?? null,
  };
  return {
    keyId: row.id,
    hash: Buffer.from(row.keyHash),
    record,
    retiredHashes: row.retiredKeyHashes.map((hash) => Buffer.from(hash)),
    previous: previousOf(row, record),
  };
}

function previousOf(row: ApiKey, record: KeyRecord): KeyPublication["previous"] {
  if (!row.previousKeyHash || !row.previousKeyPrefix || !row.previousUntil) return null;
  const ends = [row.previousUntil, row.expiresAt].filter((end) => end !== null).map((end) => end.toISOString());
  const expires_at = ends.sort()[0] as string;
  return {
    hash: Buffer.from(row.previousKeyHash),
    record: { ...record, key_prefix: row.previousKeyPrefix, expires_at },
  };
}
