// Directories for one test. They can be entered by other users, because PostgreSQL gives up root before it works in
// one.
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atExit } from "./at-exit.js";

/** Others may pass through, not list: what `mkdtemp` makes (0700) keeps out the user that PostgreSQL runs as. */
const modeEnterable = 0o711;

/** An empty directory with its removal. */
export type TempDirectory = { path: string; remove(): void };

/** Makes an empty directory that is removed by `remove()` or, at the latest, when this process ends. */
export function makeTempDirectory(prefix = "qrfactory-"): TempDirectory {
  const path = mkdtempSync(join(tmpdir(), prefix));
  chmodSync(path, modeEnterable);
  const remove = () => {
    forget();
    rmSync(path, { recursive: true, force: true });
  };
  const forget = atExit(() => rmSync(path, { recursive: true, force: true }));
  return { path, remove };
}
