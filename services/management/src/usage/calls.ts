// The ledger of calls over HTTP: every image that was delivered and what it cost.

import { type CallFilter, type LedgerCall, listCalls } from "@qrfactory/db/calls/calls";
import type { Db } from "@qrfactory/db/client";
import { momentField } from "@qrfactory/domain/moment";
import type { Request, Response } from "express";
import { z } from "zod";
import { type GuardedRoutes, may } from "../http/access.js";
import type { FindCaller } from "../http/caller.js";
import { readStreamQuery, streamDocument } from "../http/cursor-pages.js";

/** A cursor is the moment and the id of a call. */
const position = z.tuple([momentField, z.uuid()]).transform(([calledAt, id]) => ({ calledAt, id }));

const caches = ["HIT", "MISS", "BYPASS"] as const;

const filters = {
  key: z
    .union([z.uuid(), z.string().regex(/^smk_[A-Za-z0-9_-]{8}$/)], "Use the id of a key or its first 12 characters.")
    .optional(),
  status: z
    .string()
    .regex(/^[1-5]\d\d$/, "Use an HTTP status such as 200.")
    .transform(Number)
    .optional(),
  cache: z.enum(caches, `Use one of: ${caches.join(", ")}.`).optional(),
  from: momentField.optional(),
  to: momentField.optional(),
};

/** Dependencies of the ledger of calls. */
export type CallsOptions = { db: Db; findCaller: FindCaller };

/** The route of the ledger of calls. */
export function callRoutes({ db, findCaller }: CallsOptions): GuardedRoutes {
  async function list(req: Request, res: Response): Promise<void> {
    const { workspaceId } = await findCaller(req, res);
    const { query, limit, after } = readStreamQuery(req, filters, position);
    const { key, status, cache, from, to: until } = query;
    const filter: CallFilter = {
      ...(key && (key.startsWith("smk_") ? { keyPrefix: key } : { keyId: key })),
      ...(status && { status }),
      ...(cache && { cache }),
      ...(from && { from }),
      ...(until && { until }),
    };
    const rows = await listCalls(db, workspaceId, { filter, after, take: limit + 1 });
    res.json(streamDocument(rows, limit, { positionOf: ({ calledAt, id }) => [calledAt, id], toResult: callDocument }));
  }

  return { "/api/v1/calls": { GET: may({ scope: "analytics", query: true }, list) } };
}

function callDocument(call: LedgerCall) {
  return {
    id: call.id,
    at: call.calledAt.toISOString(),
    request_id: call.requestId,
    key: call.keyId === null ? null : { id: call.keyId, key_prefix: call.keyPrefix, name: call.keyName },
    endpoint: call.endpoint,
    status: call.status,
    cache: call.cache,
    cache_key: call.cacheKey,
    format: call.format,
    duration_ms: call.durationMs,
    credits: call.credits,
  };
}
