// POSTs that create something: with an Idempotency-Key they happen once and their first answer is replayed, without
// one they simply happen. Either way the effect runs in one transaction.
import type { Caller } from "@qrfactory/auth/caller";
import type { Seal } from "@qrfactory/auth/seal";
import type { Db, Tx } from "@qrfactory/db/client";
import { findClaim, makeOnce, sealContextOf } from "@qrfactory/db/once";
import type { Request, Response } from "express";

export type Creation = {
  req: Request;
  res: Response;
  caller: Caller;
  /** The JSON body as received: decides whether a retry is the same request. */
  body: unknown;
  /** Creates in `tx` and returns the body of the 201; what it throws undoes everything. */
  effect: (tx: Tx) => Promise<unknown>;
  /** Runs after the commit of a first run, never of a replay; the worker makes up for a crash before it. */
  committed: () => Promise<void>;
};

export type RespondOnce = (creation: Creation) => Promise<void>;

/** Makes the responder for creating POSTs. */
export function makeRespondOnce({ db, seal }: { db: Db; seal: Seal }): RespondOnce {
  const once = makeOnce(db);
  return async function respondOnce({ req, res, caller, body, effect, committed }) {
    const { workspaceId } = caller;
    const claim = findClaim({ workspaceId, method: req.method, path: req.path, key: req.get("Idempotency-Key"), body });
    if (!claim) {
      const created = await db.$transaction(effect);
      await committed();
      return sendCreated(res, 201, Buffer.from(JSON.stringify(created)));
    }
    const context = sealContextOf(claim);
    const { answer, replayed } = await once(claim, async (tx) => {
      const created = await effect(tx);
      return { status: 201, sealed: seal.close(Buffer.from(JSON.stringify(created)), context) };
    });
    if (replayed) res.set("Idempotent-Replayed", "true");
    else await committed();
    sendCreated(res, answer.status, seal.open(answer.sealed, context));
  };
}

function sendCreated(res: Response, status: number, body: Buffer): void {
  res.status(status).set("Content-Type", "application/json; charset=utf-8").set("Cache-Control", "no-store").send(body);
}
