// An empty, migrated database of its own for each test file: a clone of the template that the test runner made on its
// private PostgreSQL. Without that runner it fails loudly; nothing is ever skipped.
import { randomBytes } from "node:crypto";
import pg from "pg";

/** A database for one test file. */
export type TestDatabase = {
  /** `postgres://…` of the clone. */
  url: string;
  /** Removes the clone; throws when somebody still holds a connection to it, because that is a leak. */
  drop(): Promise<void>;
};

/** Names the server; set by the test runner. */
export const testPostgresVariable = "TEST_POSTGRES_URL";

/** The migrated database that clones are made from. */
const templateDatabase = "qrfactory_template";

/** A closed connection takes a moment to disappear from the server's list. */
const leakPatienceMs = 2_000;

/** Makes the empty database that is to be migrated and cloned, on the server at `server`; returns its address. */
export async function createTemplateDatabase(server: string): Promise<string> {
  await query(server, `CREATE DATABASE ${templateDatabase}`);
  const url = new URL(server);
  url.pathname = `/${templateDatabase}`;
  return url.href;
}

/** Clones the template (some 50 ms). */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = process.env[testPostgresVariable];
  if (!server) throw new Error(`${testPostgresVariable} is not set: run through npm test, which starts a PostgreSQL.`);
  const name = `test_${randomBytes(6).toString("hex")}`;
  await query(server, `CREATE DATABASE ${name} TEMPLATE ${templateDatabase}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    async drop() {
      const leaks = await openConnections(server, name);
      await query(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      if (leaks.length > 0) throw new Error(`Connections were left open. Their last queries:\n${leaks.join("\n")}`);
    },
  };
}

/** Last queries of the connections that stay open although the tests are done. */
async function openConnections(server: string, database: string): Promise<string[]> {
  const endsAt = performance.now() + leakPatienceMs;
  for (;;) {
    const rows = await query(server, "SELECT query FROM pg_stat_activity WHERE datname = $1", [database]);
    if (rows.length === 0 || performance.now() > endsAt) return rows.map((row) => String(row.query));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function query(url: string, sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql, values)).rows;
  } finally {
    await client.end();
  }
}
