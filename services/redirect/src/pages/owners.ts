// Owners of codes, for the pages at their end: all in memory, read again from the replica when they have
// changed, and kept in a file for a start while all else is away. No scan that leads on asks; a page asks a map.
import { readFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type CodeOwner, type PublishedOwner, parsePublishedOwner } from "@qrfactory/codes/published/owner";
import { fileMode, makePrivateDirectory } from "@qrfactory/runtime/private-directory";
import { readOwners, readOwnersChange } from "@qrfactory/state/codes/publishing/owners";
import type { Redis } from "ioredis";

/** As quick as an edit of a code. */
const pollMsDefault = 1_000;
const fileName = "owners.ndjson";

/** Sources of the owners, and the pace of the look for changes. */
export type OwnersOptions = {
  /** Of this process alone. */
  directory: string;
  /** The regional replica. */
  redis: Redis;
  pollMs?: number;
  /** Told once when the file cannot be written, and with null when it can again. */
  onState?: (error: Error | null) => void;
};

/** Map of owners by workspace. */
export type Owners = {
  /** Name and contact that a workspace gives; null for none. */
  find(workspaceId: string): CodeOwner | null;
  stop(): Promise<void>;
};

/** Reads the file and starts to follow the replica. Nothing is ever taken away by its absence. */
export function keepOwners({ directory, redis, pollMs = pollMsDefault, onState }: OwnersOptions): Owners {
  makePrivateDirectory(directory);
  const file = join(directory, fileName);
  const owners = new Map<string, PublishedOwner>();
  let readAt: string | null = null;
  let isSaved = true;
  let isWorking = true;
  let following: Promise<void> | null = null;

  /** Whether one of them is newer than what is known. */
  function take(found: PublishedOwner[]): boolean {
    const newer = found.filter(({ workspace_id, version }) => version > (owners.get(workspace_id)?.version ?? 0));
    for (const owner of newer) owners.set(owner.workspace_id, owner);
    return newer.length > 0;
  }

  async function follow(): Promise<void> {
    const now = await readOwnersChange(redis);
    if (now !== null && now !== readAt) {
      // A change while the hash is read is found at the next look.
      if (take(await readOwners(redis))) isSaved = false;
      readAt = now;
    }
    if (!isSaved) await save();
  }

  async function save(): Promise<void> {
    let error: Error | null = null;
    try {
      const lines = [...owners.values()].map((owner) => `${JSON.stringify(owner)}\n`).join("");
      await writeFile(`${file}.partial`, lines, { mode: fileMode });
      await rename(`${file}.partial`, file);
      isSaved = true;
    } catch (cause) {
      error = cause as Error;
    }
    if ((error === null) !== isWorking) onState?.(error);
    isWorking = error === null;
  }

  take(readFile(file));
  const timer = setInterval(() => {
    // A replica that is away is told of by who follows the codes.
    following ??= follow()
      .catch(() => {})
      .finally(() => {
        following = null;
      });
  }, pollMs).unref();
  return {
    find(workspaceId) {
      const owner = owners.get(workspaceId);
      return owner && (owner.name !== null || owner.contact !== null) ? owner : null;
    },
    async stop() {
      clearInterval(timer);
      await following;
    },
  };
}

/** The owners in a file; lines that are damaged are left out, and so is a file that cannot be read. */
function readFile(file: string): PublishedOwner[] {
  try {
    const lines = readFileSync(file, "utf8").split("\n");
    return lines.map(parsePublishedOwner).filter((owner) => owner !== null);
  } catch {
    return [];
  }
}
