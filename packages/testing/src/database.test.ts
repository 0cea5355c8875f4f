import { afterEach, expect, test } from "@jest/globals";
import pg from "pg";
import { createTestDatabase, testPostgresVariable } from "./database.js";

const server = process.env[testPostgresVariable];
afterEach(() => {
  if (server !== undefined) process.env[testPostgresVariable] = server;
});

test("each database is its own clone, and is gone after the test", async () => {
  const [one, two] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  expect(one.url).not.toBe(two.url);
  const client = new pg.Client({ connectionString: one.url });
  await client.connect();
  await client.query("CREATE TABLE only_here (id int)");
  await client.end();
  const other = new pg.Client({ connectionString: two.url });
  await other.connect();
  await expect(other.query("SELECT * FROM only_here")).rejects.toThrow(/does not exist/);
  await other.end();
  await one.drop();
  await two.drop();
  await expect(new pg.Client({ connectionString: one.url }).connect()).rejects.toThrow(/does not exist/);
});

test("a connection that was left open is named when the database is dropped", async () => {
  const database = await createTestDatabase();
  const client = new pg.Client({ connectionString: database.url });
  client.on("error", () => {});
  await client.connect();
  await client.query("SELECT 'forgotten'");
  await expect(database.drop()).rejects.toThrow(/SELECT 'forgotten'/);
});

test("without the test runner's server it fails and says how to run", async () => {
  delete process.env[testPostgresVariable];
  await expect(createTestDatabase()).rejects.toThrow(/run through npm test/);
});
