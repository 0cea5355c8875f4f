import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createTestDatabase } from "@qrfactory/testing/database";
import { decodeOne } from "@qrfactory/testing/decode";
import { findProcesses, isRunning, processesWithParent } from "@qrfactory/testing/proc";
import { type StartedProcess, startScript } from "@qrfactory/testing/process";
import { startRedis } from "@qrfactory/testing/redis";
import { makeTempDirectory } from "@qrfactory/testing/temp";
import { until } from "@qrfactory/testing/until";
import { Redis as Client } from "ioredis";
import { readStackFile, type StackFile } from "./stack-file.js";
import { walkSteps } from "./walk-steps.js";

/** What `npm start` runs. */
const launcherScript = fileURLToPath(new URL("../start.mjs", import.meta.url));

/** The contract: up again within seconds. The very first start also makes a database, and other tests run beside it. */
const restartMsMax = 10_000;
const firstStartMsMax = 45_000;

/** The contract: named within a second, back within a second; the rest is a busy machine and a crash recovery. */
const namedMsMax = 1_000;
const backMsMax = 12_000;

const temp = makeTempDirectory();
const dataDirectory = join(temp.path, "a data directory");
const stackFile = join(dataDirectory, "stack.json");
const occupant = createServer();
let launcher: StartedProcess;
let stack: StackFile;

/** Starts a launcher on this data directory and returns it once its stack is up. */
async function launch(timeoutMs: number, env: Record<string, string> = {}, args: string[] = []) {
  const child = await startScript(launcherScript, {
    args: ["--data-dir", dataDirectory, ...args],
    env: { ...process.env, NODE_OPTIONS: "", ...env },
    leashed: "SIGTERM",
  });
  await child.waitForLine(/Ctrl-C stops all of it/, timeoutMs);
  return child;
}

type Status = { status: string; http: number; tookMs: number; inTrouble: string[] };

/** Asks the gateway for the status; a gateway that is away counts as nothing known. */
async function askStatus(): Promise<Status> {
  const startedAt = performance.now();
  const response = await fetch(`${stack.gateway}/api/status/`, { signal: AbortSignal.timeout(3_000) });
  const report = (await response.json()) as { status: string; components: Record<string, { status: string }> };
  const inTrouble = Object.entries(report.components ?? {}).filter(([, component]) => component.status !== "ok");
  return {
    status: report.status,
    http: response.status,
    tookMs: performance.now() - startedAt,
    inTrouble: inTrouble.map(([name]) => name),
  };
}

/** Which processes of this stack run, by their mark or by where they work. */
function processesOfStack(): number[] {
  const isOurs = findProcesses(
    ({ environment, workingDirectory }) =>
      environment.includes(`QRFACTORY_STACK=${dataDirectory}`) || workingDirectory.startsWith(dataDirectory),
  );
  return isOurs.map(({ pid }) => pid);
}

/** Milliseconds that answers of `/api/health/` take while `act` runs. */
async function measureHealth(act: () => Promise<void>): Promise<number[]> {
  const tookMs: number[] = [];
  let done = false;
  const measuring = (async () => {
    while (!done) {
      const startedAt = performance.now();
      const response = await fetch(`${stack.gateway}/api/health/`);
      expect(response.status).toBe(200);
      tookMs.push(performance.now() - startedAt);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  await act().finally(() => {
    done = true;
  });
  await measuring;
  return tookMs;
}

/** The machine runs other tests as well, so a few answers may have waited for a core. */
function percentile95(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.95)] as number;
}

async function redisPid(url: string): Promise<number> {
  const client = new Client(url, { maxRetriesPerRequest: 0 });
  try {
    return Number((await client.info("server")).match(/process_id:(\d+)/)?.[1]);
  } finally {
    client.disconnect();
  }
}

const pidOf: Record<string, () => number | Promise<number>> = {
  management: () => stack.pids.management[0] as number,
  worker: () => stack.pids.worker[0] as number,
  render: () => stack.pids.render[0] as number,
  redirect: () => stack.pids.redirect[0] as number,
  gateway: () => stack.pids.gateway[0] as number,
  postgres: () => stack.pids.postgres[0] as number,
  "state Redis": () => redisPid(stack.state_redis_url),
  "render cache": () => redisPid(stack.render_cache_url),
  replica: () => redisPid(stack.regions[0]?.redis as string),
};

beforeAll(async () => {
  // The default port is taken, by us or by whoever had it before.
  await new Promise<void>((resolve) => {
    occupant.once("error", () => resolve());
    occupant.listen(8080, "127.0.0.1", resolve);
  });
  mkdirSync(dataDirectory);
  launcher = await launch(firstStartMsMax);
  stack = readStackFile(stackFile);
}, firstStartMsMax + 5_000);

afterAll(async () => {
  await launcher.stop("SIGTERM", 20_000);
  occupant.close();
  temp.remove();
}, 30_000);

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
  const shell = await startScript("-e", {
    args: [`require("child_process").execSync(process.env.COMMAND, { stdio: "inherit" })`],
    env: { ...process.env, COMMAND: command.replace("qr.png", `"${image}"`) },
  });
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
  expect((await askStatus()).status).toBe("ok");
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
  "a killed process (%s) is named by the status within a second, and comes back",
  async (name, component) => {
    const pid = await pidOf[name]?.();
    const healthMs = await measureHealth(async () => {
      process.kill(pid as number, "SIGKILL");
      await until(async () => (await askStatus()).inTrouble.includes(component), { timeoutMs: namedMsMax });
      await until(async () => (await askStatus()).status === "ok", {
        timeoutMs: backMsMax,
        what: `The return of ${name}`,
      });
    });
    expect(percentile95(healthMs)).toBeLessThan(50);
    stack = readStackFile(stackFile);
    const everything = Object.values(stack.pids).flat();
    expect(everything).not.toContain(pid);
    expect(everything.filter(isRunning)).toEqual(everything);
  },
  30_000,
);

