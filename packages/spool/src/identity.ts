// The identity of a spool: an id that lives as long as the directory is not set back, and the machine start under which
// it was last written.

import { randomUUID } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isUuid } from "@qrfactory/domain/uuid";
import { fileMode } from "@qrfactory/runtime/private-directory";

/** Id of a spool, and the machine start that it was last written under; null when that is not known. */
export type Identity = { id: string; bootId: string | null };

/**
 * The identity kept in a directory; null when there is none or it cannot be read (its segments are then re-shipped).
 */
export function readIdentity(directory: string): Identity | null {
  try {
    const stored: unknown = JSON.parse(readFileSync(join(directory, "spool.json"), "utf8"));
    const { id, boot_id: bootId } = stored as { id?: unknown; boot_id?: unknown };
    if (!isUuid(id)) return null;
    return { id, bootId: typeof bootId === "string" ? bootId : null };
  } catch {
    return null;
  }
}

/** The identity of a spool that begins. */
export function newIdentity(): Identity {
  return { id: randomUUID(), bootId: null };
}

/**
 * Replaces the file in one step and for good: a crash leaves the old one or the new one, a loss of power the new one.
 */
export function writeIdentity(directory: string, identity: Identity): void {
  const path = join(directory, "spool.json");
  const draft = `${path}.draft`;
  const fd = openSync(draft, "w", fileMode);
  try {
    writeFileSync(fd, `${JSON.stringify({ id: identity.id, boot_id: identity.bootId })}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(draft, path);
  syncDirectory(directory);
}

function syncDirectory(directory: string): void {
  const fd = openSync(directory, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
