import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { connectDatabase, type Db } from "@qrfactory/db/client";
import { migrate } from "@qrfactory/db/migrate";
import { createTestDatabase, type TestDatabase } from "@qrfactory/testing/database";
import { Prisma } from "./generated/client.js";
import { ensurePartitions } from "./scans/retention/partitions.js";

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await createTestDatabase();
  db = connectDatabase(database.url);
});
afterAll(async () => {
  await db.$disconnect();
  await database.drop();
});

test("migrating again, even many at once, changes nothing", async () => {
  expect(await Promise.all([migrate(database.url), migrate(database.url), migrate(database.url)])).toEqual([
    [],
    [],
    [],
  ]);
});

const snakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

test("the schema and the migrations describe the same tables", async () => {
  const rows = await db.$queryRaw<{ columns: string[] }[]>`
    SELECT array_agg(a.attname::text) AS columns
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND a.attnum > 0 AND NOT a.attisdropped AND c.relname <> '_prisma_migrations'
    GROUP BY c.oid`;
  // The generated client leaves out columns of types that it does not know.
  const inDatabase = rows.map(({ columns }) =>
    columns
      .filter((column) => column !== "covered")
      .sort()
      .join(),
  );
  const fieldLists = Object.entries(Prisma).filter(([name]) => /^[A-Z].*ScalarFieldEnum$/.test(name));
  const inSchema = fieldLists.map(([, fields]) => Object.keys(fields).map(snakeCase).sort().join());
  expect(inSchema.sort()).toEqual(inDatabase.sort());
});

test("summaries that were there count what their scans were served, though rows may be gone", async () => {
  const sql = readFileSync(
    new URL("../prisma/migrations/20261202000000_served/migration.sql", import.meta.url),
    "utf8",
  );
  const update = sql.slice(sql.indexOf("UPDATE scan_summaries"));
  const id = randomUUID();
  await db.$executeRaw`
    INSERT INTO scan_summaries (subject_id, span, start, workspace_id, stale, scans, bots,
      dimensions, keys, key_scans, key_bots)
    VALUES (${id}::uuid, 'day', now(), ${id}::uuid, false, 7, 2, '{1,4,4}', '{AT,phone,tv}', '{7,5,2}', '{2,2,0}'),
           (${id}::uuid, 'hour', now(), ${id}::uuid, true, 0, 0, '{}', '{}', '{}', '{}')`;
  await db.$executeRawUnsafe(update);
  const rows = await db.scanSummary.findMany({ where: { subjectId: id }, orderBy: { span: "asc" } });
  expect(rows).toMatchObject([
    {
      dimensions: [1, 4, 4, 12],
      keys: ["AT", "phone", "tv", "destination"],
      keyScans: [7, 5, 2, 7],
      keyBots: [2, 2, 0, 2],
    },
    { dimensions: [], keys: [] },
  ]);
});

test("every month around now has its partitions, and making them again is harmless", async () => {
  const now = new Date("2027-12-31T23:59:59Z");
  await Promise.all([ensurePartitions(db, now), ensurePartitions(db, now)]);
  const rows = await db.$queryRaw<{ name: string }[]>`
    SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'scans'::regclass`;
  const names = rows.map((row) => row.name);
  for (const month of ["2027_11", "2027_12", "2028_01", "2028_02"]) expect(names).toContain(`scans_${month}`);
});
