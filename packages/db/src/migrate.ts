// Applies prisma/migrations in order, under an advisory lock, and records them in Prisma's own table with Prisma's
// checksums, so that `prisma migrate status` and `deploy` agree wherever their engine is available.
import { createHash, randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { connectDatabase } from "./client.js";
import { inTransaction } from "./connections.js";
import { ensurePartitions } from "./scans/retention/partitions.js";

const migrationsFolder = fileURLToPath(new URL("../prisma/migrations/", import.meta.url));

/** Any number will do as long as every migrator uses it. */
const lockKey = 7_151_120;

/** Prisma's table, column for column. */
const createRecord = `
  CREATE TABLE IF NOT EXISTS _prisma_migrations (
    id                  varchar(36) PRIMARY KEY,
    checksum            varchar(64) NOT NULL,
    finished_at         timestamptz,
    migration_name      varchar(255) NOT NULL,
    logs                text,
    rolled_back_at      timestamptz,
    started_at          timestamptz NOT NULL DEFAULT now(),
    applied_steps_count integer NOT NULL DEFAULT 0
  )`;

type Migration = { name: string; sql: string; checksum: string };

function readMigrations(): Migration[] {
  return readdirSync(migrationsFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
    .map((name) => {
      const sql = readFileSync(`${migrationsFolder}${name}/migration.sql`, "utf8");
      return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
    });
}

/**
 * Brings a database up to date and returns the names of the migrations that were applied now. Each runs in a
 * transaction of its own. Throws when an applied migration was edited afterwards.
 */
export async function migrate(databaseUrl: string): Promise<string[]> {
  const client = new Client({ connectionString: databaseUrl, application_name: "qrfactory-migrate" });
  await client.connect();
  try {
    await client.query("SELECT pg_advisory_lock($1)", [lockKey]);
    await client.query(createRecord);
    const { rows } = await client.query<{ migration_name: string; checksum: string }>(
      "SELECT migration_name, checksum FROM _prisma_migrations " +
        "WHERE rolled_back_at IS NULL AND finished_at IS NOT NULL",
    );
    const applied = new Map(rows.map((row) => [row.migration_name, row.checksum]));
    const names: string[] = [];
    for (const migration of readMigrations()) {
      if (await applyOnce(client, migration, applied.get(migration.name))) names.push(migration.name);
    }
    await addPartitions(databaseUrl);
    return names;
  } finally {
    await client.end();
  }
}

async function applyOnce(client: Client, migration: Migration, appliedChecksum: string | undefined): Promise<boolean> {
  if (appliedChecksum === migration.checksum) return false;
  if (appliedChecksum !== undefined) {
    throw new Error(`Migration ${migration.name} was applied with another content; write a new one instead of editing`);
  }
  await inTransaction(client, async () => {
    await client.query(migration.sql);
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), now(), 1)`,
      [randomUUID(), migration.checksum, migration.name],
    );
  });
  return true;
}

async function addPartitions(databaseUrl: string): Promise<void> {
  const db = connectDatabase(databaseUrl, { poolMax: 1 });
  try {
    await ensurePartitions(db);
  } finally {
    await db.$disconnect();
  }
}
