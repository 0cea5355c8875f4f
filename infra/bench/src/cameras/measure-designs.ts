// Measures many designs side by side, one process a processor: the painters of qr-code-styling crash among threads.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type { Measured, Task } from "./read-designs.js";

/** Seeds lie so far apart that no design is drawn twice where some before it are refused. */
const seedStep = 1_000;

/** More than any run has designs. */
const seedsOfRun = 100_000;

/** How many measured designs make a line of progress. */
const progressStep = 20;

const program = fileURLToPath(new URL("./measure-process.js", import.meta.url));

/**
 * The designs of a run in their order, ours alone or beside the peers; another `run` has other designs. Throws when a
 * process fails.
 */
export async function measureDesigns(count: number, run: number, { alone = false } = {}): Promise<Measured[]> {
  const measured: Measured[] = [];
  let next = 0;
  let done = 0;
  const measureSome = async () => {
    const child = fork(program, { stdio: ["ignore", "ignore", "pipe", "ipc"] });
    const ended = endOf(child);
    // Killed below, it ends when nobody waits for that any more.
    ended.catch(() => {});
    try {
      while (next < count) {
        const i = next++;
        measured[i] = await Promise.race([ask(child, { seed: (run * seedsOfRun + i) * seedStep, alone }), ended]);
        done += 1;
        if (done % progressStep === 0) console.log(`${done} of ${count} designs`);
      }
    } finally {
      child.kill();
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, measureSome));
  return measured;
}

/** Rejects with what a process said last when it ends. */
async function endOf(child: ChildProcess): Promise<never> {
  const said: Buffer[] = [];
  child.stderr?.on("data", (chunk: Buffer) => said.push(chunk));
  const [code, signal] = await once(child, "exit");
  throw new Error(`A process that measures designs ended with ${code ?? signal}: ${Buffer.concat(said)}`);
}

/** Sends a task and waits for what was measured. */
async function ask(child: ChildProcess, task: Task): Promise<Measured> {
  child.send(task);
  const [measured] = (await once(child, "message")) as [Measured];
  return measured;
}
