// Figures of a process by the kernel (proc(5)); there are none outside Linux.
import { readFileSync } from "node:fs";

/** The kernel's unit in /proc: USER_HZ is 100 wherever Linux runs. */
const tickMs = 10;

/** User and system time so far, fields 14 and 15 of its `stat`; the name in parentheses may hold spaces. */
export function processorMsOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}

/** Resident memory in units of 1,024 bytes. */
export function residentKilobytesOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
}
