// The history of a dynamic code over HTTP, and rollbacks: each is an edit like any other, with a version of its own.
import { codeOperations } from "@qrfactory/api/operations/codes";
import { requireAllowed } from "@qrfactory/codes/fields/input";
import { valuesToRestore } from "@qrfactory/codes/fields/stored";
import type { Db } from "@qrfactory/db/client";
import { type DynamicCode, getCode, updateCode } from "@qrfactory/db/codes/codes";
import { getVersion, listVersions } from "@qrfactory/db/codes/history";
import { readJson } from "@qrfactory/runtime/http/body";
import type { Request, Response } from "express";
import type { FindCaller } from "../http/caller.js";
import { listDocument, readListQuery } from "../http/paging.js";
import { readIfMatch, readShortId } from "./address.js";
import { versionDocument } from "./code-document.js";

/** Dependencies of versions and rollbacks; `send` answers with a code's document. */
export type HistoryOptions = {
  db: Db;
  findCaller: FindCaller;
  publishCodes: (rows: DynamicCode[]) => Promise<void>;
  publicBaseUrl: string;
  send: (res: Response, row: DynamicCode) => Promise<void>;
};

/** The handlers of `GET …/history` and `POST …/rollback`. */
export function makeHistory({ db, findCaller, publishCodes, publicBaseUrl, send }: HistoryOptions) {
  async function history(req: Request, res: Response): Promise<void> {
    const { workspaceId } = await findCaller(req, res);
    const { page, query } = readListQuery(req, codeOperations.listVersions.query);
    const code = await getCode(db, workspaceId, readShortId(req));
    const { count, versions } = await listVersions(db, code, page, query.at);
    res.json(listDocument(req, publicBaseUrl, { page, count, results: versions.map(versionDocument) }));
  }

  async function rollback(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res);
    const { version } = await readJson(req, codeOperations.rollBackCode.body);
    const { workspaceId } = caller;
    const shortId = readShortId(req);
    // Versions never change, so this one may be read before the code is locked.
    const was = await getVersion(db, await getCode(db, workspaceId, shortId), version);
    const fields = valuesToRestore(was);
    requireAllowed(fields, caller);
    const target = { workspaceId, shortId, ...readIfMatch(req) };
    const row = await updateCode(db, target, fields, caller.actor, {
      action: "dynamic.rolled_back",
      details: { to: version },
    });
    await publishCodes([row]);
    await send(res, row);
  }

  return { history, rollback };
}
