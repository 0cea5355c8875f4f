import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { isRunning } from "@qrfactory/processes/proc";
import { startScript } from "@qrfactory/processes/process";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { forgetData, makeDataDirectory, pathsIn, readOrMakeSecrets } from "./data-directory.js";
import { cutIfLong, rotateLogs } from "./logs.js";
import { endLeftovers, stackVariable, takeDataDirectory } from "./previous.js";

const temp = makeTempDirectory();
afterAll(() => temp.remove());

test("secrets are made once, kept for good, and only their owner may read them", () => {
  const file = join(temp.path, "secrets.json");
  const secrets = readOrMakeSecrets(file);
  expect(Buffer.from(secrets.seal_key, "base64")).toHaveLength(32);
  expect(secrets.jwt_secret.length).toBeGreaterThanOrEqual(32);
  expect(readOrMakeSecrets(file)).toEqual(secrets);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("a secret that an older version did not know is added, and the others stay", () => {
  const file = join(temp.path, "older.json");
  writeFileSync(file, JSON.stringify({ jwt_secret: "from long ago" }));
  expect(readOrMakeSecrets(file)).toMatchObject({ jwt_secret: "from long ago", seal_key: expect.any(String) });
});

test("forgetting takes what a stack left and nothing else", () => {
  const paths = pathsIn(join(temp.path, "data"));
  makeDataDirectory(paths);
  const left = [paths.replica("region-2"), paths.spool("region-1"), paths.snapshots("region-1")];
  for (const path of [paths.postgres, ...left]) mkdirSync(path, { recursive: true });
  for (const file of [paths.secrets, paths.demo, join(paths.root, "thesis.tex")]) writeFileSync(file, "x");
  forgetData(paths, { ownDatabase: true });
  expect([paths.secrets, paths.postgres].map(existsSync)).toEqual([true, true]);
  expect(left.map(existsSync)).toEqual([false, false, false]);
  forgetData(paths, { ownDatabase: false });
  expect([paths.secrets, paths.demo, paths.postgres].map(existsSync)).toEqual([false, false, false]);
  expect(readFileSync(join(paths.root, "thesis.tex"), "utf8")).toBe("x");
});

test("a second launcher is kept out while the first lives, and told who has the folder", async () => {
  const folder = join(temp.path, "taken");
  mkdirSync(folder);
  await takeDataDirectory(folder);
  await expect(takeDataDirectory(folder)).rejects.toThrow(`already runs in ${folder} (process ${process.pid})`);
});

test("processes that a killed launcher left are ended, also frozen ones; others are left alone", async () => {
  const [mine, other] = [join(temp.path, "mine"), join(temp.path, "other")];
  const script = join(temp.path, "idle.mjs");
  writeFileSync(script, `console.log("up"); setInterval(() => {}, 1000);`);
  const start = async (folder: string) => {
    mkdirSync(folder);
    const child = await startScript(script, { env: { ...process.env, [stackVariable]: folder } });
    await child.waitForLine(/up/);
    return child;
  };
  const [left, stranger] = [await start(mine), await start(other)];
  left.kill("SIGSTOP");
  expect(await endLeftovers(mine)).toBe(1);
  expect([left.pid, stranger.pid].map(isRunning)).toEqual([false, true]);
  expect(await endLeftovers(mine)).toBe(0);
  stranger.kill();
});

test("logs of the run before are put aside, and long ones keep their end", () => {
  const folder = join(temp.path, "logs");
  mkdirSync(folder);
  const file = join(folder, "render.log");
  writeFileSync(file, "first run");
  rotateLogs(folder);
  expect(existsSync(file)).toBe(false);
  expect(readFileSync(`${file}.1`, "utf8")).toBe("first run");
  writeFileSync(file, "0123456789");
  cutIfLong(file, 10, 4);
  expect(readFileSync(file, "utf8")).toBe("0123456789");
  cutIfLong(file, 9, 4);
  expect(readFileSync(file, "utf8")).toBe("");
  expect(readFileSync(`${file}.1`, "utf8")).toBe("6789");
});
