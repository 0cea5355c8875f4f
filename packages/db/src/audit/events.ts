// The outbox of events that others are to be told of. A row is written in the transaction of what it tells, so
// that neither is ever there without the other, and once, however often that is tried.
import { randomUUID } from "node:crypto";
import type { Tx } from "../client.js";

const eventTypes = ["bulk.completed", "bulk.failed"] as const;

/** Name of an event, as clients see it. */
export type EventType = (typeof eventTypes)[number];

/** An event to be written in the transaction of its cause. */
export type NewEvent = {
  workspaceId: string;
  type: EventType;
  /** The id of what it happened to; of one type a subject has one event. */
  subject: string;
  /** In the words of the API. */
  payload: Record<string, unknown>;
};

/** Notes an event, unless it is noted already. */
export async function recordEvent(tx: Tx, { workspaceId, type, subject, payload }: NewEvent): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO events (id, workspace_id, type, subject, payload)
    VALUES (${randomUUID()}::uuid, ${workspaceId}::uuid, ${type}, ${subject}, ${JSON.stringify(payload)}::jsonb)
    ON CONFLICT (type, subject) DO NOTHING`;
}
