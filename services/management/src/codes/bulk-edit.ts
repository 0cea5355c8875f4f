// One edit of many dynamic codes over HTTP: by short ids or by a filter, all or none.
import { codeOperations } from "@qrfactory/api/operations/codes";
import { passwordColumn } from "@qrfactory/auth/code-password";
import { requireAllowed, toFields } from "@qrfactory/codes/fields/input";
import type { Db } from "@qrfactory/db/client";
import { type CodeSelection, updateCodes } from "@qrfactory/db/codes/bulk-edit";
import type { DynamicCode } from "@qrfactory/db/codes/codes";
import type { DestinationRules } from "@qrfactory/domain/destination";
import { readJson } from "@qrfactory/runtime/http/body";
import type { Request, Response } from "express";
import type { FindCaller } from "../http/caller.js";
import { readFilter } from "./list.js";

/** Dependencies of edits of many codes. */
export type BulkEditOptions = {
  db: Db;
  findCaller: FindCaller;
  /** Tells all regions at once; the worker repeats it if this fails. */
  publishCodes: (rows: DynamicCode[]) => Promise<void>;
  destinationRules: DestinationRules;
};

/** The handler of `PATCH /api/v1/dynamic`; answers how many codes were changed. */
export function makeBulkEdit({ db, findCaller, publishCodes, destinationRules }: BulkEditOptions) {
  return async function bulkEdit(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res);
    const { short_ids, filter, changes } = await readJson(req, codeOperations.updateCodes.body);
    const plain = toFields(changes, destinationRules, "changes.");
    requireAllowed(plain, caller);
    const fields = { ...plain, ...(await passwordColumn(changes.password)) };
    const selection: CodeSelection = short_ids
      ? { shortIds: [...new Set(short_ids)] }
      : { filter: readFilter({ ...filter, is_active: toWord(filter?.is_active) }) };
    const rows = await updateCodes(db, caller.workspaceId, selection, fields, caller.actor);
    await publishCodes(rows);
    res.json({ changed: rows.length });
  };
}

const toWord = (truth: boolean | undefined) => (truth === undefined ? undefined : truth ? "true" : "false");
