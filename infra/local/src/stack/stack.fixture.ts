// A real stack for tests: started by the launcher that `npm start` runs, asked through its gateway, looked for among
// the processes of the machine.
import { fileURLToPath } from "node:url";
import { findProcesses } from "@qrfactory/processes/proc";
import { type StartedProcess, startScript } from "@qrfactory/processes/process";
import { Redis as Client } from "ioredis";
import type { StackFile } from "./stack-file.js";

/** What `npm start` runs. */
export const launcherScript = fileURLToPath(new URL("../../start.mjs", import.meta.url));

const askTimeoutMs = 3_000;

/** Pause between two questions for health. */
const healthEveryMs = 50;

export type LaunchOptions = { dataDirectory: string; timeoutMs: number; env?: Record<string, string>; args?: string[] };

/** Starts a launcher and returns it once its stack is up; it stops everything when this process ends. */
export async function launch({
  dataDirectory,
  timeoutMs,
  env = {},
  args = [],
}: LaunchOptions): Promise<StartedProcess> {
  const child = await startScript(launcherScript, {
    args: ["--data-dir", dataDirectory, ...args],
    env: { ...process.env, NODE_OPTIONS: "", ...env },
    leashed: "SIGTERM",
  });
  await child.waitForLine(/Ctrl-C stops all of it/, timeoutMs);
  return child;
}

export type SeenStatus = { status: string; http: number; tookMs: number; inTrouble: string[] };

/** Asks the gateway for the status; rejects when it does not answer. */
export async function askStatus(gateway: string): Promise<SeenStatus> {
  const startedAt = performance.now();
  const response = await fetch(`${gateway}/api/status/`, { signal: AbortSignal.timeout(askTimeoutMs) });
  const report = (await response.json()) as { status: string; components?: Record<string, { status: string }> };
  const inTrouble = Object.entries(report.components ?? {}).filter(([, component]) => component.status !== "ok");
  return {
    status: report.status,
    http: response.status,
    tookMs: performance.now() - startedAt,
    inTrouble: inTrouble.map(([name]) => name),
  };
}

/** Processes of the stack in this directory that run, known by their mark or by where they work. */
export function processesOfStack(dataDirectory: string): number[] {
  const found = findProcesses(
    ({ environment, workingDirectory }) =>
      environment.includes(`QRFACTORY_STACK=${dataDirectory}`) || workingDirectory.startsWith(dataDirectory),
  );
  return found.map(({ pid }) => pid);
}

/**
 * Asks for `/api/health/` all the while `act` runs; throws when it is ever refused. Returns the median time of an
 * answer in milliseconds: the machine runs other tests as well, and services that start take its cores for a moment.
 */
export async function healthWhile(gateway: string, act: () => Promise<void>): Promise<number> {
  const tookMs: number[] = [];
  let done = false;
  const measuring = (async () => {
    while (!done) {
      const startedAt = performance.now();
      const response = await fetch(`${gateway}/api/health/`, { signal: AbortSignal.timeout(askTimeoutMs) });
      if (!response.ok) throw new Error(`health answered ${response.status}`);
      tookMs.push(performance.now() - startedAt);
      await new Promise((resolve) => setTimeout(resolve, healthEveryMs));
    }
  })();
  await Promise.all([
    measuring,
    act().finally(() => {
      done = true;
    }),
  ]);
  return tookMs.sort((a, b) => a - b)[Math.floor(tookMs.length / 2)] as number;
}

async function redisPid(url: string): Promise<number> {
  const client = new Client(url, { maxRetriesPerRequest: 0 });
  try {
    return Number((await client.info("server")).match(/process_id:(\d+)/)?.[1]);
  } finally {
    client.disconnect();
  }
}

/** Process id of one part of a stack, by the name that people give it. */
export async function pidOf(stack: StackFile, name: string): Promise<number> {
  if (name === "state Redis") return redisPid(stack.state_redis_url);
  if (name === "render cache") return redisPid(stack.render_cache_url);
  if (name === "replica") return redisPid(stack.regions[0]?.redis as string);
  return stack.pids[name as keyof StackFile["pids"]][0] as number;
}
