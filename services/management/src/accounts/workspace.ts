// The workspace itself: what it is entitled to, what its owner agrees to pay beyond its plan, and its end.
import { type Caller, requireRole, requireSession } from "@qrfactory/auth/caller";
import { getMembership } from "@qrfactory/db/accounts";
import type { KeyPublication } from "@qrfactory/db/api-keys";
import type { Db } from "@qrfactory/db/client";
import { requireRoleNow } from "@qrfactory/db/member-rows";
import { holdWorkspace } from "@qrfactory/db/standing";
import { deleteWorkspace } from "@qrfactory/db/workspace-deletion";
import { getOverage, setOverage } from "@qrfactory/db/workspaces";
import { readJson } from "@qrfactory/runtime/body";
import type { Routes } from "@qrfactory/runtime/http-app";
import type { Request, Response } from "express";
import { z } from "zod";
import type { FindCaller } from "../caller.js";
import { workspaceDocument } from "./accounts.js";
import { accountBody, guessedPassword } from "./fields.js";
import { makeRequirePassword } from "./password.js";
import type { Throttle } from "./throttle.js";

/** A PostgreSQL `integer`; more renders than anybody makes in a month. */
const overageRendersLimit = 1_000_000_000;

const changeBody = z.strictObject({
  overage_enabled: z.boolean(),
  /** At most so many renders beyond the quota a month; null for any number. */
  overage_renders_max: z.int().min(0).max(overageRendersLimit).nullable().optional(),
});

const deleteBody = z.strictObject({ password: guessedPassword });

export type WorkspaceOptions = {
  db: Db;
  findCaller: FindCaller;
  throttle: Throttle;
  /** Tells all services at once; the worker repeats it if this fails. */
  publishKey: (publication: KeyPublication) => Promise<void>;
};

/** The routes of the caller's workspace. */
export function workspaceRoutes({ db, findCaller, throttle, publishKey }: WorkspaceOptions): Routes {
  const requirePassword = makeRequirePassword({ db, throttle });

  async function show(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res, ["user"]);
    res.json(await documentOf(caller));
  }

  async function documentOf({ id, workspaceId }: Caller) {
    const { workspace, role } = await getMembership(db, id, workspaceId);
    const { enabled, rendersMax } = await getOverage(db, workspaceId);
    return { ...workspaceDocument({ workspace, role }), overage_enabled: enabled, overage_renders_max: rendersMax };
  }

  async function change(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res, ["user"]);
    requireRole(caller, "owner");
    const { overage_enabled: enabled, overage_renders_max: rendersMax } = await readJson(req, changeBody, accountBody);
    const choice = { enabled, ...(rendersMax !== undefined && { rendersMax }) };
    const publications = await db.$transaction(async (tx) => {
      const changed = await setOverage(tx, caller.workspaceId, choice, caller.actor);
      await requireRoleNow(tx, requireSession(caller), "owner");
      return changed;
    });
    await Promise.all(publications.map(publishKey));
    res.json(await documentOf(caller));
  }

  async function remove(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res, ["user"]);
    requireRole(caller, "owner");
    const { userId, workspaceId } = requireSession(caller);
    const { password } = await readJson(req, deleteBody, accountBody);
    await requirePassword(req, res, { userId, password });
    const publications = await db.$transaction(async (tx) => {
      await holdWorkspace(tx, workspaceId, "update");
      await requireRoleNow(tx, { workspaceId, userId }, "owner");
      return deleteWorkspace(tx, workspaceId, caller.actor);
    });
    await Promise.all(publications.map(publishKey));
    res.status(204).end();
  }

  return { "/api/v1/workspace": { GET: show, PATCH: change, DELETE: remove } };
}
