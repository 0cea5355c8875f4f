// The audit trail over HTTP: who did what, when, from which network. For admins.
import type { Handlers } from "@qrfactory/api/bind";
import { auditOperations } from "@qrfactory/api/operations/audit";
import { listAuditEvents, type NamedAuditEvent } from "@qrfactory/db/audit/audit";
import type { Db } from "@qrfactory/db/client";
import type { Request, Response } from "express";
import { z } from "zod";
import type { FindCaller } from "../http/caller.js";
import { readStreamQuery, streamDocument } from "../http/cursor-pages.js";

/** A cursor is the id of an event: a PostgreSQL `bigint`, as text. */
const position = z
  .string()
  .regex(/^\d{1,18}$/)
  .transform(BigInt);

/** Dependencies of the audit trail. */
export type AuditOptions = { db: Db; findCaller: FindCaller };

/** The handler of the audit trail. */
export function auditHandlers({ db, findCaller }: AuditOptions): Handlers<keyof typeof auditOperations> {
  async function list(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res);
    const { query, limit, after: before } = readStreamQuery(req, auditOperations.listAuditEvents.query, position);
    const { action: actions, actor_id: actorId, target, from, to: until } = query;
    const filter = {
      ...(actions && { actions }),
      ...(actorId && { actorId }),
      ...(target && { target }),
      ...(from && { from }),
      ...(until && { until }),
    };
    const rows = await listAuditEvents(db, caller.workspaceId, { filter, before, take: limit + 1 });
    res.json(streamDocument(rows, limit, { positionOf: ({ id }) => String(id), toResult: auditDocument }));
  }

  return { listAuditEvents: list };
}

function auditDocument(event: NamedAuditEvent) {
  return {
    id: String(event.id),
    at: event.at.toISOString(),
    action: event.action,
    actor: { kind: event.actorKind, id: event.actorId, name: event.actorName },
    network: event.network,
    request_id: event.requestId,
    target: event.target,
    details: event.details,
  };
}
