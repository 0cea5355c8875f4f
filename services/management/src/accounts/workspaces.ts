// The workspaces of a user: all they belong to, and another of their own. `POST /api/v1/auth/switch` enters one.

import { workspaceOperations } from "@qrfactory/api/operations/workspaces";
import { createWorkspace, listWorkspaces } from "@qrfactory/db/accounts/accounts";
import type { Db } from "@qrfactory/db/client";
import { parseInput } from "@qrfactory/domain/http/validate";
import { readJsonValue } from "@qrfactory/runtime/http/body";
import type { Request, Response } from "express";
import type { FindCaller } from "../http/caller.js";
import type { RespondOnce } from "../http/idempotency.js";
import { listDocument, readListQuery } from "../http/paging.js";
import { workspaceDocument } from "./accounts.js";
import { accountBody } from "./body-limits.js";

/** Dependencies of the list of workspaces and of new ones. */
export type WorkspacesOptions = {
  db: Db;
  findCaller: FindCaller;
  respondOnce: RespondOnce;
  publicBaseUrl: string;
};

/** The handlers of a user's workspaces. */
export function workspacesHandlers({ db, findCaller, respondOnce, publicBaseUrl }: WorkspacesOptions) {
  async function list(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res);
    const { page } = readListQuery(req, workspaceOperations.listWorkspaces.query);
    // Of one person there are few: all are read, as `GET /api/v1/me` does.
    const all = await listWorkspaces(db, caller.id);
    const results = all.slice(page.skip, page.skip + page.take).map(workspaceDocument);
    res.json(listDocument(req, publicBaseUrl, { page, count: all.length, results }));
  }

  async function create(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res);
    const body = await readJsonValue(req, accountBody);
    const { name } = parseInput(workspaceOperations.createWorkspace.body, body);
    await respondOnce({
      req,
      res,
      caller,
      body,
      effect: async (tx) =>
        workspaceDocument({ workspace: await createWorkspace(tx, name, caller.actor), role: "owner" }),
    });
  }

  return { listWorkspaces: list, createWorkspace: create };
}
