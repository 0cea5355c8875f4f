// Access to the directory of snapshots and journals: codes, their destinations and the hashes of their passwords are for
// their region alone.
import { chmodSync, mkdirSync } from "node:fs";

export const fileMode = 0o600;
const directoryMode = 0o700;

/** Makes a directory for its owner only, or closes one that exists to everybody else. */
export function makePrivateDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: directoryMode });
  try {
    chmodSync(directory, directoryMode);
  } catch {
    // Refused on a volume of another user; the files in it are closed all the same.
  }
}
