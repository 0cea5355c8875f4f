// Redirect's side of the table of codes: load the whole set from the regional replica, follow the stream of changes,
// and go through the set again and again for what the stream has missed, for ever, whatever happens to Redis meanwhile.
// Rows are only added or replaced by newer ones, so a replica that is empty, shrunken, damaged or set back takes
// nothing away.

import { setTimeout as pause } from "node:timers/promises";
import { parsePublishedCode } from "@qrfactory/codes/published/published";
import { backOff } from "@qrfactory/runtime/load/backoff";
import { changeState } from "@qrfactory/runtime/state-changes";
import { heartbeatKey, markKey } from "../../keys.js";
import { parseTableMark, type TableMark } from "../publishing/publish.js";
import type { Table } from "../table/table.js";
import { isBefore, readChangesAfter, readStreamEnd, type StreamPosition } from "./change-stream.js";
import {
  type FollowOptions,
  type FollowPhase,
  type FollowState,
  phaseChanges,
  type ReplicaState,
  type Resume,
  replicaChanges,
  type SetState,
} from "./follow-state.js";
import { type Heartbeat, isFreshBeat, makeHeartbeat, stalenessMsMax } from "./heartbeat.js";
import { readSet, type SetPass, setBatch } from "./read-set.js";

const blockMsDefault = 500;
const reloadMsDefault = 5_000;
const reconcileMsDefault = 600_000;
/** A set that stays incomplete may cost a tenth of the time: the pause is at least nine times what the pass took. */
const reloadPauses = 9;
/** Pauses after failures: 50, 100, 200 … ms, at most a second. */
const backoff = { minMs: 50, maxMs: 1_000 };

/** A single failure is not worth a word: a connection that is just being made fails its first command. */
const failuresToTell = 2;
/** So many failures of passes take longer than following needs to notice that Redis itself is away. */
const failuresUnreadable = 5;

/** Keeps one table current, in two loops: one follows the stream, one goes through the set. See `followTable`. */
export class Follower {
  private replica: ReplicaState = "unknown";
  private phase: FollowPhase;
  private isStopped = false;
  private readonly options: FollowOptions;
  private readonly table: Table;
  private readonly heartbeat: Heartbeat;
  /** The last change that is known; null while `lost`. */
  private position: StreamPosition | null;
  /** When the table last held every change up to the end of the stream. */
  private caughtUpAt = Number.NEGATIVE_INFINITY;
  /** Generation of the mark under which the set was last read completely. */
  private completeGeneration: string | null;
  /** The mark at the last pass, whatever it found, and the one seen last. */
  private passMark: TableMark | null = null;
  private lastMark: TableMark | null = null;
  /** Loads asked for since the start, and which of them the last pass has answered. */
  private loadsWanted = 0;
  private loadsDone = 0;
  /** When a set that stays incomplete may be loaded again. */
  private reloadAt = Number.NEGATIVE_INFINITY;
  private set: SetState = "unknown";
  private loads = 0;
  private refused = 0;
  private readonly stopping = new AbortController();
  /** Ends the pause of a pass in the background. */
  private waking = new AbortController();
  private readonly running: Promise<unknown>;

  constructor(options: FollowOptions) {
    this.options = options;
    this.table = options.table;
    this.heartbeat = options.heartbeat ?? makeHeartbeat();
    this.position = options.resume?.position ?? null;
    this.phase = this.position === null ? "lost" : "following";
    this.completeGeneration = options.resume?.generation ?? null;
    this.running = Promise.all([
      this.forever(
        () => this.follow(),
        (failures, error) => this.noteFollowing(failures, error),
      ),
      this.forever(
        () => this.pass(),
        (failures) => this.notePassing(failures),
      ),
    ]);
  }

  /** As the state says it. */
  isCurrent(): boolean {
    const isFollowing = this.replica === "connected" && this.phase === "following";
    const isCaughtUp = performance.now() - this.caughtUpAt <= stalenessMsMax;
    return isFollowing && isCaughtUp && this.table.isFull() && this.isComplete() && isFreshBeat(this.heartbeat.ageMs());
  }

  /** Knowledge about the table and its replica. */
  state(): FollowState {
    return {
      isConnected: this.replica === "connected",
      isComplete: this.isComplete(),
      isCurrent: this.isCurrent(),
      stalenessMs: this.heartbeat.ageMs(),
      set: this.set,
      loads: this.loads,
      refused: this.refused,
    };
  }

  /** For a snapshot of the table of this turn; null unless the table is known to be complete up to some change. */
  resume(): Resume | null {
    const { position, completeGeneration } = this;
    if (this.phase !== "following" || !position || !completeGeneration) return null;
    return { generation: completeGeneration, position };
  }

  /** Ends both loops. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.stopping.abort();
    this.waking.abort();
    this.options.blocking.disconnect();
    await this.running;
  }

  /**
   * Repeats a step until the stop, with growing pauses while it fails; `note` hears how often in a row it has failed.
   */
  private async forever(step: () => Promise<void>, note: (failures: number, error?: Error) => void): Promise<void> {
    for (let failures = 0; !this.isStopped; ) {
      try {
        await step();
        failures = 0;
        note(0);
      } catch (error) {
        if (this.isStopped) return;
        failures += 1;
        note(failures, error as Error);
        await backOff(failures, backoff, this.stopping.signal);
      }
    }
  }

