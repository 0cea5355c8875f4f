// The list of dynamic codes over HTTP. `next` and `previous` carry a position in the order, `?page=` a number of rows;
// both may be asked for, and the links lead on from either.

import type { codeFilters } from "@qrfactory/api/input/codes";
import { codeOperations } from "@qrfactory/api/operations/codes";
import { camelCase } from "@qrfactory/codes/fields/field";
import type { Db } from "@qrfactory/db/client";
import {
  type CodeFilter,
  type CodeOrder,
  type CodePage,
  countCodes,
  countCodesUpToMax,
  gatheredMax,
  listCodes,
  type PageStart,
  type Position,
  positionOf,
  withSearchBounds,
} from "@qrfactory/db/codes/lists";
import { findScheduled } from "@qrfactory/db/codes/status";
import { tagsNamed } from "@qrfactory/db/codes/tags";
import { storable } from "@qrfactory/domain/http/validate";
import type { Request, Response } from "express";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import type { FindCaller } from "../http/caller.js";
import { readCursor, writeCursor } from "../http/cursor.js";
import { type ListDocument, readListQuery } from "../http/paging.js";
import { codeDocument } from "./code-document.js";

/** The order that a query names: a field of the wire, with a hyphen from the largest down. */
const orderOf = (name: string): CodeOrder => ({
  field: camelCase(name.replace("-", "")) as CodeOrder["field"],
  direction: name.startsWith("-") ? "desc" : "asc",
});

/** PostgreSQL knows no year 0. */
const moment = z.iso.datetime().refine((text) => !text.startsWith("0000"));
const positionKeys: Record<CodeOrder["field"], z.ZodType<string>> = {
  createdAt: moment,
  updatedAt: moment,
  lastScannedAt: moment,
  name: storable.max(500),
  scanCount: z.string().regex(/^\d{1,18}$/),
};

/** Counting 500,000 codes takes twice as long as everything else of a page, so a number this large is kept a while. */
const countKeptMs = 10_000;
/** Counts that are kept at once; beyond it all are forgotten, which costs one count each. */
const countsKept = 1_000;

/** Dependencies of the list of codes. */
export type ListOptions = { db: Db; findCaller: FindCaller; publicBaseUrl: string; scanBaseUrl: string };

/** The handler of `GET /api/v1/dynamic`. */
export function makeListCodes({ db, findCaller, publicBaseUrl, scanBaseUrl }: ListOptions) {
  const kept = new LRUCache<string, Promise<number>>({ max: countsKept, ttl: countKeptMs });

  /** Above `gatheredMax` it may be 10 s old; with a search it ends there, since each text has to be read. */
  async function countAll(workspaceId: string, filter: CodeFilter, counted: number): Promise<number> {
    if (counted <= gatheredMax) return counted;
    if (filter.search) return gatheredMax;
    const key = JSON.stringify([workspaceId, filter]);
    const known = kept.get(key);
    if (known) return known;
    const count = countCodes(db, workspaceId, filter);
    kept.set(key, count);
    count.catch(() => kept.delete(key));
    return count;
  }

  return async function list(req: Request, res: Response): Promise<void> {
    const { workspaceId } = await findCaller(req, res);
    const { query, page } = readListQuery(req, codeOperations.listCodes.query);
    const order = orderOf(query.ordering);
    const wanted = { ...readFilter(query), deleted: query.deleted === "true" };
    const filter = await withSearchBounds(db, workspaceId, wanted);
    const start = query.cursor === undefined ? { skip: page.skip } : readStart(query.cursor, order);
    const counted = await countCodesUpToMax(db, workspaceId, filter);
    const gathered = counted <= gatheredMax;
    const [count, found] = await Promise.all([
      countAll(workspaceId, filter, counted),
      listCodes(db, workspaceId, { filter, order, start, take: page.take, gathered }),
    ]);
    const scheduled = await findScheduled(db, found.rows);
    const results = found.rows.map((row) => codeDocument(row, scanBaseUrl, scheduled.has(row.id)));
    res.json({ count, ...linksAround(req, publicBaseUrl, found, order), results } satisfies ListDocument<object>);
  };
}

/** The filter that a checked query asks for. */
export function readFilter(query: z.output<z.ZodObject<typeof codeFilters>>): CodeFilter {
  return {
    ...(query.search && { search: query.search }),
    ...(query.tag && { tags: tagsNamed(query.tag) }),
    ...(query.status && { status: query.status }),
    ...(query.folder && { folder: query.folder }),
    ...(query.is_active && { isActive: query.is_active === "true" }),
  };
}

/** Links keep the caller's filters. An empty page has none: there is no row to begin at. */
function linksAround(req: Request, publicBaseUrl: string, { rows, hasBefore, hasAfter }: CodePage, order: CodeOrder) {
  const linkTo = (side: "after" | "before", row: CodePage["rows"][number] | undefined) => {
    if (!row) return null;
    const { key, id } = positionOf(row, order);
    const url = new URL(req.originalUrl, publicBaseUrl);
    url.searchParams.delete("page");
    url.searchParams.set("cursor", writeCursor([side, key, id]));
    return url.href;
  };
  return {
    next: hasAfter ? linkTo("after", rows.at(-1)) : null,
    previous: hasBefore ? linkTo("before", rows[0]) : null,
  };
}

const cursorHint = "Use a cursor from the next or previous of a list with the same ordering.";

/** Reads what `linksAround` wrote for the same order; throws `validation_failed` for anything else. */
function readStart(cursor: string, { field }: CodeOrder): PageStart {
  const shape = z.tuple([z.enum(["after", "before"]), positionKeys[field], z.uuid()]);
  const [side, key, id] = readCursor(cursor, shape, cursorHint);
  const position: Position = { key, id };
  return side === "after" ? { after: position } : { before: position };
}
