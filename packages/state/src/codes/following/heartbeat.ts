// How old the heartbeat on the replica is, by our own clock alone: it is as old as the time since it was last seen to
// move on. Its value is a time by management's clock, which may differ from ours by any amount, so it is only
// compared with itself. Whether it still moves is not known before it has moved once. Only the first one that is seen
// is compared with our clock: where both agree, a region that starts need not wait for the second.
import { performance } from "node:perf_hooks";

/** Age of a heartbeat by our own clock. */
export type Heartbeat = {
  /** Takes the heartbeat as it was just read; null when there is none. */
  see(text: string | null): void;
  /** Milliseconds since it was last seen to move on; null before. */
  ageMs(): number | null;
};

/** Management writes its heartbeat every second: a table may miss codes when it has stood still for so long. */
export const stalenessMsMax = 5_000;

/** Whether a heartbeat of this age, null for none, says that the replica moves. */
export const isFreshBeat = (stalenessMs: number | null): boolean =>
  stalenessMs !== null && stalenessMs <= stalenessMsMax;

/** Watches the heartbeat of a replica; `now` never goes back, `clock` is that of the machine, both in milliseconds. */
export function makeHeartbeat(now: () => number = () => performance.now(), clock: () => number = Date.now): Heartbeat {
  let last: number | null = null;
  let movedAt: number | null = null;
  return {
    see(text) {
      const beat = text === null || text === "" ? Number.NaN : Number(text);
      if (!Number.isFinite(beat)) return;
      // One that goes back is that of a Redis that was set back, or of a clock that was put right: no news of today.
      if (last !== null && beat > last) movedAt = now();
      const aheadMs = clock() - beat;
      if (last === null && Math.abs(aheadMs) <= stalenessMsMax) movedAt = now() - Math.max(0, aheadMs);
      last = beat;
    },
    ageMs: () => (movedAt === null ? null : now() - movedAt),
  };
}
