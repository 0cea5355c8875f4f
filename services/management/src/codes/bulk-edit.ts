// One edit of many dynamic codes over HTTP: by short ids or by a filter, all or none.
import { passwordColumn } from "@qrfactory/auth/code-password";
import { requireAllowed, toFields, updateCodeBody } from "@qrfactory/codes/fields/input";
import { shortIdField } from "@qrfactory/codes/short-id";
import type { Db } from "@qrfactory/db/client";
import { bulkEditMax, type CodeSelection, updateCodes } from "@qrfactory/db/codes/bulk-edit";
import type { DynamicCode } from "@qrfactory/db/codes/codes";
import type { DestinationRules } from "@qrfactory/domain/destination";
import { listOf } from "@qrfactory/domain/http/validate";
import { readJson } from "@qrfactory/runtime/http/body";
import type { Request, Response } from "express";
import { z } from "zod";
import type { FindCaller } from "../http/caller.js";
import { filterQuery, readFilter } from "./list.js";

const isNotEmpty = (value: object) => Object.keys(value).length > 0;

const bulkEditBody = z
  .strictObject({
    short_ids: listOf(shortIdField, {
      min: 1,
      max: bulkEditMax,
      message: `Name at most ${bulkEditMax} codes.`,
    }).optional(),
    // An empty filter would be every code: nobody means that by leaving something out.
    filter: z
      .strictObject({ ...filterQuery, is_active: z.boolean().optional() })
      .refine(isNotEmpty, "Name at least one of tag, folder, search and is_active.")
      .optional(),
    changes: updateCodeBody.refine(isNotEmpty, "Name at least one field to change."),
  })
  .refine(({ short_ids, filter }) => (short_ids === undefined) !== (filter === undefined), {
    path: ["short_ids"],
    message: "Name the codes either by short_ids or by a filter.",
  });

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
    const { short_ids, filter, changes } = await readJson(req, bulkEditBody);
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
