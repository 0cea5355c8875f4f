// Publication of codes, keys and owners: the API and the commands of operators publish right after their commit; the
// worker's rounds make it certain, after a crash, an outage, or a Redis that came back empty.
import { randomUUID } from "node:crypto";
import { forgetKeys, publishKey } from "@qrfactory/auth/key-directory";
import type { PublishedOwner } from "@qrfactory/codes/published/owner";
import { makePublishCodes, type PublishCodes } from "@qrfactory/codes/published/publication";
import { countPublishedOwners, listOwners, markOwnersPublished } from "@qrfactory/db/accounts/scan-pages";
import type { Db } from "@qrfactory/db/client";
import { type DynamicCode, findUnpublishedCodes, listCodesAfter, markCodesPublished } from "@qrfactory/db/codes/codes";
import { findUnpublishedKeys, type KeyPublication, markKeyPublished } from "@qrfactory/db/keys/api-keys";
import { findBelievedEpoch, recordEpoch } from "@qrfactory/db/state-epoch";
import { countOwners, publishOwners } from "@qrfactory/state/codes/publishing/owners";
import {
  countPublishedCodes,
  markTablePublished,
  publishCodes,
  readTableMark,
  writeHeartbeat,
} from "@qrfactory/state/codes/publishing/publish";
import { countPublication, type Epoch, type FoundEpoch, isInDoubt, markWhole, readEpoch } from "@qrfactory/state/epoch";
import type { Redis } from "ioredis";

/** Rows in one round trip: large enough for speed, small enough to stay far below a command's deadline. */
const batchSize = 500;

/** Publication of codes, keys and owners to the state Redis. */
export type Publisher = {
  /** Publishes codes and notes it; throws when Redis or Postgres is away. */
  publishCodeRows: PublishCodes<DynamicCode>;
  publishKeyRow: (publication: KeyPublication) => Promise<void>;
  /** Publishes what pages say of owners, and notes it. */
  publishOwnerRows: (owners: PublishedOwner[]) => Promise<void>;
  /** One round: refill a Redis that is empty or in doubt, publish what waits, beat. */
  publishPending: () => Promise<void>;
};

/** Stores between which rows are published. */
export type PublisherOptions = {
  db: Db;
  redis: Redis;
  /** Brings whatever else Redis holds up to date, after all codes and before its word is taken; may be repeated. */
  onRefilled?: () => Promise<unknown>;
};

/** Makes what brings codes and keys to the services, at once or, for what was left undone, in rounds. */
export function makePublisher({ db, redis, onRefilled = async () => {} }: PublisherOptions): Publisher {
  const publishCodeRows = makePublishCodes<DynamicCode>({
    send: (codes) => publishCodes(redis, codes),
    note: (rows) => markCodesPublished(db, rows),
  });

  async function publishKeyRow(publication: KeyPublication): Promise<void> {
    const { hash, retiredHashes, previous, record } = publication;
    await publishKey(redis, hash, record);
    if (previous) await publishKey(redis, previous.hash, previous.record);
    for (const retired of retiredHashes) await publishKey(redis, retired, { ...record, revoked: true });
    await countPublication(redis);
    await markKeyPublished(db, publication);
  }

  async function publishOwnerRows(owners: PublishedOwner[]): Promise<void> {
    await publishOwners(redis, owners);
    await markOwnersPublished(db, owners);
  }

  async function refillOwners(): Promise<void> {
    for (let after: string | null = null; ; ) {
      const owners: PublishedOwner[] = await listOwners(db, { after }, batchSize);
      if (owners.length === 0) break;
      await publishOwnerRows(owners);
      after = owners.at(-1)?.workspace_id ?? null;
    }
  }

  /** Everything again, from Postgres: a Redis that is new, lost something, or may have. */
  async function refill({ runId }: FoundEpoch, believed: Epoch | null): Promise<void> {
    await forgetKeys(redis);
    let count = 0;
    let after: string | null = null;
    for (;;) {
      const rows: DynamicCode[] = await listCodesAfter(db, after, batchSize);
      if (rows.length === 0) break;
      await publishCodeRows(rows);
      count += rows.length;
      after = rows.at(-1)?.id ?? null;
    }
    await markTablePublished(redis, { generation: randomUUID(), count, at: Date.now() });
    await refillOwners();
    await onRefilled();
    // Last of all: from here on its word is taken.
    await markWhole(redis, { runId, publications: believed?.publications ?? 0 });
  }

  /** Whether Redis lacks rows, or may lack some that Postgres notes as published. */
  async function isLacking(found: FoundEpoch, believed: Epoch | null): Promise<boolean> {
    if (isInDoubt(found, believed)) return true;
    const mark = await readTableMark(redis);
    return mark === null || (await countPublishedCodes(redis)) < mark.count;
  }

  async function publishPending(): Promise<void> {
    const [found, believed] = await Promise.all([readEpoch(redis), findBelievedEpoch(db)]);
    if (await isLacking(found, believed)) await refill(found, believed);
    for (;;) {
      const codes = await findUnpublishedCodes(db, batchSize);
      if (codes.length > 0) await publishCodeRows(codes);
      const keys = await findUnpublishedKeys(db, batchSize);
      for (const key of keys) await publishKeyRow(key);
      if (codes.length < batchSize && keys.length < batchSize) break;
    }
    const owners = await listOwners(db, "unpublished", batchSize);
    if (owners.length > 0) await publishOwnerRows(owners);
    // A worker of the release before fills an empty Redis without them.
    else if ((await countOwners(redis)) < (await countPublishedOwners(db))) await refillOwners();
    const { isWhole, ...now } = await readEpoch(redis);
    if (!isWhole) throw new Error("The state Redis has become another process; everything is published again.");
    if (now.runId !== believed?.runId || now.publications !== believed.publications) await recordEpoch(db, now);
    await writeHeartbeat(redis);
  }

  return { publishCodeRows, publishKeyRow, publishOwnerRows, publishPending };
}
