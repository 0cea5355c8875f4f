// Directories of scans, calls, codes and hashes of passwords: for their owner only, also where another program made
// them or put a copy back.
import { chmodSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";

const directoryMode = 0o700;

/** Mode of private files: read and written by their owner only. */
export const fileMode = 0o600;

/** Makes a directory for its owner only, or closes one that exists, and its files, to everybody else. */
export function makePrivateDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: directoryMode });
  close(directory, directoryMode);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isFile()) close(join(directory, entry.name), fileMode);
  }
}

/** Tries to close a path: on a volume of another user that is refused, and the files written from now on are closed. */
function close(path: string, mode: number): void {
  try {
    chmodSync(path, mode);
  } catch {
    // Refused, as said above.
  }
}
