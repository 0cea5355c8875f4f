// One stack per data directory: keeps a second launcher out while the first lives, and ends the processes that a killed
// one left behind. Relies on /proc to be sure that a process really belongs to this directory before it is ended.
import { createHash } from "node:crypto";
import { readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { holdName } from "@qrfactory/processes/ports";
import { findProcesses, isRunning } from "@qrfactory/processes/proc";
import { until } from "@qrfactory/processes/until";

/** Every process of a stack carries the path of its data directory in this variable. */
export const stackVariable = "QRFACTORY_STACK";

/**
 * Servers overwrite the memory that held their environment; these are known by where they work instead. Debian's
 * redis-server is a link to redis-check-rdb, and that is what the kernel calls it.
 */
const serverPrograms = /^(postgres|nginx|redis-.*)$/;

/** Takes this data directory for this process; throws when another launcher has it. */
export async function takeDataDirectory(dataDirectory: string): Promise<void> {
  const file = join(dataDirectory, "launcher.pid");
  const name = createHash("sha256").update(realpathSync(dataDirectory)).digest("hex");
  if (await holdName(`stack-${name}`)) return void writeFileSync(file, `${process.pid}\n`);
  let who = "";
  try {
    who = ` (process ${readFileSync(file, "utf8").trim()})`;
  } catch {
    // It is just starting.
  }
  throw new Error(
    `A stack already runs in ${dataDirectory}${who}. Stop it first, or choose another folder with --data-dir.`,
  );
}

/** Gives the data directory back; the next launcher may take it once this process has ended. */
export function leaveDataDirectory(dataDirectory: string): void {
  rmSync(join(dataDirectory, "launcher.pid"), { force: true });
}

/** Ends what a killed launcher left running on this data directory; returns how many processes that were. */
export async function endLeftovers(dataDirectory: string, elsewhere: string[] = []): Promise<number> {
  const homes = [dataDirectory, ...elsewhere].flatMap((path) => {
    try {
      return [realpathSync(path)];
    } catch {
      return [];
    }
  });
  const mark = `${stackVariable}=${realpathSync(dataDirectory)}`;
  const isIn = (path: string) => homes.some((home) => path === home || path.startsWith(`${home}/`));
  const left = findProcesses(
    (found) =>
      found.pid !== process.pid &&
      (found.environment.includes(mark) || (serverPrograms.test(found.program) && isIn(found.workingDirectory))),
  );
  for (const { pid } of left) {
    try {
      // At once: they have lost their launcher, and everything of ours survives a SIGKILL.
      process.kill(pid, "SIGKILL");
    } catch {
      // Gone meanwhile, with its parent.
    }
  }
  // Their ports are free only when they are gone.
  await until(() => !left.some(({ pid }) => isRunning(pid)), { what: "The end of processes left behind" });
  return left.length;
}
