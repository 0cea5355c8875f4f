// Changes of dynamic codes that are to happen later, over HTTP: put down by a PATCH with `effective_at`, listed, taken
// back. The worker makes them.

import { codeOperations } from "@qrfactory/api/operations/codes";
import { showChanges } from "@qrfactory/codes/fields/stored";
import type { Db } from "@qrfactory/db/client";
import { getCode } from "@qrfactory/db/codes/codes";
import {
  cancelScheduledChange,
  listScheduledChanges,
  noSuchChange,
  type ScheduledChange,
} from "@qrfactory/db/codes/scheduled-changes";
import type { Request, Response } from "express";
import type { FindCaller } from "../http/caller.js";
import { listDocument, readListQuery } from "../http/paging.js";
import { readPathId } from "../http/path-id.js";
import { readShortId } from "./address.js";

/** Dependencies of scheduled changes. */
export type ScheduledOptions = { db: Db; findCaller: FindCaller; publicBaseUrl: string };

/** The handlers of `GET …/scheduled` and `DELETE …/scheduled/{id}`. */
export function makeScheduled({ db, findCaller, publicBaseUrl }: ScheduledOptions) {
  async function list(req: Request, res: Response): Promise<void> {
    const { workspaceId } = await findCaller(req, res);
    const { page } = readListQuery(req, codeOperations.listScheduledChanges.query);
    const changes = await listScheduledChanges(db, await getCode(db, workspaceId, readShortId(req)));
    const results = changes.slice(page.skip, page.skip + page.take).map(scheduledDocument);
    res.json(listDocument(req, publicBaseUrl, { page, count: changes.length, results }));
  }

  async function cancel(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res);
    const code = await getCode(db, caller.workspaceId, readShortId(req));
    await cancelScheduledChange(db, code, readPathId(req, noSuchChange, "change_id"), caller.actor);
    res.status(204).end();
  }

  return { list, cancel };
}

/** A scheduled change as clients see it: of a password only whether there will be one. */
export function scheduledDocument({ id, effectiveAt, createdAt, changes, actor, failure }: ScheduledChange) {
  return {
    id,
    effective_at: effectiveAt.toISOString(),
    changes: showChanges(changes),
    status: failure === null ? "waiting" : "failed",
    failure,
    created_by: `${actor.kind}:${actor.id}`,
    created_at: createdAt.toISOString(),
  };
}
