// The database under a drill: a private PostgreSQL that may be frozen and killed, or one of the test runner's server.
import { join } from "node:path";
import { migrate } from "@qrfactory/db/migrate";
import { startPostgres } from "@qrfactory/processes/postgres";
import { createTestDatabase, testPostgresVariable } from "@qrfactory/testing/database";

/** An empty database with our tables, and what ends it; `own` asks for a PostgreSQL that nobody shares. */
export async function startDatabase(own: boolean, directory: string) {
  if (!own && process.env[testPostgresVariable]) {
    const { url, drop } = await createTestDatabase();
    const restart = () => Promise.reject(new Error("This PostgreSQL belongs to others."));
    return { url, postgres: null, restart, close: () => drop() };
  }
  // Durable: what is acknowledged has to survive a kill, or the ledger is no ledger.
  const options = { dataDirectory: join(directory, "postgres"), leashed: true };
  let postgres = await startPostgres(options);
  await migrate(postgres.url());
  return {
    url: postgres.url(),
    postgres,
    async restart() {
      postgres = await startPostgres({ ...options, port: postgres.port });
      return postgres;
    },
    close: () => postgres.stop(),
  };
}
