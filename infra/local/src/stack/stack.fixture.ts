// A real stack for tests: started by the launcher that `npm start` runs, asked through its gateway, looked for among
// the processes of the machine.
import { fileURLToPath } from "node:url";
import { findProcesses } from "@qrfactory/processes/proc";
import { type StartedProcess, startScript } from "@qrfactory/processes/process";
import { Redis as Client } from "ioredis";
import type { StackFile } from "./stack-file.js";

/** The script of `npm start`. */
export const launcherScript = fileURLToPath(new URL("../../start.mjs", import.meta.url));

const askTimeoutMs = 3_000;

/** Pause between two questions. */
const askEveryMs = 50;

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

export type SeenStatus = { status: string; http: number; inTrouble: string[] };

/** Asks the gateway for the status; rejects when it does not answer. */
export async function askStatus(gateway: string): Promise<SeenStatus> {
  const response = await fetch(`${gateway}/api/status/`, { signal: AbortSignal.timeout(askTimeoutMs) });
  const report = (await response.json()) as { status: string; components?: Record<string, { status: string }> };
  const inTrouble = Object.entries(report.components ?? {}).filter(([, component]) => component.status !== "ok");
  return {
    status: report.status,
    http: response.status,
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

/** Asks the gateway for its health; rejects when that is refused or does not come. */
export async function askHealth(gateway: string): Promise<void> {
  const response = await fetch(`${gateway}/api/health/`, { signal: AbortSignal.timeout(askTimeoutMs) });
  if (!response.ok) throw new Error(`health answered ${response.status}`);
  await response.arrayBuffer();
}

/** Asks again and again all the while `act` runs; rejects when a question does. */
export async function askWhile(ask: () => Promise<void>, act: () => Promise<void>): Promise<void> {
  let done = false;
  const asking = (async () => {
    while (!done) {
      await ask();
      await new Promise((resolve) => setTimeout(resolve, askEveryMs));
    }
  })();
  await Promise.all([
    asking,
    act().finally(() => {
      done = true;
    }),
  ]);
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
