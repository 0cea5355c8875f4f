import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { isRunning } from "./proc.js";
import { startProcess, startScript } from "./process.js";
import { makeTempDirectory } from "./temp.js";
import { until } from "./until.js";

const temp = makeTempDirectory();
afterAll(() => temp.remove());

function script(name: string, source: string): string {
  const file = join(temp.path, name);
  writeFileSync(file, source);
  return file;
}

const counter = script(
  "counter.mjs",
  `process.on("SIGTERM", () => {}); let n = 0; console.log("ready on port 4711"); setInterval(() => console.log("line " + ++n), 1);`,
);

test("a line is awaited, and one that was printed before is found", async () => {
  const child = await startScript(counter);
  expect((await child.waitForLine(/port (\d+)/))[1]).toBe("4711");
  await child.waitForLine(/line 20$/);
  expect((await child.waitForLine(/port (\d+)/))[1]).toBe("4711");
  child.kill();
  expect(await child.exited).toEqual({ code: null, signal: "SIGKILL" });
  expect(child.isAlive()).toBe(false);
});

test("a child that ignores SIGTERM is gone after its grace", async () => {
  const child = await startScript(counter);
  await child.waitForLine(/ready/);
  expect(await child.stop("SIGTERM", 50)).toEqual({ code: null, signal: "SIGKILL" });
});

test("waiting for a line of a child that ends fails with its last words", async () => {
  const child = await startScript(script("dies.mjs", `console.error("no such table"); process.exitCode = 3;`));
  await expect(child.waitForLine(/ready/)).rejects.toThrow(/ended with 3[\s\S]*no such table/);
});

test("a child on a leash dies with its parent, even when that is killed", async () => {
  const inner = script("inner.mjs", `console.log("inner " + process.pid); setInterval(() => {}, 1000);`);
  const outer = script(
    "outer.mjs",
    `import { spawn } from "node:child_process";
     spawn("setpriv", ["--pdeathsig", "KILL", "--", process.execPath, ${JSON.stringify(inner)}], { stdio: "inherit" });`,
  );
  const parent = await startScript(outer);
  const [, pid] = await parent.waitForLine(/inner (\d+)/);
  expect(isRunning(Number(pid))).toBe(true);
  parent.kill();
  await until(() => !isRunning(Number(pid)));
});

test("output in a file outlives the reader and can be read from its end", async () => {
  const logFile = join(temp.path, "logs", "counter.log");
  const child = await startScript(counter, { logFile });
  await until(() => child.lastLines(1)[0]?.startsWith("line 3"));
  expect(child.lastLines(3)).toHaveLength(3);
  await child.stop("SIGKILL");
});

test("a program that does not exist is named", async () => {
  await expect(startProcess({ command: "no-such-program", args: [] })).rejects.toThrow(
    /no-such-program cannot be started/,
  );
});
