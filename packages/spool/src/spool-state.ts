// Options of a spool, its reads and figures, and the states of its disk.
import type { StateChanges } from "@qrfactory/runtime/state-changes";
import type { WriteSync } from "./writer.js";

/** How a spool is opened. */
export type SpoolOptions = {
  /** Made when missing; belongs to one process at a time. */
  directory: string;
  /** A segment is closed at about this size; default 4 MiB, some 10,000 scans. */
  segmentBytesMax?: number;
  /** A segment is closed at this age, so that what is acknowledged does not lie around; default 60 s. */
  segmentAgeMsMax?: number;
  /** Disk that the spool may take; beyond it the disk counts as full. Default 4 GiB, some 10 million scans. */
  bytesMax?: number;
  /** Records held in memory while the disk refuses them; beyond that they are lost and counted. Default 50,000. */
  heldMax?: number;
  /** Pause before the disk is tried again after a refusal; default 200 ms. */
  retryMs?: number;
  /** Told when the disk begins to refuse and when it takes records again (null). */
  onDiskState?: (error: Error | null) => void;
  now?: () => number;
  /** Identifies the start of the machine; see `rebootStride`. */
  bootId?: string | null;
  /** For tests: a write that may be short or fail. */
  writeSync?: WriteSync;
};

/** Consecutive records of one read. */
export type SpoolRead = {
  /** The number that was asked for: everything from here to `firstSequence` does not exist any more. */
  from: number;
  firstSequence: number;
  /**
   * Number of consecutive records, the first of them numbered `firstSequence`. 0 when there is only a gap to report.
   */
  count: number;
  /** The records in UTF-8, with a line feed between two: nobody looks into them on the way. */
  lines: Buffer;
};

/** Its figures. */
export type SpoolStats = {
  id: string;
  /** Oldest record that is kept, and the number that the next record gets. */
  firstSequence: number;
  nextSequence: number;
  bytes: number;
  segments: number;
  /** Records in memory only, because the disk refuses them. */
  atRisk: number;
  /** Records given up since the start: the memory for refused records was full too. */
  lost: number;
  /** Bytes of a torn write that were cut off when the spool was opened. */
  bytesCut: number;
};

/**
 * State of the disk. `fresh`: nobody has asked it yet; `unopened`: it refuses even the directory; `taking`: appended
 * records are written; `refusing`: they wait in memory.
 */
export type DiskState = "fresh" | "unopened" | "taking" | "refusing";
/** Which state of the disk may follow which. */
export const diskChanges: StateChanges<DiskState> = {
  fresh: ["unopened", "taking"],
  unopened: ["taking", "refusing"],
  taking: ["refusing"],
  refusing: ["taking"],
};
/** Whether the disk refuses what is to be written. */
export const isTrouble = (disk: DiskState) => disk === "unopened" || disk === "refusing";
