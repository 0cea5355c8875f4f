// Options of a follower of the table of codes, its report, and the states that it goes through.
import type { StateChanges } from "@qrfactory/runtime/state-changes";
import type { Redis } from "ioredis";
import type { Table } from "../table/table.js";
import type { StreamPosition } from "./change-stream.js";
import type { Heartbeat } from "./heartbeat.js";
import type { FoundSet } from "./read-set.js";

/** Table, connections and listeners of a follower. */
export type FollowOptions = {
  table: Table;
  /** For commands with a short deadline. */
  redis: Redis;
  /** For `XREAD BLOCK` alone, with a command deadline well above `blockMs`. Closed by `stop`. */
  blocking: Redis;
  /** Generation of the snapshot: a set that is still the same need not be loaded before its changes are followed. */
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
  /** Duration of a pass through the set in the background, always, at a constant rate; default 10 min. */
  reconcileMs?: number;
  /** The heartbeat on the replica; also seen by others who read it. */
  heartbeat?: Heartbeat;
};

/** The table was complete under a mark of this generation and holds every change up to the position. */
export type Resume = { generation: string; position: StreamPosition };

/** Result of the last pass; `unknown` before the first, `unreadable` when Redis answers, but not with the set. */
export type SetState = FoundSet | "unknown" | "unreadable";

/** Knowledge of a follower about its table. */
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

/**
 * How the last exchange with the replica went. `unknown`: there was none yet; `failing`: it failed once; `away`: that
 * was told.
 */
export type ReplicaState = "unknown" | "connected" | "failing" | "away";
/** Which state of the replica may follow which. */
export const replicaChanges: StateChanges<ReplicaState> = {
  unknown: ["connected", "failing"],
  connected: ["failing"],
  failing: ["connected", "away"],
  away: ["connected"],
};

/**
 * How far the table is. `lost`: changes may have been missed, and the stream is not read; `loading`: it is read, and a
 * pass at full speed is wanted or made; `following`: every pass that was wanted is done.
 */
export type FollowPhase = "lost" | "loading" | "following";
/** Which phase may follow which. */
export const phaseChanges: StateChanges<FollowPhase> = {
  lost: ["loading"],
  loading: ["lost", "following"],
  following: ["lost", "loading"],
};
