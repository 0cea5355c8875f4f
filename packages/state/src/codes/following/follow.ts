// Redirect's side of the table of codes: load the whole set from the regional replica, follow the stream of changes,
// and go through the set again and again for what the stream has missed, for ever, whatever happens to Redis meanwhile.
// Rows are only added or replaced by newer ones, so a replica that is empty, shrunken, damaged or set back takes
// nothing away.

import { setTimeout as pause } from "node:timers/promises";
import { parsePublishedCode } from "@qrfactory/codes/published";
import { backOff } from "@qrfactory/runtime/load/backoff";
import type { Redis } from "ioredis";
import { heartbeatKey, markKey } from "../../keys.js";
import { parseTableMark, type TableMark } from "../publishing/publish.js";
import type { Table } from "../table/table.js";
import { isBefore, readChangesAfter, readStreamEnd, type StreamPosition } from "./change-stream.js";
import { type Heartbeat, isFreshBeat, makeHeartbeat, stalenessMsMax } from "./heartbeat.js";
import { type FoundSet, readSet, setBatch } from "./read-set.js";

export type FollowOptions = {
  table: Table;
  /** For commands with a short deadline. */
  redis: Redis;
  /** For `XREAD BLOCK` alone, with a command deadline well above `blockMs`. Closed by `stop`. */
  blocking: Redis;
  /** What a snapshot said: a set that is still the same need not be loaded before its changes are followed. */
  resume?: Resume | null;
  /** Told once when the replica fails, and with null when it works again. */
  onState?: (error: Error | null) => void;
  /** Told when the set on the replica is found in another condition than before. */
  onSetState?: (state: SetState) => void;
  /** Told after changes were taken from the stream, and after each pass. */
  onTaken?: () => void;
  /** Told of each row that was refused. */
  onRefused?: (shortId: string) => void;
  /** Longest wait for a change before the mark and the heartbeat are looked at; default 0.5 s. */
  blockMs?: number;
  /** Pause before an incomplete set is loaded again; default 5 s, or at once when its mark changes. */
  reloadMs?: number;
  /** What a pass through the set takes that is made in the background, always, at a constant rate; default 10 min. */
  reconcileMs?: number;
  /** The heartbeat on the replica; also seen by others who read it. */
  heartbeat?: Heartbeat;
};

/** The table was complete under a mark of this generation and holds every change up to the position. */
export type Resume = { generation: string; position: StreamPosition };

/** What the last pass found; `unknown` before the first, `unreadable` when Redis answers, but not with the set. */
export type SetState = FoundSet | "unknown" | "unreadable";

export type FollowState = {
  /** Whether the last exchange with the replica worked. */
  isConnected: boolean;
  /** Whether the set on the replica is known to be complete: it carries the mark of our last complete load. */
  isComplete: boolean;
  /**
   * Whether the table holds all that there is: the set was complete, every change up to the end of the stream was
   * taken, and the heartbeat is fresh. Only then is an unknown short id one that does not exist.
   */
  isCurrent: boolean;
  /** Milliseconds since management's heartbeat was last seen to move on, by our own clock; null before. */
  stalenessMs: number | null;
  /** In any state but `complete` the good rows are taken all the same. */
  set: SetState;
  /** Passes through the whole set since the start. */
  loads: number;
  /** Rows refused since the start. */
  refused: number;
};

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

export type Follower = {
  state(): FollowState;
  /** As the state says it. */
  isCurrent(): boolean;
  /** For a snapshot of the table of this turn; null unless the table is known to be complete up to some change. */
  resume(): Resume | null;
  stop(): Promise<void>;
};

