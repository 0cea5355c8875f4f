import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import pg from "pg";
import { type Postgres, startPostgres } from "./postgres.js";
import { isRunning, processesWithParent } from "./proc.js";
import { makeTempDirectory } from "./temp.js";
import { until } from "./until.js";

const temp = makeTempDirectory();
const dataDirectory = join(temp.path, "with a space", "postgres");
let server: Postgres;

const start = () => startPostgres({ dataDirectory, durable: false, password: "p@ss/word" });

async function query(sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: server.url(), query_timeout: 300, connectionTimeoutMillis: 300 });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    // A frozen server never says goodbye.
    void client.end().catch(() => {});
  }
}

beforeAll(async () => {
  server = await start();
}, 30_000);

afterAll(async () => {
  await server.stop();
  temp.remove();
});

test("it speaks UTF-8, wants the password, and listens on 127.0.0.1 only", async () => {
  const [row] = await query(
    "SELECT current_setting('server_encoding') AS encoding, current_setting('TimeZone') AS zone",
  );
  expect(row).toEqual({ encoding: "UTF8", zone: "UTC" });
  const wrong = new pg.Client({ connectionString: server.url().replace("p%40ss", "wrong") });
  await expect(wrong.connect()).rejects.toThrow(/password/);
  const listening = await query("SELECT name, setting FROM pg_settings WHERE name ~ '^(listen_addr|unix_socket_dir)'");
  expect(listening.map((setting) => setting.setting)).toEqual(["127.0.0.1", ""]);
});

test("data survives a SIGKILL, even where a frozen process of the old server stays behind", async () => {
  await query("CREATE TABLE kept AS SELECT 42 AS answer");
  await query("CHECKPOINT");
  const [straggler = 0] = processesWithParent(server.pid);
  process.kill(straggler, "SIGSTOP");
  process.kill(server.pid, "SIGKILL");
  await server.exited;
  expect(existsSync(join(server.dataDirectory, "postmaster.pid"))).toBe(true);
  server = await start();
  expect(await query("SELECT answer FROM kept")).toEqual([{ answer: 42 }]);
  expect(isRunning(straggler)).toBe(false);
}, 30_000);

test("a pid file that names somebody else's process does not keep it from starting", async () => {
  await server.stop();
  const pidFile = join(server.dataDirectory, "postmaster.pid");
  expect(existsSync(pidFile)).toBe(false);
  writeFileSync(pidFile, `${process.pid}\n${server.dataDirectory}\n`);
  server = await start();
  expect(readFileSync(pidFile, "utf8").split("\n")[0]).toBe(String(server.pid));
}, 30_000);

test("frozen it answers nothing; thawed it goes on", async () => {
  server.freeze();
  await expect(query("SELECT 1")).rejects.toThrow(/time/i);
  server.thaw();
  await until(() => query("SELECT 1"));
});

test("where its user cannot enter, the data goes elsewhere and this is said", async () => {
  if (process.getuid?.() !== 0) return console.log("Only root runs PostgreSQL as another user; nothing to see here.");
  const closed = join(temp.path, "closed");
  mkdirSync(closed, { mode: 0o700 });
  const said: string[] = [];
  const options = { dataDirectory: join(closed, "postgres"), durable: false, log: (line: string) => said.push(line) };
  const elsewhere = await startPostgres(options);
  await elsewhere.stop();
  rmSync(dirname(elsewhere.dataDirectory), { recursive: true });
  expect(elsewhere.dataDirectory).toMatch(/^\/var\/lib\/qrfactory\/[0-9a-f]{16}\/postgres$/);
  expect(said.join()).toContain(`PostgreSQL's data is in ${elsewhere.dataDirectory}`);
}, 30_000);

test("a directory with something else in it is refused, and its content left alone", async () => {
  const foreign = join(temp.path, "foreign");
  mkdirSync(foreign);
  writeFileSync(join(foreign, "letter.txt"), "dear diary");
  await expect(startPostgres({ dataDirectory: foreign })).rejects.toThrow(/neither empty nor/);
  expect(readFileSync(join(foreign, "letter.txt"), "utf8")).toBe("dear diary");
});

test("stopping leaves no process", async () => {
  const pids = [server.pid, ...processesWithParent(server.pid)];
  expect(pids.length).toBeGreaterThan(3);
  await server.stop();
  expect(pids.filter(isRunning)).toEqual([]);
  server = await start();
}, 30_000);
