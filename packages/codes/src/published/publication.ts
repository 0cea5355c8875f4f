// The publication of codes: the row that redirect answers from, made of the stored one by the table of fields, and the
// one way by which it gets there after any change of a code.
import { fieldList, type PropertiesWith } from "../fields/fields.js";
import type { StoredCode } from "../fields/stored.js";
import type { CodeState } from "../routing/route.js";
import type { Routing } from "../routing/routing.js";
import { type LiveCode, type PublishedCode, publishedCodeSchema } from "./published.js";

/** The published row of a stored code; a deleted one is published as a tombstone. */
export function toPublished(row: StoredCode): PublishedCode {
  const { id, shortId, version, workspaceId } = row;
  if (row.deletedAt) return { schema: publishedCodeSchema, id, short_id: shortId, version, deleted: true };
  const routing = toRouting(row);
  const live = { schema: publishedCodeSchema, id, workspace_id: workspaceId, short_id: shortId, version };
  for (const { property, publish } of fieldList) if (publish) Object.assign(live, publish(row[property], row));
  return { ...(live as LiveCode), ...(routing && { routing }) };
}

/** How a stored code leads on; null when to its destination alone. */
export function toRouting(row: Pick<StoredCode, RoutedProperty>): Routing | null {
  const routing: Routing = {};
  for (const { property, route } of fieldList)
    if (route) Object.assign(routing, route(row[property as RoutedProperty]));
  return Object.keys(routing).length > 0 ? routing : null;
}

type RoutedProperty = PropertiesWith<{ route: unknown }>;

/** The state of a stored code: whether it leads on at all. */
export function stateOf({ isActive, expiresAt, maxScans, scanCount, fallbackUrl }: StateColumns): CodeState {
  const isUsedUp = maxScans !== null && scanCount >= maxScans;
  return { isActive, expiresAt: expiresAt?.getTime() ?? null, isUsedUp, fallbackUrl };
}

type StateColumns = Pick<StoredCode, "isActive" | "expiresAt" | "maxScans" | "scanCount" | "fallbackUrl">;

/** Ends between which codes are published: the state Redis and the table of codes. */
export type CodePublisherOptions<Row extends StoredCode> = {
  /** Gives rows to the state Redis, where a newer version wins. */
  send: (rows: PublishedCode[]) => Promise<unknown>;
  /** Notes the versions that the state Redis has. */
  note: (rows: Row[]) => Promise<void>;
};

/** Publishes rows and notes it; throws when a store is away. May be repeated. */
export type PublishCodes<Row extends StoredCode> = (rows: Row[]) => Promise<void>;

/** Makes the publisher of codes: what crashes between the two is sent again by the worker's rounds. */
export function makePublishCodes<Row extends StoredCode>({ send, note }: CodePublisherOptions<Row>): PublishCodes<Row> {
  return async function publishCodes(rows) {
    await send(rows.map(toPublished));
    await note(rows);
  };
}

/**
 * Joins publications: while one is on its way, the rows of all that follow wait and go together as the next. At
 * hundreds of edits a second each would otherwise pay for a commit of its own.
 */
export function publishTogether<Row extends StoredCode>(publish: PublishCodes<Row>): PublishCodes<Row> {
  let last: Promise<void> = Promise.resolve();
  let next: { rows: Row[]; published: Promise<void> } | null = null;
  return (rows) => {
    if (next) {
      next.rows.push(...rows);
      return next.published;
    }
    const waiting = [...rows];
    const published = last
      .catch(() => undefined)
      .then(() => {
        next = null;
        return publish(waiting);
      });
    last = published;
    next = { rows: waiting, published };
    return published;
  };
}
