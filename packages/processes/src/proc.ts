// Processes as the kernel lists them in /proc: working directories, parents and children. Where there is no
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
function programOf(pid: number): string | null {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, ""));
  } catch {
    return null;
  }
}

/** A process as /proc shows it. */
export type FoundProcess = {
  pid: number;
  program: string;
  workingDirectory: string;
  /** `NAME=value` pairs it was started with; empty for servers that write their title over them. */
  environment: string[];
};

/** All processes that we may look into and that satisfy the question. */
export function findProcesses(isWanted: (found: FoundProcess) => boolean): FoundProcess[] {
  return allPids().flatMap((pid) => {
    try {
      const found = {
        pid,
        program: programOf(pid) ?? "",
        workingDirectory: readlinkSync(`/proc/${pid}/cwd`),
        environment: readFileSync(`/proc/${pid}/environ`, "utf8").split("\0"),
      };
      return isWanted(found) ? [found] : [];
    } catch {
      // Somebody else's, or gone meanwhile.
      return [];
    }
  });
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

/** SIGKILL to every process of this program whose working directory is `directory`; returns their ids. */
export function killProcessesIn(directory: string, program: string): number[] {
  const real = realpathSync(directory);
  const found = findProcesses((one) => one.program === program && one.workingDirectory === real);
  for (const { pid } of found) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // Gone meanwhile.
    }
  }
  return found.map(({ pid }) => pid);
}
