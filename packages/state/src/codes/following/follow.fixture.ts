// A primary with its replica, tables that follow it, and whatever is published there. A test file that imports this
// has them from before its first test until after its last.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach } from "@jest/globals";
import type { LiveCode } from "@qrfactory/codes/published/published";
import { type Redis as Server, startRedis } from "@qrfactory/processes/redis";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { type Follower, followTable } from "@qrfactory/state/codes/following/follow";
import { markTablePublished, publishCodes } from "@qrfactory/state/codes/publishing/publish";
import { createTable, type Table } from "@qrfactory/state/codes/table/table";
import { Redis } from "ioredis";
import type { FollowOptions } from "./follow-state.js";

const temp = makeTempDirectory("replica-");
/** The server that is published to. */
export let primary: Server;
/** The one that tables follow. */
export let replica: Server;
/** The primary's connection. */
export let redis: Redis;
/** New in every test. */
export let table: Table;
let followers: { follower: Follower; connection: Redis }[] = [];

/** Of every code. */
export const id = randomUUID();
/** Of every code. */
export const workspace_id = randomUUID();

/** A code whose destination tells its version. */
export function code(short_id: string, version: number): LiveCode {
  const destination_url = `https://example.com/${short_id}/${version}`;
  return {
    schema: 1,
    id,
    workspace_id,
    short_id,
    version,
    destination_url,
    is_active: true,
    expires_at: null,
    fallback_url: null,
  };
}

/** `CODE-0` and so on. */
export const codes = (count: number, version = 1) =>
  Array.from({ length: count }, (_, index) => code(`CODE-${index}`, version));

/** A connection that refuses commands while its server is away, and comes back soon. */
export function connect(url: string, commandTimeout: number): Redis {
  const options = { commandTimeout, enableOfflineQueue: false, maxRetriesPerRequest: 0, retryStrategy: () => 20 };
  return new Redis(url, options).on("error", () => {});
}

/** Follows the replica, or another address, until the test is over. */
export function follow(into: Table, options: Partial<FollowOptions> & { url?: string } = {}): Follower {
  const { url = replica.url, ...rest } = options;
  const connection = connect(url, 250);
  const blocking = connect(url, 1_000);
  const follower = followTable({ table: into, redis: connection, blocking, blockMs: 50, reloadMs: 100, ...rest });
  followers.push({ follower, connection });
  return follower;
}

/** What management does after an emptied Redis: everything, then the mark. */
export async function publishAll(rows: LiveCode[]): Promise<void> {
  await publishCodes(redis, rows);
  await markTablePublished(redis, { generation: randomUUID(), count: rows.length, at: Date.now() });
}

beforeAll(async () => {
  primary = await startRedis({ role: "state", durable: false, dataDirectory: join(temp.path, "primary") });
  replica = await startRedis({ role: "replica", dataDirectory: join(temp.path, "replica"), replicaOf: primary.url });
  redis = connect(primary.url, 1_000);
});

beforeEach(async () => {
  await until(() => redis.status === "ready");
  await redis.flushall();
  // The replica has seen it once it holds what was written after it.
  await redis.set("settled", randomUUID());
  const onReplica = connect(replica.url, 250);
  await until(async () => (await onReplica.get("settled")) === (await redis.get("settled")), { timeoutMs: 10_000 });
  onReplica.disconnect();
  table = createTable();
});

afterEach(async () => {
  for (const { follower, connection } of followers) {
    await follower.stop();
    connection.disconnect();
  }
  followers = [];
});

afterAll(async () => {
  redis.disconnect();
  await replica.stop();
  await primary.stop();
  temp.remove();
});
