// Scans of codes that were deleted, by code: somebody still has them in print.

import type { Db } from "@qrfactory/db/client";
import { findDeletedCodes } from "@qrfactory/db/codes/codes";
import { ApiError } from "@qrfactory/domain/http/errors";
import { parseInput } from "@qrfactory/domain/http/validate";
import { type Orphan, orphanDaysMax } from "@qrfactory/state/orphans";
import type { Request, Response } from "express";
import { z } from "zod";
import { type GuardedRoutes, may } from "../http/access.js";
import type { FindCaller } from "../http/caller.js";

const query = z.strictObject({ days: z.coerce.number().int().min(1).max(orphanDaysMax).default(30) });

/** Dependencies of the list of orphans. */
export type OrphansOptions = {
  db: Db;
  findCaller: FindCaller;
  /** Every id that leads nowhere, with its scans of the last days; rejects when they cannot be read. */
  listOrphans: (days: number) => Promise<Orphan[]>;
};

/** The route of orphans. */
export function orphanRoutes({ db, findCaller, listOrphans }: OrphansOptions): GuardedRoutes {
  async function list(req: Request, res: Response): Promise<void> {
    const { workspaceId } = await findCaller(req, res);
    const { days } = parseInput(query, req.query);
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

  return { "/api/v1/orphans": { GET: may({ scope: "analytics", query: true }, list) } };
}
