// POSTs that create something: with an Idempotency-Key they happen once and their first answer is replayed, without
// one they simply happen. Either way the effect runs in one transaction.
import type { Caller } from "@qrfactory/auth/caller";
import type { Seal } from "@qrfactory/auth/seal";
import type { Db, Tx } from "@qrfactory/db/client";
import { findClaim, makeOnce, recallAnswer, sealContextOf } from "@qrfactory/db/once";
import type { Request, Response } from "express";
import type { SeenCaller } from "./caller.js";

/** A creating request and its effect. */
export type Creation = {
  req: Request;
  res: Response;
  caller: Caller;
  /** A JSON value, the body as received: decides whether a retry is the same request. */
  body: unknown;
  /** Of the answer; default 201. */
  status?: number;
  /** Creates in `tx` and returns the body of the answer; an error undoes everything. */
  effect: (tx: Tx) => Promise<unknown>;
  /** Runs after the commit of a first run, never of a replay; the worker makes up for a crash before it. */
  committed?: () => Promise<void>;
};

/** Status and bytes of an answer, as they are stored for replays. */
export type Created = { status: number; body: Buffer };

/** Creates, or finds what was created, and marks a replay in the response; the answer is still to be sent. */
export type CreateOnce = (creation: Creation) => Promise<Created>;

/** Runs a creation, or replays its answer, and responds. */
export type RespondOnce = (creation: Creation) => Promise<void>;

/** Makes the function behind all creating POSTs. */
export function makeCreateOnce({ db, seal }: { db: Db; seal: Seal }): CreateOnce {
  const once = makeOnce(db);
  return async function createOnce({ req, res, caller, body, status = 201, effect, committed }) {
    const claim = claimOf({ req, caller, body });
    if (!claim) {
      const created = await db.$transaction(effect);
      await committed?.();
      return { status, body: Buffer.from(JSON.stringify(created)) };
    }
    const context = sealContextOf(claim);
    const { answer, replayed } = await once(claim, async (tx) => {
      const created = await effect(tx);
      return { status, sealed: seal.close(Buffer.from(JSON.stringify(created)), context) };
    });
    if (replayed) res.set("Idempotent-Replayed", "true");
    else await committed?.();
    return { status: answer.status, body: seal.open(answer.sealed, context) };
  };
}

/** A creation as far as it decides what was asked before. */
export type Recalled = Pick<Creation, "req" | "res" | "body"> & { caller: SeenCaller };

/** The answer to an earlier request with the same key and body, marked as a replay; null when there was none. */
export type Recall = (request: Recalled) => Promise<Created | null>;

/** Makes the look-up for POSTs that have much to find out before they create. */
export function makeRecall({ db, seal }: { db: Db; seal: Seal }): Recall {
  return async function recall({ req, res, caller, body }) {
    const claim = claimOf({ req, caller, body });
    const answer = claim && (await recallAnswer(db, claim));
    if (!answer) return null;
    res.set("Idempotent-Replayed", "true");
    return { status: answer.status, body: seal.open(answer.sealed, sealContextOf(claim)) };
  };
}

type Claiming = Pick<Creation, "req" | "body"> & { caller: Pick<Caller, "workspaceId"> };

function claimOf({ req, caller: { workspaceId }, body }: Claiming) {
  return findClaim({ workspaceId, method: req.method, path: req.path, key: req.get("Idempotency-Key"), body });
}

/** Makes the responder for creating POSTs. */
export const makeRespondOnce =
  (createOnce: CreateOnce): RespondOnce =>
  async (creation) =>
    sendCreated(creation.res, await createOnce(creation));

/** Where what was created is found: below the collection that was posted to; of a workspace the list of them. */
function locationOf({ originalUrl }: Request, body: Buffer): string {
  const { id, short_id } = JSON.parse(body.toString()) as { id?: string; short_id?: string };
  const path = originalUrl.replace(/\?.*$/, "").replace(/\/$/, "");
  const collection = path.replace(/\/[^/]+\/rotate$/, "");
  const name = short_id ?? id;
  return name === undefined || collection.endsWith("/workspaces") ? `${collection}/` : `${collection}/${name}/`;
}

/** Sends what was created; with 201 says where it is found (RFC 9110, 15.3.2). */
export function sendCreated(res: Response, { status, body }: Created): void {
  if (status === 201) res.set("Location", locationOf(res.req, body));
  res.status(status).set("Content-Type", "application/json; charset=utf-8").set("Cache-Control", "no-store").send(body);
}
