// When the table is written to disk: as soon as it is full where there is no snapshot yet, then every few minutes if it
// has changed, when its journal has grown large, and at a clean stop. A disk that refuses costs nothing but the
// snapshot; it is tried again the next time.
import type { Resume } from "@qrfactory/state/codes/following/follow-state";
import type { Journal } from "@qrfactory/state/codes/table/journal";
import { writeSnapshot } from "@qrfactory/state/codes/table/snapshot";
import type { Table } from "@qrfactory/state/codes/table/table";

/**
 * How often a region without any snapshot looks whether its table is full: until it has one, a kill costs its codes.
 */
const firstMs = 1_000;

/** Table, place and pace of snapshots. */
export type KeepSnapshotsOptions = {
  directory: string;
  table: Table;
  /** Changes that no snapshot holds yet; the table may have them. */
  journal: Pick<Journal, "rotate" | "state">;
  resume: () => Resume | null;
  intervalMs: number;
  /** The snapshot that the table was read from. */
  last: { writtenAt: number; bytes: number } | null;
  /** Told once when writing fails, and with null when it works again. */
  onState?: (error: Error | null) => void;
};

/** State of the snapshots for the status document. */
export type SnapshotState = {
  /** Whether the last attempt worked; true before the first. */
  isWorking: boolean;
  /** Milliseconds since the epoch of the newest snapshot; null when there is none. */
  writtenAt: number | null;
  bytes: number;
};

/** Running round of snapshots. */
export type Snapshots = {
  state(): SnapshotState;
  /** Writes one at once. */
  save(): void;
  /** Writes what has changed since the last one. */
  stop(): Promise<void>;
};

/** Starts writing snapshots of a table whenever they are due. */
export function keepSnapshots(options: KeepSnapshotsOptions): Snapshots {
  const { directory, table, journal, resume, intervalMs } = options;
  let last = options.last;
  /** Of a table that came from a snapshot nothing is new but what its journal brought. */
  let savedRevision = last && journal.state().bytes === 0 ? table.revision() : null;
  let isWorking = true;
  let writing: Promise<void> | null = null;

  async function save(): Promise<void> {
    const revision = table.revision();
    if (!table.isFull() || revision === savedRevision) return;
    let error: Error | null = null;
    try {
      const removeJournal = journal.rotate();
      last = await writeSnapshot({ directory, table, resume: resume() });
      await removeJournal();
      savedRevision = revision;
    } catch (cause) {
      error = cause as Error;
    }
    if ((error === null) !== isWorking) options.onState?.(error);
    isWorking = error === null;
  }

  /** One at a time: two would write to the same temporary file. */
  function saveOnce(): Promise<void> {
    writing ??= save().finally(() => {
      writing = null;
    });
    return writing;
  }

  let timer = schedule();

  function schedule(): NodeJS.Timeout {
    const ms = last ? intervalMs : Math.min(firstMs, intervalMs);
    return setTimeout(() => {
      void saveOnce();
      timer = schedule();
    }, ms).unref();
  }

  return {
    save: () => void saveOnce(),
    state: () => ({ isWorking, writtenAt: last?.writtenAt ?? null, bytes: last?.bytes ?? 0 }),
    async stop() {
      clearTimeout(timer);
      await writing;
      await saveOnce();
    },
  };
}
