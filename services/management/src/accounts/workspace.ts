// The workspace itself: its owner may delete it.
import { requireRole, requireSession } from "@qrfactory/auth/caller";
import type { KeyPublication } from "@qrfactory/db/api-keys";
import type { Db } from "@qrfactory/db/client";
import { deleteWorkspace } from "@qrfactory/db/workspace-deletion";
import { readJson } from "@qrfactory/runtime/body";
import type { Routes } from "@qrfactory/runtime/http-app";
import type { Request, Response } from "express";
import { z } from "zod";
import type { FindCaller } from "../caller.js";
import { guessedPassword } from "./fields.js";
import { makeRequirePassword } from "./password.js";
import type { CountGuess } from "./throttle.js";

const deleteBody = z.strictObject({ password: guessedPassword });

export type WorkspaceOptions = {
  db: Db;
  findCaller: FindCaller;
  countGuess: CountGuess;
  /** Tells all services at once; the worker repeats it if this fails. */
  publishKey: (publication: KeyPublication) => Promise<void>;
};

/** The routes of the caller's workspace. */
export function workspaceRoutes({ db, findCaller, countGuess, publishKey }: WorkspaceOptions): Routes {
  const requirePassword = makeRequirePassword({ db, countGuess });

  async function remove(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res, ["user"]);
    requireRole(caller, "owner");
    const { userId, workspaceId } = requireSession(caller);
    const { password } = await readJson(req, deleteBody);
    await requirePassword(req, res, { userId, password });
    const publications = await db.$transaction((tx) => deleteWorkspace(tx, workspaceId, caller.actor));
    await Promise.all(publications.map(publishKey));
    res.status(204).end();
  }

  return { "/api/v1/workspace": { DELETE: remove } };
}
