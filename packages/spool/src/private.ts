// The directory of a spool is its process's alone: nobody else reads it, whoever made it, and no copy that was put back
// opens it to others.
import { chmodSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";

export const directoryMode = 0o700;
export const fileMode = 0o600;

/** Makes a directory for its owner only, or closes one that exists, with what lies in it, to everybody else. */
export function makePrivateDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: directoryMode });
  close(directory, directoryMode);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isFile()) close(join(directory, entry.name), fileMode);
  }
}

/** A volume that belongs to another user cannot be closed by us; what we write into it is ours alone all the same. */
function close(path: string, mode: number): void {
  try {
    chmodSync(path, mode);
  } catch {
    // As above.
  }
}
