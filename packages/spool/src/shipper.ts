// Carries a spool's records elsewhere, in order and at least once: reads from a cursor, sends batches, and lets
// segments go only when the far end has acknowledged them. Records lost on the way (a queue emptied, a worker gone) are
// sent again, and all of them are when an acknowledgement is of other records than the spool's.
import { backoffMs } from "@qrfactory/runtime/load/backoff";
import { changeState } from "@qrfactory/runtime/state-changes";
import { type ShipperOptions, type ShipperState, type WayState, wayChanges } from "./shipper-state.js";
import type { SpoolRead } from "./spool-state.js";

/** Pauses after failures: 50, 100, 200 … ms, at most this. */
const backoff = { minMs: 50, maxMs: 1_000 };

/** A single failure is not worth a word: a connection that is just being made fails its first command. */
const failuresToTell = 2;

/** How often a stop looks whether everything is handed over. */
const graceStepMs = 10;

/** Safety net for a missed call-back; an idle shipper otherwise waits for the next append. */
const idleMs = 5_000;

const defaults = {
  batchRecordsMax: 1_000,
  batchBytesMax: 256 * 1024,
  unackedMax: 50_000,
  resendAfterMs: 5_000,
  coalesceMs: 50,
  ackPollMs: 100,
  now: Date.now,
};

const nothing = () => {};

/** Carries the records of one spool; made by `makeShipper`. */
export class Shipper {
  private way: WayState = "working";
  private isStopped = false;
  private readonly options: ShipperOptions & typeof defaults;
  /** Every record up to here is safe. */
  private acked = 0;
  /** The next record to hand over. Null until the far end has said where to begin. */
  private cursor: number | null = null;
  /** The last record that this process handed over, or tried to, under the spool's id. */
  private handedOver = 0;
  /** When acknowledgements were looked for last. */
  private ackAskedAt = Number.NEGATIVE_INFINITY;
  /** Batches under way, oldest first. */
  private sent: { last: number; receipt: string; askedAt: number }[] = [];
  /** Steps that failed in a row. */
  private failures = 0;
  private rewinds = 0;
  /** Sequence acknowledged at the last rewind. */
  private rewoundAt = -1;
  /** Something was appended since the last read. */
  private hasNews = false;
  /** Ends the pause that goes on; told whether because something was appended. */
  private endPause: (appended: boolean) => void = nothing;
  private readonly stopListening: () => void;
  private readonly running: Promise<void>;

  constructor(options: ShipperOptions) {
    this.options = { ...defaults, ...options };
    this.stopListening = options.spool.onAppended(() => this.noteAppended());
    this.running = this.run();
  }

  /** How far it has come. */
  state(): ShipperState {
    const { acked } = this;
    const handedOver = (this.cursor ?? acked + 1) - 1;
    return {
      isWorking: this.way === "working",
      acknowledgedSequence: acked,
      underWay: Math.max(0, handedOver - acked),
      waiting: Math.max(0, this.options.spool.nextSequence - 1 - Math.max(handedOver, acked)),
      rewinds: this.rewinds,
    };
  }

  /**
   * Ends after the step under way; before that, as long as shipping works and at most `graceMs`, hands over what is
   * there. Records not shipped stay on disk for the next start.
   */
  async stop(graceMs = 0): Promise<void> {
    for (let left = graceMs; left > 0 && this.way === "working" && this.state().waiting > 0; left -= graceStepMs) {
      this.endPause(false);
      await new Promise((resolve) => setTimeout(resolve, graceStepMs));
    }
    this.isStopped = true;
    this.stopListening();
    this.endPause(false);
    await this.running;
  }

  private noteAppended(): void {
    if (this.hasNews) return;
    this.hasNews = true;
    this.endPause(true);
  }

  private async run(): Promise<void> {
    while (!this.isStopped) {
      try {
        await this.step();
        this.noteSuccess();
      } catch (error) {
        this.noteFailure(error as Error);
        await this.pause(backoffMs(this.failures, backoff));
      }
    }
  }

  private noteSuccess(): void {
    if (this.way === "broken") this.options.onState?.(null);
    this.way = changeState(wayChanges, this.way, "working");
    this.failures = 0;
  }

  private noteFailure(error: Error): void {
    this.failures += 1;
    if (this.failures === failuresToTell) this.options.onState?.(error);
    this.way = changeState(wayChanges, this.way, this.failures < failuresToTell ? "faltering" : "broken");
  }

