// API keys: rows that say whose a key is. Every change raises `version`; what state Redis has not heard of yet is
// `published_version < version`, and the worker sees to it.
import { randomUUID } from "node:crypto";
import { ApiError } from "@qrfactory/domain/errors";
import type { KeyRecord } from "@qrfactory/domain/key-record";
import type { PlanName } from "@qrfactory/domain/plans";
import type { Db, Tx } from "./client.js";
import type { ApiKey } from "./generated/client.js";

export type ApiKeyRow = Pick<ApiKey, "id" | "name" | "keyPrefix" | "createdAt" | "revokedAt">;

export type NewKeySecrets = { hash: Buffer; keyPrefix: string; signingSecretSealed: Buffer };

/** A key as other services must know it, with the hash under which they look. */
export type KeyPublication = { keyId: string; hash: Buffer; retiredHashes: Buffer[]; record: KeyRecord };

const bytes = (buffer: Buffer) => Uint8Array.from(buffer);

/** Inserts a key. */
export async function createKey(
  db: Db | Tx,
  key: { workspaceId: string; name: string; createdBy: string; secrets: NewKeySecrets },
): Promise<ApiKeyRow & { publication: KeyPublication }> {
  const row = await db.apiKey.create({
    data: {
      id: randomUUID(),
      workspaceId: key.workspaceId,
      name: key.name,
      createdBy: key.createdBy,
      keyHash: bytes(key.secrets.hash),
      keyPrefix: key.secrets.keyPrefix,
      signingSecretSealed: bytes(key.secrets.signingSecretSealed),
    },
    include: { workspace: { select: { plan: true } } },
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

/** Revokes a key; throws `not_found` when the workspace has no such active key. */
export async function revokeKey(db: Db, workspaceId: string, keyId: string): Promise<KeyPublication> {
  return changeKey(db, workspaceId, keyId, { revokedAt: new Date() });
}

/** Gives a key new secrets; the old hash is published as revoked. Throws `not_found` as `revokeKey` does. */
export async function rotateKey(
  db: Db | Tx,
  workspaceId: string,
  keyId: string,
  secrets: NewKeySecrets,
): Promise<ApiKeyRow & { publication: KeyPublication }> {
  const current = await db.apiKey.findFirst({ where: { id: keyId, workspaceId, revokedAt: null } });
  if (!current) throw noSuchKey();
  const changed = await db.apiKey.updateManyAndReturn({
    // Of two rotations at once one wins; the other must not retire a hash that it never saw.
    where: { id: keyId, workspaceId, revokedAt: null, version: current.version },
    data: {
      retiredKeyHashes: { push: current.keyHash },
      keyHash: bytes(secrets.hash),
      keyPrefix: secrets.keyPrefix,
      signingSecretSealed: bytes(secrets.signingSecretSealed),
      version: { increment: 1 },
    },
    include: { workspace: { select: { plan: true } } },
  });
  const row = changed[0];
  if (!row) throw new ApiError("conflict", "This key was changed at the same moment; look at it again.");
  return { ...row, publication: toPublication(row) };
}

async function changeKey(
  db: Db,
  workspaceId: string,
  keyId: string,
  data: { revokedAt: Date },
): Promise<KeyPublication> {
  const changed = await db.apiKey.updateManyAndReturn({
    where: { id: keyId, workspaceId, revokedAt: null },
    data: { ...data, version: { increment: 1 } },
    include: { workspace: { select: { plan: true } } },
  });
  const row = changed[0];
  if (!row) throw noSuchKey();
  return toPublication(row);
}

const noSuchKey = () => new ApiError("not_found", "There is no such API key.");

/** What services must know of the key with this SHA-256 (hex); null when no key has it. */
export async function findKeyByHash(db: Db, hash: string): Promise<KeyRecord | null> {
  const row = await db.apiKey.findUnique({
    where: { keyHash: bytes(Buffer.from(hash, "hex")) },
    include: { workspace: { select: { plan: true } } },
  });
  return row && toPublication(row).record;
}

/** A key that signs addresses of images, with its sealed secret. */
export type SigningKey = { record: KeyRecord; signingSecretSealed: Buffer };

/** The keys with this prefix that are not revoked: one, but for a coincidence of 48 random bits. */
export async function findSigningKeys(db: Db, keyPrefix: string): Promise<SigningKey[]> {
  const rows = await db.apiKey.findMany({
    where: { keyPrefix, revokedAt: null },
    include: { workspace: { select: { plan: true } } },
  });
  return rows.map((row) => ({
    record: toPublication(row).record,
    signingSecretSealed: Buffer.from(row.signingSecretSealed),
  }));
}

/** Keys whose latest version state Redis is not known to have. */
export async function findUnpublishedKeys(db: Db, limit: number): Promise<KeyPublication[]> {
  const waiting = await db.$queryRaw<{ id: string }[]>`
    SELECT id FROM api_keys WHERE published_version < version LIMIT ${limit}`;
  const rows = await db.apiKey.findMany({
    where: { id: { in: waiting.map((row) => row.id) } },
    include: { workspace: { select: { plan: true } } },
  });
  return rows.map(toPublication);
}

/** Notes that a version is published; a newer version that appeared meanwhile stays to be published. */
export async function markKeyPublished(db: Db, { keyId, record }: KeyPublication): Promise<void> {
  await db.apiKey.updateMany({
    where: { id: keyId, version: record.version },
    data: { publishedVersion: record.version, retiredKeyHashes: [] },
  });
}

function toPublication(row: ApiKey & { workspace: { plan: string } }): KeyPublication {
  return {
    keyId: row.id,
    hash: Buffer.from(row.keyHash),
    retiredHashes: row.retiredKeyHashes.map((hash) => Buffer.from(hash)),
    record: {
      key_id: row.id,
      workspace_id: row.workspaceId,
      key_prefix: row.keyPrefix,
      plan: row.workspace.plan as PlanName,
      version: row.version,
      revoked: row.revokedAt !== null,
    },
  };
}
