// Dynamic codes over HTTP: create, list, read, edit, delete. An edit is committed first and published right after;
// if that fails, the worker publishes it as soon as Redis is back.

import type { Handlers } from "@qrfactory/api/bind";
import { codeOperations } from "@qrfactory/api/operations/codes";
import type { Caller } from "@qrfactory/auth/caller";
import { passwordColumn } from "@qrfactory/auth/code-password";
import type { CodeFields } from "@qrfactory/codes/fields/fields";
import { requireAllowed, toFields, type updateCodeBody } from "@qrfactory/codes/fields/input";
import type { Db } from "@qrfactory/db/client";
import { type DynamicCode, deleteCode, getCode, restoreCode, updateCode } from "@qrfactory/db/codes/codes";
import { createCode, type NewCode } from "@qrfactory/db/codes/creation";
import { getCodeAt } from "@qrfactory/db/codes/history";
import { foreseeCode, scheduleChange, scheduleChangeIn } from "@qrfactory/db/codes/scheduled-changes";
import { findScheduled } from "@qrfactory/db/codes/status";
import type { DestinationRules } from "@qrfactory/domain/destination";
import { invalidField } from "@qrfactory/domain/http/errors";
import { parseInput } from "@qrfactory/domain/http/validate";
import { readJson, readJsonValue } from "@qrfactory/runtime/http/body";
import type { Request, Response } from "express";
import type { z } from "zod";
import type { FindCaller } from "../http/caller.js";
import type { RespondOnce } from "../http/idempotency.js";
import { readIfMatch, readShortId } from "./address.js";
import { makeBulkEdit } from "./bulk-edit.js";
import { codeDocument } from "./code-document.js";
import { makeExport } from "./export.js";
import { makeHistory } from "./history.js";
import { makeListCodes } from "./list.js";
import { makeResolve } from "./resolve.js";
import { makeScheduled, scheduledDocument } from "./scheduled.js";

/** Dependencies of the routes of codes. */
export type DynamicCodesOptions = {
  db: Db;
  findCaller: FindCaller;
  respondOnce: RespondOnce;
  /** Tells all regions at once; the worker repeats it if this fails. */
  publishCodes: (rows: DynamicCode[]) => Promise<void>;
  /**
   * The same for codes that are new to regions; waits for those that can be reached, and is false when it may take a
   * second.
   */
  publishEverywhere: (rows: DynamicCode[]) => Promise<boolean>;
  destinationRules: DestinationRules;
  publicBaseUrl: string;
  scanBaseUrl: string;
};

/** Since when changes are scheduled by a POST of their own (RFC 9745): 2026-11-28. A PATCH goes on doing it. */
const schedulingByPatchDeprecated = "@1795824000";

/** The handlers of dynamic codes. */
export function codeHandlers(options: DynamicCodesOptions): Handlers<keyof typeof codeOperations> {
  const { db, findCaller, respondOnce, publishCodes, destinationRules, scanBaseUrl } = options;

  /** Says so when a code may be scanned before every region knows it. */
  async function publishNew(res: Response, row: DynamicCode): Promise<void> {
    if (!(await options.publishEverywhere([row]))) res.set("X-QR-Published", "pending");
  }

  async function send(res: Response, row: DynamicCode): Promise<void> {
    const isScheduled = (await findScheduled(db, [row])).has(row.id);
    res.set("ETag", `"${row.version}"`).json(codeDocument(row, scanBaseUrl, isScheduled));
  }

  /** The columns that a body sets; refused before anything is hashed. */
  async function readFields(body: z.output<typeof updateCodeBody>, caller: Caller): Promise<CodeFields> {
    const fields = toFields(body, destinationRules);
    requireAllowed(fields, caller);
    return { ...fields, ...(await passwordColumn(body.password)) };
  }

  async function create(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res);
    const body = await readJsonValue(req);
    const { short_id, ...input } = parseInput(codeOperations.createCode.body, body);
    const fields = (await readFields(input, caller)) as Omit<NewCode, "shortId">;
    let created: DynamicCode | undefined;
    await respondOnce({
      req,
      res,
      caller,
      body,
      effect: async (tx) => {
        const code = { ...fields, ...(short_id && { shortId: short_id }) };
        created = await createCode(tx, caller.workspaceId, code, caller.actor);
        return codeDocument(created, scanBaseUrl);
      },
      committed: async () => {
        if (created) await publishNew(res, created);
      },
    });
  }

  async function show(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res);
    const { at } = parseInput(codeOperations.getCode.query, req.query);
    const row = await getCode(db, caller.workspaceId, readShortId(req));
    if (at && at.getTime() > Date.now()) await send(res, (await foreseeCode(db, row, at)).code);
    else await send(res, at ? await getCodeAt(db, row, at) : row);
  }

  async function update(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res);
    const { effective_at: effectiveAt, ...input } = await readJson(req, codeOperations.updateCode.body);
    const changes = await readFields(input, caller);
    const target = { workspaceId: caller.workspaceId, shortId: readShortId(req), ...readIfMatch(req) };
    if (effectiveAt) {
      const scheduled = await scheduleChange(db, target, { changes, effectiveAt }, caller.actor);
      const successor = `</api/v1/dynamic/${target.shortId}/scheduled/>; rel="successor-version"`;
      res.set({ Deprecation: schedulingByPatchDeprecated, Link: successor }).status(202);
      res.json(scheduledDocument(scheduled));
      return;
    }
    const row = await updateCode(db, target, changes, caller.actor);
    await publishCodes([row]);
    await send(res, row);
  }

  async function remove(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res);
    const target = { workspaceId: caller.workspaceId, shortId: readShortId(req), ...readIfMatch(req) };
    await publishCodes([await deleteCode(db, target, caller.actor)]);
    res.status(204).end();
  }

  async function restore(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res);
    await readJson(req, codeOperations.restoreCode.body);
    const target = { workspaceId: caller.workspaceId, shortId: readShortId(req), ...readIfMatch(req) };
    const row = await restoreCode(db, target, caller.actor);
    await publishNew(res, row);
    await send(res, row);
  }

  /** The same as a PATCH with `effective_at`, as a thing of its own. */
  async function schedule(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res);
    const body = await readJsonValue(req);
    const { effective_at: effectiveAt, ...input } = parseInput(codeOperations.scheduleChange.body, body);
    if (Object.keys(input).length === 0) throw invalidField("effective_at", "Name at least one field to change.");
    const changes = await readFields(input, caller);
    const target = { workspaceId: caller.workspaceId, shortId: readShortId(req), ...readIfMatch(req) };
    await respondOnce({
      req,
      res,
      caller,
      body,
      effect: async (tx) =>
        scheduledDocument(await scheduleChangeIn(tx, target, { changes, effectiveAt }, caller.actor)),
    });
  }

  const scheduled = makeScheduled(options);
  const { history, rollback } = makeHistory({ ...options, send });
  return {
    listCodes: makeListCodes(options),
    createCode: create,
    updateCodes: makeBulkEdit(options),
    exportCodes: makeExport(options),
    getCode: show,
    updateCode: update,
    deleteCode: remove,
    restoreCode: restore,
    listScheduledChanges: scheduled.list,
    scheduleChange: schedule,
    cancelScheduledChange: scheduled.cancel,
    listVersions: history,
    rollBackCode: rollback,
    resolveCode: makeResolve(options),
  };
}