/** Starts loading and following in the background; never gives up. `table.isFull()` tells when it can be relied on. */
export function followTable(options: FollowOptions): Follower {
  const { table, redis, blocking, heartbeat = makeHeartbeat() } = options;
  const { blockMs = blockMsDefault, reloadMs = reloadMsDefault, reconcileMs = reconcileMsDefault } = options;

  /** The last change that is known; null whenever changes may have been missed. */
  let position: StreamPosition | null = options.resume?.position ?? null;
  /** Generation of the mark under which the set was last read completely. */
  let completeGeneration: string | null = options.resume?.generation ?? null;
  /** Loads asked for since the start, and which of them the last pass has answered. */
  let loadsWanted = 0;
  let loadsDone = 0;
  /** The mark at the last pass, whatever it found, and the one seen last. */
  let passMark: TableMark | null = null;
  let lastMark: TableMark | null = null;
  let reloadAt = Number.NEGATIVE_INFINITY;
  /** When the table last held every change up to the end of the stream. */
  let caughtUpAt = Number.NEGATIVE_INFINITY;
  let set: SetState = "unknown";
  let loads = 0;
  let refused = 0;
  let isConnected = false;
  let isFailureTold = false;
  let isStopped = false;
  const stopping = new AbortController();
  let waking = new AbortController();
  const running = Promise.all([forever(follow, tellFollowing), forever(pass, tellPassing)]);

  /**
   * Repeats a step until the stop, with growing pauses while it fails; `tell` hears how often in a row it has failed.
   */
  async function forever(step: () => Promise<void>, tell: (failures: number, error?: Error) => void): Promise<void> {
    for (let failures = 0; !isStopped; ) {
      try {
        await step();
        failures = 0;
        tell(0);
      } catch (error) {
        if (isStopped) return;
        failures += 1;
        tell(failures, error as Error);
        await backOff(failures, backoff, stopping.signal);
      }
    }
  }

  function tellFollowing(failures: number, error?: Error): void {
    isConnected = failures === 0;
    if (failures === failuresToTell && error) options.onState?.(error);
    if (isConnected && isFailureTold) options.onState?.(null);
    isFailureTold = failures >= failuresToTell;
  }

  function tellPassing(failures: number): void {
    // With Redis away both loops fail: then the set is not what is wrong.
    if (failures < failuresUnreadable || !isConnected) return;
    completeGeneration = null;
    setState("unreadable");
  }

  function setState(state: SetState): void {
    if (state !== set) options.onSetState?.(state);
    set = state;
  }

  async function follow(): Promise<void> {
    if (position === null) {
      // All changes from here on come by the stream, all that were before by the load.
      position = await readStreamEnd(redis);
      wantLoad();
    }
    await watch();
    if (position !== null) await readChanges(position);
  }

  /** Looks at the mark, the heartbeat and the stream's end; asks for a load when the set is another one by now. */
  async function watch(): Promise<void> {
    const [mark, beat] = await redis.mget(markKey, heartbeatKey);
    lastMark = parseTableMark(mark ?? null);
    heartbeat.see(beat ?? null);
    const isMissing = lastMark !== null && lastMark.generation !== completeGeneration;
    const isOther = lastMark?.generation !== passMark?.generation || lastMark?.at !== passMark?.at;
    if (isMissing && !isLoading() && (isOther || performance.now() >= reloadAt)) wantLoad();
    if (position === null) return;
    const end = await readStreamEnd(redis);
    // A Redis that was emptied or set back: what comes next may carry ids and numbers that lie behind us.
    if (isBefore(end, position)) position = null;
    else if (!isBefore(position, end)) caughtUpAt = performance.now();
  }

  async function readChanges({ id, ordinal }: StreamPosition): Promise<void> {
    let expected = ordinal + 1;
    for (const change of await readChangesAfter(blocking, id, blockMs)) {
      applyRow(change.json, "change");
      // Another number than the next one: the stream was trimmed beyond us, or began anew.
      if (change.position.ordinal !== expected) {
        position = null;
        return;
      }
      position = change.position;
      expected += 1;
    }
    if (expected > ordinal + 1) options.onTaken?.();
  }

  /** False when the row was refused. */
  function applyRow(json: string | undefined, name: string): boolean {
    const code = parsePublishedCode(json);
    if (code) table.apply(code);
    else {
      refused += 1;
      options.onRefused?.(name.slice(0, 64));
    }
    return code !== null;
  }

  const isLoading = () => loadsWanted > loadsDone;

  function wantLoad(): void {
    loadsWanted += 1;
    waking.abort();
  }

  const isComplete = () => completeGeneration !== null && lastMark?.generation === completeGeneration;

  function isCurrent(): boolean {
    const isFollowing = isConnected && position !== null && performance.now() - caughtUpAt <= stalenessMsMax;
    return isFollowing && table.isFull() && !isLoading() && isComplete() && isFreshBeat(heartbeat.ageMs());
  }

  const countKnown = () => {
    const { live, deleted } = table.counts();
    return live + deleted;
  };

  /** One pass through the set: at full speed when rows may be missing, else spread over `reconcileMs`. */
  async function pass(): Promise<void> {
    const wanted = loadsWanted;
    const isUrgent = isLoading();
    const pauseMs = reconcileMs / Math.max(1, Math.ceil(countKnown() / setBatch));
    const started = performance.now();
    const isEnded = () => isStopped || (!isUrgent && loadsWanted > wanted);
    const idle = async () => {
      if (isEnded()) return;
      waking = new AbortController();
      await pause(pauseMs, undefined, { signal: waking.signal }).catch(() => {});
    };
    const result = await readSet({ redis, applyRow, countKnown, pauseBefore: isUrgent ? undefined : idle, isEnded });
    if (!result) return;
    loads += 1;
    loadsDone = wanted;
    passMark = result.mark;
    const ended = performance.now();
    reloadAt = ended + Math.max(reloadMs, reloadPauses * (isUrgent ? ended - started : 0));
    if (result.found === "complete") table.markFull();
    completeGeneration = result.found === "complete" ? (result.mark?.generation ?? null) : null;
    setState(result.found);
    options.onTaken?.();
  }

  return {
    isCurrent,
    state: () => ({
      isConnected,
      isComplete: isComplete(),
      isCurrent: isCurrent(),
      stalenessMs: heartbeat.ageMs(),
      set,
      loads,
      refused,
    }),
    resume: () =>
      position && completeGeneration && !isLoading() ? { generation: completeGeneration, position } : null,
    async stop() {
      isStopped = true;
      stopping.abort();
      waking.abort();
      blocking.disconnect();
      await running;
    },
  };
}
