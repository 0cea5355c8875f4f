import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { isRunning, processesWithParent } from "@qrfactory/processes/proc";
import { type StartedProcess, startProcess, startScript } from "@qrfactory/processes/process";
import { startRedis } from "@qrfactory/processes/redis";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { createTestDatabase } from "@qrfactory/testing/database";
import { decodeOne } from "@qrfactory/testing/decode";
import { walkSteps } from "../walk/steps.js";
import { askHealth, askStatus, askWhile, launch, launcherScript, pidOf, processesOfStack } from "./stack.fixture.js";
import { readStackFile, type StackFile } from "./stack-file.js";

// How soon a fault is named, a process back and a stack up again is promised and measured by the attack `parts-killed`.
const startMsMax = 45_000;
const namedMsMax = 4_000;
const backMsMax = 30_000;
/** Each question asks every process of the stack, which is to be left the cores to come back. */
const lookMs = 100;

const temp = makeTempDirectory();
const dataDirectory = join(temp.path, "a data directory");
const stackFile = join(dataDirectory, "stack.json");
const occupant = createServer();
let launcher: StartedProcess;
let stack: StackFile;

beforeAll(async () => {
  // The default port is taken, by us or by whoever had it before.
  await new Promise<void>((resolve) => {
    occupant.once("error", () => resolve());
    occupant.listen(8080, "127.0.0.1", resolve);
  });
  mkdirSync(dataDirectory);
  launcher = await launch({ dataDirectory, timeoutMs: startMsMax });
  stack = readStackFile(stackFile);
}, startMsMax + 5_000);

afterAll(async () => {
  await launcher.stop("SIGTERM", 20_000);
  occupant.close();
  temp.remove();
}, 30_000);

/** Asks for the health; rejects when it is refused. */
const healthy = () => askHealth(stack.gateway);

test("it comes up in a folder with a space, on another port than the one that is taken, and says so", async () => {
  const port = Number(new URL(stack.gateway).port);
  expect(port).toBeGreaterThan(8080);
  const output = launcher.lastLines(200).join("\n");
  expect(output).toContain(`Port 8080 is taken; the gateway uses ${port} instead.`);
  for (const word of [stack.gateway, stack.demo.email, stack.demo.password, stack.demo.api_key, "curl"]) {
    expect(output).toContain(word);
  }
  for (const pids of Object.values(stack.pids)) expect(pids.filter(isRunning)).toEqual(pids);
});

test("the curl that it prints makes an image that scans", async () => {
  const command = launcher
    .lastLines(200)
    .join("\n")
    .match(/curl -sS[\s\S]*?-o qr\.png/)?.[0] as string;
  const image = join(temp.path, "qr.png");
  const shell = await startProcess({ command: "sh", args: ["-c", command.replace("qr.png", `"${image}"`)] });
  expect((await shell.exited).code).toBe(0);
  expect(await decodeOne(readFileSync(image))).toBe("https://example.com");
});

test("the walk holds", async () => {
  for (const { act } of walkSteps(stack)) await act();
}, 30_000);

test("a second launcher on the same folder is turned away", async () => {
  const second = await startScript(launcherScript, { args: ["--data-dir", dataDirectory] });
  expect((await second.exited).code).toBe(1);
  expect(second.lastLines().join("\n")).toContain(`A stack already runs in ${dataDirectory}`);
  expect((await askStatus(stack.gateway)).status).toBe("ok");
}, 20_000);

test.each([
  ["management", "management"],
  ["worker", "queue"],
  ["render", "render"],
  ["redirect", "redirect"],
  ["postgres", "database"],
  ["state Redis", "state_redis"],
  ["render cache", "render_cache"],
  ["replica", "redirect"],
])(
  "a killed process (%s) is named by the status, and comes back",
  async (name, component) => {
    const pid = await pidOf(stack, name);
    await askWhile(healthy, async () => {
      process.kill(pid, "SIGKILL");
      await until(async () => (await askStatus(stack.gateway)).inTrouble.includes(component), {
        timeoutMs: namedMsMax,
      });
      await until(async () => (await askStatus(stack.gateway)).status === "ok", {
        timeoutMs: backMsMax,
        intervalMs: lookMs,
        what: `The return of ${name}`,
      });
    });
    stack = readStackFile(stackFile);
    const everything = Object.values(stack.pids).flat();
    expect(everything).not.toContain(pid);
    expect(everything.filter(isRunning)).toEqual(everything);
  },
  60_000,
);

