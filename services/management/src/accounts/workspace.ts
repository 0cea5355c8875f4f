// The workspace itself: what it is entitled to, what its owner agrees to pay beyond its plan, what pages at the end of
// its codes say of it, and its end.

import { workspaceOperations } from "@qrfactory/api/operations/workspaces";
import { type Caller, requireSession } from "@qrfactory/auth/caller";
import { type CodeOwner, checkContact, type PublishedOwner } from "@qrfactory/codes/published/owner";
import { getMembership } from "@qrfactory/db/accounts/accounts";
import { requireRoleNow } from "@qrfactory/db/accounts/member-rows";
import { findCodeOwner, setCodeOwner } from "@qrfactory/db/accounts/scan-pages";
import { holdWorkspace } from "@qrfactory/db/accounts/standing";
import { deleteWorkspace } from "@qrfactory/db/accounts/workspace-deletion";
import { getOverage, setOverage } from "@qrfactory/db/accounts/workspaces";
import type { Db } from "@qrfactory/db/client";
import type { KeyPublication } from "@qrfactory/db/keys/api-keys";
import type { DestinationRules } from "@qrfactory/domain/destination";
import { readJson } from "@qrfactory/runtime/http/body";
import type { Request, Response } from "express";
import type { FindCaller } from "../http/caller.js";
import { workspaceDocument } from "./accounts.js";
import { accountBody } from "./body-limits.js";
import { makeRequirePassword } from "./password.js";
import type { Throttle } from "./throttle.js";

/** Dependencies of the routes of one workspace. */
export type WorkspaceOptions = {
  db: Db;
  findCaller: FindCaller;
  throttle: Throttle;
  /** Tells all services at once; the worker repeats it if this fails. */
  publishKey: (publication: KeyPublication) => Promise<void>;
  /** The same of what pages say of owners. */
  publishOwner: (owner: PublishedOwner) => Promise<void>;
  destinationRules: DestinationRules;
};

/** The handlers of the caller's workspace. */
export function workspaceHandlers(options: WorkspaceOptions) {
  const { db, findCaller, throttle, publishKey, publishOwner, destinationRules } = options;
  const requirePassword = makeRequirePassword({ db, throttle });

  async function show(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res);
    res.json(await documentOf(caller));
  }

  async function documentOf({ id, workspaceId }: Caller) {
    const { workspace, role } = await getMembership(db, id, workspaceId);
    const { enabled, rendersMax } = await getOverage(db, workspaceId);
    const scanPages = await findCodeOwner(db, workspaceId);
    const overage = { overage_enabled: enabled, overage_renders_max: rendersMax };
    return { ...workspaceDocument({ workspace, role }), ...overage, scan_pages: scanPages };
  }

  async function change(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res);
    const body = await readJson(req, workspaceOperations.updateWorkspace.body, accountBody);
    const { overage_enabled: enabled, overage_renders_max: rendersMax } = body;
    const choice = enabled !== undefined && { enabled, ...(rendersMax !== undefined && { rendersMax }) };
    const owner = body.scan_pages && checkOwner(body.scan_pages);
    const { workspaceId, actor } = caller;
    const changed = await db.$transaction(async (tx) => {
      const keys = choice ? await setOverage(tx, workspaceId, choice, actor) : [];
      const owners = owner === undefined ? [] : [await setCodeOwner(tx, workspaceId, owner, actor)];
      await requireRoleNow(tx, requireSession(caller), "owner");
      return { keys, owners };
    });
    await Promise.all([...changed.keys.map(publishKey), ...changed.owners.map(publishOwner)]);
    res.json(await documentOf(caller));
  }

  function checkOwner({ name, contact }: CodeOwner): CodeOwner {
    return { name, contact: contact && checkContact(contact, destinationRules, "scan_pages.contact") };
  }

  async function remove(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res);
    const { userId, workspaceId } = requireSession(caller);
    const { password } = await readJson(req, workspaceOperations.deleteWorkspace.body, accountBody);
    await requirePassword(req, res, { userId, password });
    const publications = await db.$transaction(async (tx) => {
      await holdWorkspace(tx, workspaceId, "update");
      await requireRoleNow(tx, { workspaceId, userId }, "owner");
      return deleteWorkspace(tx, workspaceId, caller.actor);
    });
    await Promise.all(publications.map(publishKey));
    res.status(204).end();
  }

  return { getWorkspace: show, updateWorkspace: change, deleteWorkspace: remove };
}
