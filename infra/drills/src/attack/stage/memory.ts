// How much memory a service and its children take while something goes on, looked at in /proc again and again.
import { readFileSync } from "node:fs";
import { processesWithParent } from "@qrfactory/processes/proc";

const lookEveryMs = 100;

/** Megabytes that a process and its children have in memory now. */
function residentMb(pid: number): number {
  return [pid, ...processesWithParent(pid)].reduce((sum, one) => {
    try {
      return sum + Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${one}/status`, "utf8"))?.[1] ?? 0) / 1_024;
    } catch {
      // Gone meanwhile.
      return sum;
    }
  }, 0);
}

/** Runs `act` and returns by how many megabytes the processes grew at most; `pids` may change meanwhile. */
export async function growthMb(pids: () => number[], act: () => Promise<void>): Promise<number> {
  const now = () => pids().reduce((sum, pid) => sum + residentMb(pid), 0);
  const before = now();
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, now());
  }, lookEveryMs);
  try {
    await act();
  } finally {
    clearInterval(timer);
  }
  return most - before;
}
