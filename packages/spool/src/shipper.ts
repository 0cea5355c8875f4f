// Carries a spool's records elsewhere, in order and at least once: reads from a cursor, sends batches, and lets
// segments go only when the far end has acknowledged them. Records lost on the way (a queue emptied, a worker gone) are
// sent again, and all of them are when an acknowledgement is of other records than the spool's.
import { backoffMs } from "@qrfactory/runtime/load/backoff";
import type { Spool } from "./spool.js";

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

export type Shipper = {
  state(): ShipperState;
  /**
   * Ends after the step under way; before that, as long as shipping works and at most `graceMs`, hands over what is
   * there. What was not shipped stays on disk for the next start.
   */
  stop(graceMs?: number): Promise<void>;
};

/** Pauses after failures: 50, 100, 200 … ms, at most this. */
const backoff = { minMs: 50, maxMs: 1_000 };

/** A single failure is not worth a word: a connection that is just being made fails its first command. */
const failuresToTell = 2;

/** How often a stop looks whether everything is handed over. */
const graceStepMs = 10;

/** Safety net for a missed call-back; an idle shipper otherwise waits for the next append. */
const idleMs = 5_000;

/** Starts shipping in the background and goes on until `stop`. */
export function makeShipper(options: ShipperOptions): Shipper {
  const { spool, send, isWaiting, readAck, now = Date.now } = options;
  const { batchRecordsMax = 1_000, batchBytesMax = 256 * 1024, unackedMax = 50_000 } = options;
  const { resendAfterMs = 5_000, coalesceMs = 50, ackPollMs = 100 } = options;

  /** Every record up to here is safe. */
  let acked = 0;
  /** The next record to hand over. Null until the far end has said where to begin. */
  let cursor: number | null = null;
  /** The last record that this process handed over, or tried to, under the spool's id. */
  let handedOver = 0;
  /** When acknowledgements were looked for last. */
  let ackAskedAt = Number.NEGATIVE_INFINITY;
  /** Batches under way, oldest first. */
  let sent: { last: number; receipt: string; askedAt: number }[] = [];
  let failures = 0;
  let rewinds = 0;
  /** What was acknowledged at the last rewind. */
  let rewoundAt = -1;
  let stopped = false;
  /** Something was appended since the last read. */
  let hasNews = false;
  let endPause = (_appended: boolean) => {};

  const stopListening = spool.onAppended(() => {
    if (hasNews) return;
    hasNews = true;
    endPause(true);
  });
  const running = run();

  async function run(): Promise<void> {
    while (!stopped) {
      try {
        await step();
        noteSuccess();
      } catch (error) {
        failures += 1;
        if (failures === failuresToTell) options.onState?.(error as Error);
        await pause(backoffMs(failures, backoff));
      }
    }
  }

  function noteSuccess(): void {
    if (failures >= failuresToTell) options.onState?.(null);
    failures = 0;
  }

  /** Looks for acknowledgements, then hands over what there is; waits for more when there is nothing to do. */
  async function step(): Promise<void> {
    if (spool.nextWhenOpened === null) return void (await pause(ackPollMs));
    // Once for many batches: what is acknowledged only decides what may be deleted and what may follow.
    if (cursor === null || (cursor - 1 > acked && now() - ackAskedAt >= ackPollMs)) await takeAck();
    cursor ??= acked + 1;
    if (await rewindIfLost()) return;
    const room = unackedMax - (cursor - 1 - acked);
    hasNews = false;
    const read = room > 0 ? await spool.read(cursor, Math.min(batchRecordsMax, room), batchBytesMax) : null;
    if (!read) {
      // Said before the pause: an idle shipper that could ask the far end is a working one.
      noteSuccess();
      const isIdle = cursor - 1 <= acked;
      const appended = await pause(isIdle ? idleMs : ackPollMs, room > 0);
      if (appended && !stopped) await pause(coalesceMs);
      return;
    }
    const { from, firstSequence, count, lines } = read;
    handedOver = Math.max(handedOver, firstSequence + count - 1);
    const receipt = await send({
      spool_id: spool.id,
      from_sequence: from,
      first_sequence: firstSequence,
      count,
      lines,
    });
    cursor = firstSequence + count;
    sent.push({ last: cursor - 1, receipt, askedAt: now() });
  }

  async function takeAck(): Promise<void> {
    ackAskedAt = now();
    const known = await readAck(spool.id);
    if (known === null || known <= acked) return;
    if (known > Math.max(writtenBefore(), handedOver)) return beginAnew(known);
    acked = known;
    cursor = Math.max(cursor ?? 0, acked + 1);
    sent = sent.filter(({ last }) => last > acked);
    spool.forget(acked);
  }

  /** The last record that earlier processes can have handed over. */
  const writtenBefore = () => (spool.nextWhenOpened ?? 1) - 1;

  /**
   * Ships everything again under another id. The acknowledgement is of records that were never handed over: the
   * directory was set back to an older copy, or is one of two with the same id, and its records have the numbers of
   * others. The far end drops those that it has already.
   */
  function beginAnew(acknowledged: number): void {
    const before = spool.id;
    const known = Math.max(writtenBefore(), handedOver);
    spool.renew();
    acked = 0;
    cursor = 1;
    handedOver = 0;
    sent = [];
    rewoundAt = -1;
    rewinds += 1;
    failures = failuresToTell;
    options.onState?.(
      new Error(
        `Record ${acknowledged} of spool ${before} is acknowledged, but no more than ${known} were handed over: the ` +
          `directory was set back or copied. All that it holds is shipped again, as spool ${spool.id}.`,
      ),
    );
  }

  /**
   * Goes back to the last acknowledged record when the oldest batch under way has disappeared unacknowledged. When that
   * did not help, the far end has lost what it had acknowledged (a database that was set back): then to the oldest
   * record that there is, telling by its batch that what was before does not exist any more.
   */
  async function rewindIfLost(): Promise<boolean> {
    const oldest = sent[0];
    if (!oldest || now() - oldest.askedAt < resendAfterMs) return false;
    oldest.askedAt = now();
    if (await isWaiting(oldest.receipt)) return false;
    // It is acknowledged before it is removed, so after a look at the acknowledgements there is no doubt left.
    await takeAck();
    if (sent[0] !== oldest) return false;
    cursor = rewoundAt === acked ? 1 : acked + 1;
    rewoundAt = acked;
    sent = [];
    rewinds += 1;
    return true;
  }

  /** Waits; ends early on `stop` and, if asked to, when there is news. Returns whether there is. */
  function pause(ms: number, untilNews = false): Promise<boolean> {
    if (stopped || (untilNews && hasNews)) return Promise.resolve(hasNews);
    return new Promise((resolve) => {
      const timer = setTimeout(() => endPause(false), ms);
      endPause = (appended) => {
        if (appended && !untilNews) return;
        clearTimeout(timer);
        endPause = () => {};
        resolve(appended);
      };
    });
  }

  function state(): ShipperState {
    const handedOver = (cursor ?? acked + 1) - 1;
    return {
      isWorking: failures === 0,
      acknowledgedSequence: acked,
      underWay: Math.max(0, handedOver - acked),
      waiting: Math.max(0, spool.nextSequence - 1 - Math.max(handedOver, acked)),
      rewinds,
    };
  }

  return {
    state,
    async stop(graceMs = 0) {
      for (let left = graceMs; left > 0 && failures === 0 && state().waiting > 0; left -= graceStepMs) {
        endPause(false);
        await new Promise((resolve) => setTimeout(resolve, graceStepMs));
      }
      stopped = true;
      stopListening();
      endPause(false);
      await running;
    },
  };
}
