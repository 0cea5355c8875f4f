// Disks that are soon full.
import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Why this process may make no disk; null when it may. */
export const diskRefusal = (): string | null =>
  process.getuid?.() === 0 ? null : "only root may mount a small disk (tmpfs)";

/** Mounts a disk of so many megabytes on a folder; returns what takes it off again. */
export function mountDisk(folder: string, megabytes: number): () => void {
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "drill", folder]);
  return () => void execFileSync("umount", [folder]);
}

const fillerBytes = 65_536;

/** Writes until nothing more fits; returns what makes room again. */
export function fill(disk: string): () => void {
  const file = join(disk, "filler");
  for (;;) {
    try {
      writeFileSync(file, Buffer.alloc(fillerBytes), { flag: "a" });
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, "ENOSPC");
      return () => rmSync(file);
    }
  }
}
