import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { type Postgres, startPostgres } from "@qrfactory/processes/postgres";
import { startPostgresReplica } from "@qrfactory/processes/postgres-replica";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import pg from "pg";
import { type AnalyticsStore, openAnalyticsStore } from "./analytics-store.js";

const temp = makeTempDirectory("replica-");
let primary: Postgres;
let replica: Postgres;
let store: AnalyticsStore;
beforeAll(async () => {
  primary = await startPostgres({ dataDirectory: join(temp.path, "primary", "data"), durable: false });
  await write("CREATE TABLE numbers (n int)");
  replica = await startPostgresReplica(primary, join(temp.path, "replica", "data"));
}, 60_000);
afterEach(() => store.close());
afterAll(async () => {
  await replica.stop();
  await primary.stop();
  temp.remove();
});

async function write(sql: string): Promise<void> {
  const client = new pg.Client(primary.url());
  await client.connect();
  await client.query(sql);
  await client.end();
}

const readWith = (options: { replicaUrl?: string }) => {
  store = openAnalyticsStore({ url: primary.url(), statementTimeoutMs: 1_000, ...options });
  return () =>
    store.read(async (reader) => (await reader.query("SELECT count(*)::int AS count FROM numbers")).rows[0].count);
};

test("reads go to the replica, which has what was written", async () => {
  const read = readWith({ replicaUrl: replica.url() });
  await write("INSERT INTO numbers VALUES (1), (2)");
  await until(async () => (await read()) === 2);
  expect(store.lastSource()).toBe("replica");
});

test("a replica that is frozen is passed over", async () => {
  const read = readWith({ replicaUrl: replica.url() });
  replica.freeze();
  try {
    expect(await read()).toBe(2);
    expect(store.lastSource()).toBe("primary");
  } finally {
    replica.thaw();
  }
});

test("a replica that stops between two reads is passed over", async () => {
  const read = readWith({ replicaUrl: replica.url() });
  expect(await read()).toBe(2);
  expect(store.lastSource()).toBe("replica");
  const client = new pg.Client(replica.url());
  await client.connect();
  await client.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'qrfactory-%'",
  );
  await client.end();
  expect(await read()).toBe(2);
});

test("a database that is no replica is never asked", async () => {
  const read = readWith({ replicaUrl: primary.url("postgres") });
  expect(await read()).toBe(2);
  expect(store.lastSource()).toBe("primary");
});

test("without a replica the primary is read", async () => {
  expect(await readWith({})()).toBe(2);
  expect(store.lastSource()).toBe("primary");
});

test("a read that takes too long is refused, and the next one works", async () => {
  const read = readWith({});
  const slow = store.read((reader) => reader.query("SELECT pg_sleep(5)"));
  await expect(slow).rejects.toMatchObject({ code: "overloaded" });
  expect(await read()).toBe(2);
});

test("nothing can be written", async () => {
  readWith({});
  await expect(store.read((reader) => reader.query("INSERT INTO numbers VALUES (3)"))).rejects.toThrow(/read-only/);
});

test("while the primary is frozen the replica answers", async () => {
  const read = readWith({ replicaUrl: replica.url() });
  primary.freeze();
  try {
    expect(await read()).toBe(2);
    expect(store.lastSource()).toBe("replica");
  } finally {
    primary.thaw();
  }
});
