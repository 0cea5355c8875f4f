// API keys: create, list, revoke, rotate. Both secrets of a key are shown in one answer and never again.

import type { Handlers } from "@qrfactory/api/bind";
import { keyOperations } from "@qrfactory/api/operations/keys";
import { createApiKey, createSigningSecret, signingSecretContext } from "@qrfactory/auth/api-key";
import { requireSession } from "@qrfactory/auth/caller";
import type { Seal } from "@qrfactory/auth/seal";
import { requireRoleNow } from "@qrfactory/db/accounts/member-rows";
import { holdWorkspace } from "@qrfactory/db/accounts/standing";
import { recordAudit } from "@qrfactory/db/audit/audit";
import { countKeyRenders } from "@qrfactory/db/calls/usage";
import type { Db, Tx } from "@qrfactory/db/client";
import {
  type ApiKeyRow,
  createKey,
  getKey,
  type KeyPublication,
  listKeys,
  noSuchKey,
  revokeKey,
  rotateKey,
} from "@qrfactory/db/keys/api-keys";
import { parseInput } from "@qrfactory/domain/http/validate";
import { readJsonValue } from "@qrfactory/runtime/http/body";
import type { Request, Response } from "express";
import type { FindCaller, SeenCaller } from "../http/caller.js";
import type { RespondOnce } from "../http/idempotency.js";
import { listDocument, readListQuery } from "../http/paging.js";
import { readPathId } from "../http/path-id.js";

/** Dependencies of the routes of API keys. */
export type ApiKeysOptions = {
  db: Db;
  seal: Seal;
  findCaller: FindCaller;
  respondOnce: RespondOnce;
  /** Tells all services at once; the worker repeats it if this fails. */
  publishKey: (publication: KeyPublication) => Promise<void>;
  publicBaseUrl: string;
};

/** The handlers of API keys. */
export function keyHandlers({
  db,
  seal,
  findCaller,
  respondOnce,
  publishKey,
  publicBaseUrl,
}: ApiKeysOptions): Handlers<keyof typeof keyOperations> {
  function drawSecrets() {
    const key = createApiKey();
    const signingSecret = createSigningSecret();
    const signingSecretSealed = seal.close(Buffer.from(signingSecret), signingSecretContext);
    return { raw: key.raw, signingSecret, row: { hash: key.hash, keyPrefix: key.keyPrefix, signingSecretSealed } };
  }

  type NewRow = ApiKeyRow & { publication: KeyPublication };

  /** The common walk of create and rotate: new secrets, one transaction, one answer, then everybody is told. */
  async function issue(
    req: Request,
    res: Response,
    caller: SeenCaller,
    body: unknown,
    action: "key.created" | "key.rotated",
    store: (tx: Tx, secrets: ReturnType<typeof drawSecrets>["row"]) => Promise<NewRow>,
  ): Promise<void> {
    let publication: KeyPublication | undefined;
    await respondOnce({
      req,
      res,
      caller,
      body,
      effect: async (tx) => {
        const secrets = drawSecrets();
        const row = await store(tx, secrets.row);
        // The workspace is held by now: an admin who is none any more makes no key.
        await requireRoleNow(tx, requireSession(caller), "admin");
        publication = row.publication;
        const { workspaceId, actor } = caller;
        const details = { name: row.name, key_prefix: row.keyPrefix };
        await recordAudit(tx, actor, { workspaceId, action, target: row.id, details });
        return {
          ...keyDocument(row, caller),
          raw_key: secrets.raw,
          signing_secret: secrets.signingSecret,
        };
      },
      committed: async () => {
        if (publication) await publishKey(publication);
      },
    });
  }

  async function create(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res);
    const body = await readJsonValue(req);
    const { name, scopes, expires_at } = parseInput(keyOperations.createKey.body, body);
    await issue(req, res, caller, body, "key.created", (tx, secrets) =>
      createKey(tx, {
        workspaceId: caller.workspaceId,
        name,
        createdBy: caller.id,
        secrets,
        ...(scopes && { scopes: [...new Set(scopes)] }),
        ...(expires_at && { expiresAt: expires_at }),
      }),
    );
  }

  async function rotate(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res);
    const body = await readJsonValue(req);
    const { overlap_seconds } = parseInput(keyOperations.rotateKey.body, body);
    const keyId = readPathId(req, noSuchKey);
    await issue(req, res, caller, body, "key.rotated", (tx, secrets) => {
      const overlapUntil = overlap_seconds > 0 ? new Date(Date.now() + overlap_seconds * 1000) : null;
      return rotateKey(tx, { workspaceId: caller.workspaceId, keyId, secrets, overlapUntil });
    });
  }

  async function list(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res);
    const { page } = readListQuery(req, keyOperations.listKeys.query);
    const { count, rows } = await listKeys(db, caller.workspaceId, page);
    const results = rows.map((row) => keyDocument(row, caller));
    res.json(listDocument(req, publicBaseUrl, { page, count, results }));
  }

  async function revoke(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res);
    const { workspaceId, actor } = caller;
    const target = readPathId(req, noSuchKey);
    const { dry_run } = parseInput(keyOperations.revokeKey.query, req.query);
    if (dry_run) return void res.json(await foresee(workspaceId, target));
    const publication = await db.$transaction(async (tx) => {
      await holdWorkspace(tx, workspaceId, "share");
      await requireRoleNow(tx, requireSession(caller), "admin");
      const revoked = await revokeKey(tx, workspaceId, target);
      await recordAudit(tx, actor, { workspaceId, action: "key.revoked", target });
      return revoked;
    });
    await publishKey(publication);
    res.status(204).end();
  }

  /** Tells the effects of a revocation, so that nobody finds out from printed pages. */
  async function foresee(workspaceId: string, keyId: string) {
    const key = await getKey(db, workspaceId, keyId);
    return {
      dry_run: true,
      id: key.id,
      key_prefix: key.keyPrefix,
      last_used_at: key.lastUsedAt?.toISOString() ?? null,
      renders_last_30_days: await countKeyRenders(db, keyId, 30),
      effects: [
        "Requests with this key are refused within two seconds.",
        "Images at addresses that were signed with its signing_secret are no longer delivered; " +
          "pages that embed them show none.",
        "Codes that were printed or created with it go on working.",
        `To change the secrets without a gap, use POST /api/v1/keys/${keyId}/rotate/ with overlap_seconds.`,
      ],
    };
  }

  return { listKeys: list, createKey: create, revokeKey: revoke, rotateKey: rotate };
}

function keyDocument(row: ApiKeyRow, { plan }: SeenCaller) {
  return {
    id: row.id,
    name: row.name,
    key_prefix: row.keyPrefix,
    plan,
    scopes: row.scopes,
    expires_at: row.expiresAt?.toISOString() ?? null,
    last_used_at: row.lastUsedAt?.toISOString() ?? null,
    created_at: row.createdAt.toISOString(),
  };
}