  /** Looks for acknowledgements, then hands over what there is; waits for more when there is nothing to do. */
  private async step(): Promise<void> {
    const { spool, ackPollMs, unackedMax, batchRecordsMax, batchBytesMax, now } = this.options;
    if (spool.nextWhenOpened === null) return void (await this.pause(ackPollMs));
    // Once for many batches: what is acknowledged only decides what may be deleted and what may follow.
    const isDue = this.cursor !== null && this.cursor - 1 > this.acked && now() - this.ackAskedAt >= ackPollMs;
    if (this.cursor === null || isDue) await this.takeAck();
    this.cursor ??= this.acked + 1;
    if (await this.rewindIfLost()) return;
    const room = unackedMax - (this.cursor - 1 - this.acked);
    this.hasNews = false;
    const read = room > 0 ? await spool.read(this.cursor, Math.min(batchRecordsMax, room), batchBytesMax) : null;
    if (read) await this.handOver(read);
    else await this.waitForMore(this.cursor - 1 <= this.acked, room > 0);
  }

  private async handOver({ from, firstSequence, count, lines }: SpoolRead): Promise<void> {
    const { spool, send, now } = this.options;
    const last = firstSequence + count - 1;
    this.handedOver = Math.max(this.handedOver, last);
    const receipt = await send({
      spool_id: spool.id,
      from_sequence: from,
      first_sequence: firstSequence,
      count,
      lines,
    });
    this.cursor = last + 1;
    this.sent.push({ last, receipt, askedAt: now() });
  }

  /** `isIdle`: nothing is under way; `hasRoom`: more may be. */
  private async waitForMore(isIdle: boolean, hasRoom: boolean): Promise<void> {
    // Said before the pause: an idle shipper that could ask the far end is a working one.
    this.noteSuccess();
    const appended = await this.pause(isIdle ? idleMs : this.options.ackPollMs, hasRoom);
    if (appended && !this.isStopped) await this.pause(this.options.coalesceMs);
  }

  private async takeAck(): Promise<void> {
    const { spool, readAck, now } = this.options;
    this.ackAskedAt = now();
    const known = await readAck(spool.id);
    if (known === null || known <= this.acked) return;
    if (known > Math.max(this.writtenBefore(), this.handedOver)) return this.beginAnew(known);
    this.acked = known;
    this.cursor = Math.max(this.cursor ?? 0, known + 1);
    this.sent = this.sent.filter(({ last }) => last > known);
    spool.forget(known);
  }

  /** The last record that earlier processes can have handed over. */
  private writtenBefore(): number {
    return (this.options.spool.nextWhenOpened ?? 1) - 1;
  }

  /**
   * Ships everything again under another id. The acknowledgement is of records that were never handed over: the
   * directory was set back to an older copy, or is one of two with the same id, and its records have the numbers of
   * others. The far end drops those that it has already.
   */
  private beginAnew(acknowledged: number): void {
    const { spool, onState } = this.options;
    const before = spool.id;
    const known = Math.max(this.writtenBefore(), this.handedOver);
    spool.renew();
    this.acked = 0;
    this.cursor = 1;
    this.handedOver = 0;
    this.sent = [];
    this.rewoundAt = -1;
    this.rewinds += 1;
    this.failures = failuresToTell;
    this.way = changeState(wayChanges, this.way, "broken");
    onState?.(
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
  private async rewindIfLost(): Promise<boolean> {
    const { isWaiting, resendAfterMs, now } = this.options;
    const oldest = this.sent[0];
    if (!oldest || now() - oldest.askedAt < resendAfterMs) return false;
    oldest.askedAt = now();
    if (await isWaiting(oldest.receipt)) return false;
    // It is acknowledged before it is removed, so after a look at the acknowledgements there is no doubt left.
    await this.takeAck();
    if (this.sent[0] !== oldest) return false;
    this.cursor = this.rewoundAt === this.acked ? 1 : this.acked + 1;
    this.rewoundAt = this.acked;
    this.sent = [];
    this.rewinds += 1;
    return true;
  }

  /** Waits; ends early on `stop` and, if asked to, when there is news. Returns whether there is. */
  private pause(ms: number, untilNews = false): Promise<boolean> {
    if (this.isStopped || (untilNews && this.hasNews)) return Promise.resolve(this.hasNews);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.endPause(false), ms);
      this.endPause = (appended) => {
        if (appended && !untilNews) return;
        clearTimeout(timer);
        this.endPause = nothing;
        resolve(appended);
      };
    });
  }
}

/** Starts shipping in the background and goes on until `stop`. */
export function makeShipper(options: ShipperOptions): Shipper {
  return new Shipper(options);
}
