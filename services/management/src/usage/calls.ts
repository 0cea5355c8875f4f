// The ledger of calls over HTTP: every image that was delivered and what it cost.

import type { Handlers } from "@qrfactory/api/bind";
import { usageOperations } from "@qrfactory/api/operations/usage";
import { type CallFilter, type LedgerCall, listCalls } from "@qrfactory/db/calls/calls";
import type { Db } from "@qrfactory/db/client";
import { momentField } from "@qrfactory/domain/moment";
import type { Request, Response } from "express";
import { z } from "zod";
import type { FindCaller } from "../http/caller.js";
import { readStreamQuery, streamDocument } from "../http/cursor-pages.js";

/** A cursor is the moment and the id of a call. */
const position = z.tuple([momentField, z.uuid()]).transform(([calledAt, id]) => ({ calledAt, id }));

/** Dependencies of the ledger of calls. */
export type CallsOptions = { db: Db; findCaller: FindCaller };

/** The handler of the ledger of calls. */
export function callHandlers({ db, findCaller }: CallsOptions): Handlers<"listCalls"> {
  async function list(req: Request, res: Response): Promise<void> {
    const { workspaceId } = await findCaller(req, res);
    const { query, limit, after } = readStreamQuery(req, usageOperations.listCalls.query, position);
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

  return { listCalls: list };
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
