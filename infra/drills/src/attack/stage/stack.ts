// Stacks that are attacked: one that runs already, known by its data directory, or one of a row's own, started by the
// launcher of any checkout, in a directory that goes with it. A stack of one's own may lose its power.
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readStackFile, type StackFile } from "@qrfactory/local/stack/stack-file";
import { freePort } from "@qrfactory/processes/ports";
import { placeCluster } from "@qrfactory/processes/postgres-cluster";
import { findProcesses, isRunning } from "@qrfactory/processes/proc";
import { type StartedProcess, startScript } from "@qrfactory/processes/process";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import type { StackNeeds } from "../result.js";

/** A start on a busy machine with an empty data directory; idle it takes ten seconds. */
const startMsMax = 120_000;
const stopMsMax = 30_000;

/** A stack that is attacked. */
export type Stack = {
  dataDirectory: string;
  /** stack.json as it is now: process ids change. */
  file(): StackFile;
};

/** A stack that one row has to itself. */
export type OwnStack = Stack & {
  launcherPid(): number;
  /** Ends every process at once, the launcher first, as a power cut would. */
  cutPower(): Promise<void>;
  /** Starts it again on the same data, after a power cut. */
  start(): Promise<void>;
  /** Stops it and removes its data. */
  close(): Promise<void>;
};

/** The stack that runs in a directory. */
export function openStack(dataDirectory: string): Stack {
  const file = () => readStackFile(join(dataDirectory, "stack.json"));
  file();
  return { dataDirectory, file };
}

/** Starts a stack of the checkout at `root` on a free port, with no data. */
export async function startStack(root: string, { regions = 1, env = {} }: StackNeeds): Promise<OwnStack> {
  const temp = makeTempDirectory("qrfactory-attack-");
  const dataDirectory = join(temp.path, "data");
  const port = await freePort();
  const script = join(root, "infra/local/start.mjs");
  const options = ["--data-dir", dataDirectory, "--port", String(port), "--regions", String(regions)];
  let launcher: StartedProcess;

  async function start(): Promise<void> {
    const inherited = { ...process.env, NODE_OPTIONS: "", ...env };
    launcher = await startScript(script, { args: options, cwd: root, env: inherited, leashed: "SIGTERM" });
    await launcher.waitForLine(/Ctrl-C stops all of it/, startMsMax);
  }

  async function cutPower(): Promise<void> {
    const cluster = placeCluster(join(dataDirectory, "postgres")).dataDirectory;
    launcher.kill("SIGKILL");
    // A process being born when the others died is found in the second look.
    const living = () => {
      const pids = processesIn(dataDirectory, [dataDirectory, cluster]);
      for (const pid of pids) kill(pid);
      return pids.length;
    };
    await until(() => living() === 0, { what: "The end of every process" });
    await launcher.exited;
  }

  async function close(): Promise<void> {
    if (launcher.isAlive()) await launcher.stop("SIGTERM", stopMsMax);
    await cutPower();
    const { dataDirectory: cluster } = placeCluster(join(dataDirectory, "postgres"));
    if (!cluster.startsWith(dataDirectory)) rmSync(join(cluster, ".."), { recursive: true, force: true });
    temp.remove();
  }

  try {
    await start();
  } catch (error) {
    await close();
    throw error;
  }
  const launcherPid = () => Number(readFileSync(join(dataDirectory, "launcher.pid"), "utf8"));
  return { ...openStack(dataDirectory), launcherPid, cutPower, start, close };
}

/** Processes that carry the mark of a stack or work in its directories. */
function processesIn(mark: string, directories: string[]): number[] {
  const found = findProcesses(
    ({ environment, workingDirectory }) =>
      environment.includes(`QRFACTORY_STACK=${mark}`) || directories.some((path) => workingDirectory.startsWith(path)),
  );
  return found.map(({ pid }) => pid).filter(isRunning);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone meanwhile.
  }
}
