// Scans of codes that were deleted, by code: somebody still has them in print.

import type { Handlers } from "@qrfactory/api/bind";
import { analyticsOperations } from "@qrfactory/api/operations/analytics";
import type { Db } from "@qrfactory/db/client";
import { findDeletedCodes } from "@qrfactory/db/codes/codes";
import { ApiError } from "@qrfactory/domain/http/errors";
import { parseInput } from "@qrfactory/domain/http/validate";
import type { Orphan } from "@qrfactory/state/orphans";
import type { Request, Response } from "express";
import type { FindCaller } from "../http/caller.js";

/** Dependencies of the list of orphans. */
export type OrphansOptions = {
  db: Db;
  findCaller: FindCaller;
  /** Every id that leads nowhere, with its scans of the last days; rejects when they cannot be read. */
  listOrphans: (days: number) => Promise<Orphan[]>;
};

/** The handler of orphans. */
export function orphanHandlers({ db, findCaller, listOrphans }: OrphansOptions): Handlers<"listOrphans"> {
  async function list(req: Request, res: Response): Promise<void> {
    const { workspaceId } = await findCaller(req, res);
    const { days } = parseInput(analyticsOperations.listOrphans.query, req.query);
    const orphans = await listOrphans(days).catch((cause: unknown) => {
      throw new ApiError("unavailable", "Scans of deleted codes cannot be read right now; try again.", { cause });
    });
    const shortIds = orphans.map(({ shortId }) => shortId);
    const codes = new Map((await findDeletedCodes(db, workspaceId, shortIds)).map((code) => [code.shortId, code]));
    const results = orphans.flatMap(({ shortId, scans, lastDay }) => {
      const code = codes.get(shortId);
      if (!code) return [];
      const deleted_at = code.deletedAt?.toISOString() ?? null;
      return [{ short_id: shortId, name: code.name, scans, last_scanned_on: lastDay, deleted_at }];
    });
    res.json({ days, results });
  }

  return { listOrphans: list };
}
