// Log files of the processes: each writes its own, and here they are kept from growing without end. Relies on the files
// being opened for appending, so that cutting one under its writer is safe.
import { closeSync, openSync, readdirSync, readSync, renameSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A day of ordinary use; a loop of errors gets here in minutes. */
const logBytesMax = 20_000_000;

/** Bytes kept beside it, as `NAME.log.1`, when a file is cut. */
const keptBytes = 1_000_000;

const lookEveryMs = 10_000;

/** Puts the files of the run before aside, as `NAME.log.1`. */
export function rotateLogs(folder: string): void {
  for (const name of logNames(folder)) renameSync(join(folder, name), join(folder, `${name}.1`));
}

/** Cuts files that grew beyond their limit, now and then, until the returned function is called. */
export function boundLogs(folder: string): () => void {
  const timer = setInterval(() => {
    for (const name of logNames(folder)) cutIfLong(join(folder, name));
  }, lookEveryMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** Moves the end of a file that is longer than `bytesMax` aside and empties it. */
export function cutIfLong(file: string, bytesMax = logBytesMax, bytesKept = keptBytes): void {
  const { size } = statSync(file);
  if (size <= bytesMax) return;
  const kept = Buffer.alloc(Math.min(bytesKept, size));
  const fd = openSync(file, "r");
  try {
    readSync(fd, kept, 0, kept.length, size - kept.length);
  } finally {
    closeSync(fd);
  }
  writeFileSync(`${file}.1`, kept, { mode: 0o600 });
  truncateSync(file);
}

function logNames(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.endsWith(".log"));
}