test("a killed gateway is back within a second", async () => {
  const [killed] = stack.pids.gateway;
  process.kill(killed as number, "SIGKILL");
  const isBack = async () => {
    stack = readStackFile(stackFile);
    const [pid] = stack.pids.gateway;
    return pid !== undefined && pid !== killed && (await askStatus()).status === "ok";
  };
  await until(isBack, { timeoutMs: 1_000 });
});

test("with PostgreSQL and both Redis frozen, status answers within a second, health at once, and scans go on", async () => {
  const [code] = (await (
    await fetch(`${stack.gateway}/api/v1/dynamic/`, {
      method: "POST",
      headers: { "X-Api-Key": stack.demo.api_key, "Content-Type": "application/json" },
      body: JSON.stringify({ name: "Frozen", destination_url: "https://example.com/frozen" }),
    })
  )
    .json()
    .then((row) => [row])) as [{ short_id: string }];
  const scan = () => fetch(`${stack.gateway}/q/${code.short_id}`, { redirect: "manual" });
  await until(async () => (await scan()).status === 302);

  const postmaster = stack.pids.postgres[0] as number;
  const frozen = [postmaster, ...processesWithParent(postmaster), ...stack.pids.redis];
  const signalAll = (signal: NodeJS.Signals) => {
    for (const pid of frozen) if (isRunning(pid)) process.kill(pid, signal);
  };
  signalAll("SIGSTOP");
  try {
    const healthMs = await measureHealth(async () => {
      await until(async () => (await askStatus()).status === "down");
      for (let asked = 0; asked < 3; asked++) {
        const { tookMs, http, inTrouble } = await askStatus();
        expect(tookMs).toBeLessThan(1_000);
        expect(http).toBe(503);
        expect(inTrouble).toEqual(expect.arrayContaining(["database", "state_redis", "render_cache"]));
        expect((await scan()).status).toBe(302);
      }
    });
    expect(percentile95(healthMs)).toBeLessThan(50);
  } finally {
    signalAll("SIGCONT");
  }
  await until(async () => (await askStatus()).status === "ok", { timeoutMs: backMsMax });
}, 30_000);

test("after a launcher was killed the next one ends what it left, and is up again within seconds with the same data", async () => {
  const before = stack;
  launcher.kill("SIGKILL");
  await launcher.exited;
  expect((await fetch(`${before.gateway}/api/health/`)).status).toBe(200);
  const startedAt = performance.now();
  launcher = await launch(firstStartMsMax);
  expect(performance.now() - startedAt).toBeLessThan(restartMsMax);
  stack = readStackFile(stackFile);
  expect(launcher.lastLines(200).join("\n")).toMatch(/Ended \d+ processes that an earlier launcher had left/);
  expect(Object.values(before.pids).flat().filter(isRunning)).toEqual([]);
  expect(stack.demo).toEqual(before.demo);
}, 60_000);

test("a stop ends every process and leaves the data", async () => {
  expect(processesOfStack().length).toBeGreaterThan(8);
  const exit = await launcher.stop("SIGTERM", 20_000);
  expect(exit).toEqual({ code: 0, signal: null });
  expect(processesOfStack()).toEqual([]);
  expect(existsSync(stackFile)).toBe(false);
  expect(existsSync(join(dataDirectory, "demo.json"))).toBe(true);
}, 30_000);

test("stores that exist are used as they are, and only what is missing is started", async () => {
  const database = await createTestDatabase();
  const state = await startRedis({ role: "state", dataDirectory: join(temp.path, "own-redis") });
  const env = { DATABASE_URL: database.url, STATE_REDIS_URL: state.url, RENDER_CACHE_URL: "memory:" };
  launcher = await launch(firstStartMsMax, env, ["--fresh", "--regions", "2"]);
  stack = readStackFile(stackFile);
  expect(stack).toMatchObject({ database_url: database.url, state_redis_url: state.url, render_cache_url: "memory:" });
  expect(stack.pids.postgres).toEqual([]);
  expect(stack.regions.map(({ name }) => name)).toEqual(["region-1", "region-2"]);
  expect(stack.pids.redis).toHaveLength(2);
  for (const { act } of walkSteps(stack)) await act();
  await launcher.stop("SIGTERM", 20_000);
  await state.stop();
  await database.drop();
}, 60_000);