test("a killed gateway is back", async () => {
  const [killed] = stack.pids.gateway;
  process.kill(killed as number, "SIGKILL");
  const isBack = async () => {
    stack = readStackFile(stackFile);
    const [pid] = stack.pids.gateway;
    return pid !== undefined && pid !== killed && (await askStatus(stack.gateway)).status === "ok";
  };
  await until(isBack);
});

test("with PostgreSQL and both Redis frozen, status and health answer before the thaw, and scans go on", async () => {
  const created = await fetch(`${stack.gateway}/api/v1/dynamic/`, {
    method: "POST",
    headers: { "X-Api-Key": stack.demo.api_key, "Content-Type": "application/json" },
    body: JSON.stringify({ name: "Frozen", destination_url: "https://example.com/frozen" }),
  });
  const code = (await created.json()) as { short_id: string };
  const scan = () => fetch(`${stack.gateway}/q/${code.short_id}`, { redirect: "manual" });
  await until(async () => (await scan()).status === 302);

  const postmaster = stack.pids.postgres[0] as number;
  const frozen = [postmaster, ...processesWithParent(postmaster), ...stack.pids.redis];
  const signalAll = (signal: NodeJS.Signals) => {
    for (const pid of frozen) if (isRunning(pid)) process.kill(pid, signal);
  };
  signalAll("SIGSTOP");
  try {
    await askWhile(healthy, async () => {
      await until(async () => (await askStatus(stack.gateway)).status === "down");
      for (let times = 0; times < 2; times++) {
        const { http, inTrouble } = await askStatus(stack.gateway);
        expect(http).toBe(503);
        expect(inTrouble).toEqual(expect.arrayContaining(["database", "state_redis", "render_cache"]));
        expect((await scan()).status).toBe(302);
      }
    });
  } finally {
    signalAll("SIGCONT");
  }
  await until(async () => (await askStatus(stack.gateway)).status === "ok", {
    timeoutMs: backMsMax,
    intervalMs: lookMs,
  });
}, 30_000);

test("after a launcher was killed the next one ends what it left, and is up again with the same data", async () => {
  const before = stack;
  launcher.kill("SIGKILL");
  await launcher.exited;
  expect((await fetch(`${before.gateway}/api/health/`)).status).toBe(200);
  launcher = await launch({ dataDirectory, timeoutMs: startMsMax });
  stack = readStackFile(stackFile);
  expect(launcher.lastLines(200).join("\n")).toMatch(/Ended \d+ processes that an earlier launcher had left/);
  expect(Object.values(before.pids).flat().filter(isRunning)).toEqual([]);
  expect(stack.demo).toEqual(before.demo);
}, 60_000);

test("a stop ends every process and leaves the data", async () => {
  expect(processesOfStack(dataDirectory).length).toBeGreaterThan(8);
  const exit = await launcher.stop("SIGTERM", 20_000);
  expect(exit).toEqual({ code: 0, signal: null });
  expect(processesOfStack(dataDirectory)).toEqual([]);
  expect(existsSync(stackFile)).toBe(false);
  expect(existsSync(join(dataDirectory, "demo.json"))).toBe(true);
}, 30_000);

test("stores that exist are used as they are, and only what is missing is started", async () => {
  const database = await createTestDatabase();
  const state = await startRedis({ role: "state", durable: false, dataDirectory: join(temp.path, "own-redis") });
  try {
    const env = { DATABASE_URL: database.url, STATE_REDIS_URL: state.url, RENDER_CACHE_URL: "memory:" };
    launcher = await launch({ dataDirectory, timeoutMs: startMsMax, env, args: ["--fresh", "--regions", "2"] });
    stack = readStackFile(stackFile);
    expect(stack).toMatchObject({
      database_url: database.url,
      state_redis_url: state.url,
      render_cache_url: "memory:",
    });
    expect(stack.pids.postgres).toEqual([]);
    expect(stack.regions.map(({ name }) => name)).toEqual(["region-1", "region-2"]);
    expect(stack.pids.redis).toHaveLength(2);
    for (const { act } of walkSteps(stack)) await act();
  } finally {
    await launcher.stop("SIGTERM", 20_000);
    await state.stop();
    await database.drop();
  }
}, 60_000);
