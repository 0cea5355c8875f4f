// What the kernel knows of processes, read from /proc: who lives in a directory, who is whose child. Where there is no
// /proc the answers are empty, and callers fall back on what they remember.
import { readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { basename } from "node:path";

function allPids(): number[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/** The name of a process's program as the kernel has it, e.g. `postgres`; null when it is gone. */
export function programOf(pid: number): string | null {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, ""));
  } catch {
    return null;
  }
}

/** Command line of a process as a list; empty when it is gone. */
export function commandLineOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
  } catch {
    return [];
  }
}

/** State letter and parent from /proc/PID/stat; the name in parentheses may itself hold spaces and parentheses. */
function statOf(pid: number): { state: string; parent: number } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state = "", parent = ""] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state, parent: Number(parent) };
  } catch {
    return null;
  }
}

/** Whether a process runs. One that has ended and only waits for its parent to notice (a zombie) does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  const state = statOf(pid)?.state;
  return state !== "Z" && state !== "X";
}

/** Direct children of a process. */
export function processesWithParent(parent: number): number[] {
  return allPids().filter((pid) => statOf(pid)?.parent === parent);
}

/** SIGKILL to every process of this program whose working directory is `directory`; returns how many there were. */
export function killProcessesIn(directory: string, program: string): number {
  const real = realpathSync(directory);
  let killed = 0;
  for (const pid of allPids()) {
    try {
      if (readlinkSync(`/proc/${pid}/cwd`) !== real || programOf(pid) !== program) continue;
      process.kill(pid, "SIGKILL");
      killed += 1;
    } catch {
      // Somebody else's process, or gone meanwhile.
    }
  }
  return killed;
}