  private noteFollowing(failures: number, error?: Error): void {
    const before = this.replica;
    const replica = failures === 0 ? "connected" : failures < failuresToTell ? "failing" : "away";
    this.replica = changeState(replicaChanges, before, replica);
    if (replica === "away" && before !== "away" && error) this.options.onState?.(error);
    if (replica === "connected" && before === "away") this.options.onState?.(null);
  }

  private notePassing(failures: number): void {
    // With Redis away both loops fail: then the set is not what is wrong.
    if (failures < failuresUnreadable || this.replica !== "connected") return;
    this.completeGeneration = null;
    this.noteSet("unreadable");
  }

  private noteSet(set: SetState): void {
    if (set !== this.set) this.options.onSetState?.(set);
    this.set = set;
  }

  private enter(phase: FollowPhase): void {
    this.phase = changeState(phaseChanges, this.phase, phase);
  }

  /** Changes may have been missed: the stream is begun anew at its end, and everything is loaded. */
  private lose(): void {
    this.position = null;
    this.enter("lost");
  }

  private wantLoad(): void {
    this.enter("loading");
    this.loadsWanted += 1;
    this.waking.abort();
  }

  private async follow(): Promise<void> {
    if (this.position === null) {
      // All changes from here on come by the stream, all that were before by the load.
      this.position = await readStreamEnd(this.options.redis);
      this.wantLoad();
    }
    await this.watch();
    if (this.position !== null) await this.readChanges(this.position);
  }

  /** Looks at the mark, the heartbeat and the stream's end; asks for a load when the set is another one by now. */
  private async watch(): Promise<void> {
    const { redis } = this.options;
    const [mark, beat] = await redis.mget(markKey, heartbeatKey);
    this.lastMark = parseTableMark(mark ?? null);
    this.heartbeat.see(beat ?? null);
    if (this.phase === "following" && this.isOtherSet()) this.wantLoad();
    if (this.position === null) return;
    const end = await readStreamEnd(redis);
    // A Redis that was emptied or set back: what comes next may carry ids and numbers that lie behind us.
    if (isBefore(end, this.position)) this.lose();
    else if (!isBefore(this.position, end)) this.caughtUpAt = performance.now();
  }

  /** Whether the replica says that it has a whole set which is not ours, for the first time or after a while again. */
  private isOtherSet(): boolean {
    const { lastMark, passMark } = this;
    if (lastMark === null || lastMark.generation === this.completeGeneration) return false;
    const isOther = lastMark.generation !== passMark?.generation || lastMark.at !== passMark?.at;
    return isOther || performance.now() >= this.reloadAt;
  }

  private async readChanges({ id, ordinal }: StreamPosition): Promise<void> {
    const { blocking, blockMs = blockMsDefault } = this.options;
    let expected = ordinal + 1;
    for (const change of await readChangesAfter(blocking, id, blockMs)) {
      this.applyRow(change.json, "change");
      // Another number than the next one: the stream was trimmed beyond us, or began anew.
      if (change.position.ordinal !== expected) return this.lose();
      this.position = change.position;
      expected += 1;
    }
    if (expected > ordinal + 1) this.options.onTaken?.();
  }

  /** False when the row was refused. */
  private applyRow(json: string | undefined, name: string): boolean {
    const code = parsePublishedCode(json);
    if (code) this.table.apply(code);
    else {
      this.refused += 1;
      this.options.onRefused?.(name.slice(0, 64));
    }
    return code !== null;
  }

  private isComplete(): boolean {
    return this.completeGeneration !== null && this.lastMark?.generation === this.completeGeneration;
  }

  private countKnown(): number {
    const { live, deleted } = this.table.counts();
    return live + deleted;
  }

  /** One pass through the set: at full speed when rows may be missing, else spread over `reconcileMs`. */
  private async pass(): Promise<void> {
    const { redis, reconcileMs = reconcileMsDefault } = this.options;
    const wanted = this.loadsWanted;
    const isUrgent = wanted > this.loadsDone;
    const pauseMs = reconcileMs / Math.max(1, Math.ceil(this.countKnown() / setBatch));
    const started = performance.now();
    const isEnded = () => this.isStopped || (!isUrgent && this.loadsWanted > wanted);
    const idle = async () => {
      if (isEnded()) return;
      this.waking = new AbortController();
      await pause(pauseMs, undefined, { signal: this.waking.signal }).catch(() => {});
    };
    const result = await readSet({
      redis,
      applyRow: (json, name) => this.applyRow(json, name),
      countKnown: () => this.countKnown(),
      pauseBefore: isUrgent ? undefined : idle,
      isEnded,
    });
    if (result) this.notePass(wanted, result, isUrgent ? performance.now() - started : 0);
  }

  /** A pass that took `urgentMs` at full speed has answered the first `wanted` loads. */
  private notePass(wanted: number, { found, mark }: SetPass, urgentMs: number): void {
    this.loads += 1;
    this.loadsDone = wanted;
    if (this.phase === "loading" && this.loadsWanted === wanted) this.enter("following");
    this.passMark = mark;
    const { reloadMs = reloadMsDefault } = this.options;
    this.reloadAt = performance.now() + Math.max(reloadMs, reloadPauses * urgentMs);
    if (found === "complete") this.table.markFull();
    this.completeGeneration = found === "complete" ? (mark?.generation ?? null) : null;
    this.noteSet(found);
    this.options.onTaken?.();
  }
}

/** Starts loading and following in the background; never gives up. `table.isFull()` tells when it can be relied on. */
export function followTable(options: FollowOptions): Follower {
  return new Follower(options);
}
