// One process a directory: a lock file that names its owner, checked for life, so that a crash leaves nothing to clean
// up and two processes never write the same log.
import { randomUUID } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileMode } from "@qrfactory/runtime/private-directory";

type Owner = { pid: number; started: string };

/** Contenders for the lock of a dead owner step aside in turn; more rounds than this mean something else is wrong. */
const attemptsMax = 10;

/**
 * Takes the lock of a directory and returns the function that gives it back. Throws when a living process holds it,
 * this one included.
 */
export function takeLock(directory: string): () => void {
  const path = join(directory, "lock");
  const mine = JSON.stringify({ pid: process.pid, started: startOf(process.pid) ?? "" } satisfies Owner);
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    if (createExclusively(path, mine)) {
      held.add(path);
      return () => {
        held.delete(path);
        unlinkSync(path);
      };
    }
    const found = readOrNull(path);
    if (found === null) continue;
    const owner = parseOwner(found);
    const holder = held.has(path) ? process.pid : owner && isAlive(owner) ? owner.pid : null;
    if (holder !== null) throw new Error(`The spool in ${directory} is in use by process ${holder}.`);
    removeStale(path, found);
  }
  throw new Error(`The spool in ${directory} could not be locked.`);
}

/** Locks of this very process; its own file would otherwise look like one of a predecessor with the same id. */
const held = new Set<string>();

/** Linked into place with its text, so that nobody ever reads a lock without an owner. */
function createExclusively(path: string, text: string): boolean {
  const draft = `${path}.${randomUUID()}`;
  try {
    writeFileSync(draft, text, { mode: fileMode });
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Moves the lock of a dead owner away; when another contender was quicker and it is a new one by now, puts it back. */
function removeStale(path: string, expected: string): void {
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
    if (readFileSync(aside, "utf8") !== expected) linkSync(aside, path);
    unlinkSync(aside);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "EEXIST") throw error;
  }
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

function parseOwner(text: string): Owner | null {
  try {
    const owner: unknown = JSON.parse(text);
    return typeof owner === "object" && owner !== null && "pid" in owner && "started" in owner
      ? (owner as Owner)
      : null;
  } catch {
    return null;
  }
}

function isAlive(owner: Owner): boolean {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  // In a container every start has the same process id; the time of its start tells a successor from the owner.
  const started = startOf(owner.pid);
  return started === null || owner.started === "" || started === owner.started;
}

/** Boot and clock tick at which a process started (proc(5), field 22 of stat), or null where there is no /proc. */
function startOf(pid: number): string | null {
  const stat = readOrNull(`/proc/${pid}/stat`);
  const boot = bootId();
  if (stat === null || boot === null) return null;
  // The second field is the program's name in brackets, which may itself hold blanks and brackets.
  const tick = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  return `${boot} ${tick}`;
}

/** A value that changes whenever the machine is started, or null where the system does not tell. */
export function bootId(): string | null {
  return readOrNull("/proc/sys/kernel/random/boot_id")?.trim() ?? null;
}
