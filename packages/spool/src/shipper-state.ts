// Options of a shipper, its report, and the states of its way to the far end.
import type { StateChanges } from "@qrfactory/runtime/state-changes";
import type { Spool } from "./spool.js";

/** Consecutive records of a spool. */
export type Batch = {
  spool_id: string;
  /** Everything from here to `first_sequence` does not exist any more; usually equal to it. */
  from_sequence: number;
  first_sequence: number;
  /** Number of records. */
  count: number;
  /** The records in UTF-8, with a line feed between two. */
  lines: Buffer;
};

/** Spool of a shipper, and the way to the far end. */
export type ShipperOptions = {
  spool: Pick<Spool, "id" | "nextSequence" | "nextWhenOpened" | "read" | "renew" | "forget" | "onAppended">;
  /** Hands a batch over and returns a receipt for `isWaiting`. May reject; may be repeated with the same records. */
  send: (batch: Batch) => Promise<string>;
  /** Whether a batch that was handed over still waits there, unacknowledged. */
  isWaiting: (receipt: string) => Promise<boolean>;
  /** The number up to which every record of the spool is safe at the far end; null when nothing is known of it. */
  readAck: (spoolId: string) => Promise<number | null>;
  /** Told once when shipping begins to fail or has to begin anew, and with null when it works again. */
  onState?: (error: Error | null) => void;
  /** Most records a batch; default 1,000. */
  batchRecordsMax?: number;
  /** About the most bytes a batch; default 256 KiB: read at once, and handed over in well under a millisecond. */
  batchBytesMax?: number;
  /** Records that may be under way, unacknowledged; the rest waits on disk. Default 50,000. */
  unackedMax?: number;
  /** After this long without an acknowledgement the far end is asked whether it still has the batch. Default 5 s. */
  resendAfterMs?: number;
  /** How long the first record of a batch waits for company; default 50 ms. */
  coalesceMs?: number;
  /** How often acknowledgements are looked for while there are records under way; default 100 ms. */
  ackPollMs?: number;
  now?: () => number;
};

/** How far it has come. */
export type ShipperState = {
  /** False while the far end does not take or acknowledge anything. */
  isWorking: boolean;
  /** Every record up to this one is safe at the far end. */
  acknowledgedSequence: number;
  /** Records handed over but not acknowledged. */
  underWay: number;
  /** Records that were not handed over yet. */
  waiting: number;
  /** Times that records were sent again: unacknowledged ones that were found lost, or all of them under another id. */
  rewinds: number;
};

/** How the way to the far end is. `faltering`: the last step failed; `broken`: that was said, too. */
export type WayState = "working" | "faltering" | "broken";
/** Which state of the way may follow which. */
export const wayChanges: StateChanges<WayState> = {
  working: ["faltering", "broken"],
  faltering: ["working", "broken"],
  broken: ["working"],
};
