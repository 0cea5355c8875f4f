// A durable PostgreSQL with the product's tables and a state Redis, for benchmarks that start single services on them.
import { join } from "node:path";
import { connectDatabase, type Db } from "@qrfactory/db/client";
import { migrate } from "@qrfactory/db/migrate";
import { startPostgres } from "@qrfactory/processes/postgres";
import { startRedis } from "@qrfactory/processes/redis";

/** Seeding half a million rows keeps ten indexes. */
const queryTimeoutMs = 300_000;

/** Running stores of a benchmark. */
export type Stores = { databaseUrl: string; stateRedisUrl: string; db: Db };

/** Starts both in a directory; `stops` gets what has to be ended afterwards, last first. */
export async function startStores(directory: string, stops: (() => Promise<unknown> | unknown)[]): Promise<Stores> {
  const postgres = await startPostgres({ dataDirectory: join(directory, "postgres"), leashed: true });
  stops.push(() => postgres.stop());
  const state = await startRedis({ role: "state", dataDirectory: join(directory, "state") });
  stops.push(() => state.stop());
  await migrate(postgres.url());
  const db = connectDatabase(postgres.url(), { queryTimeoutMs, poolMax: 1 });
  stops.push(() => db.$disconnect());
  return { databaseUrl: postgres.url(), stateRedisUrl: state.url, db };
}
