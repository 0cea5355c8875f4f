// A lookup at the replica for one code that the table does not hold, made only while the table is not known to be
// current. Found rows are taken into the table. A lookup is short, one at a time for each id, and bounded in number,
// so that a flood of ids that do not exist makes no work upstream.

import { parsePublishedCode } from "@qrfactory/codes/published/published";
import { withDeadline } from "@qrfactory/runtime/load/deadline";
import type { Redis } from "ioredis";
import { codesKey, heartbeatKey, markKey } from "../../keys.js";
import { parseTableMark } from "../publishing/publish.js";
import type { Table } from "../table/table.js";
import { type Heartbeat, isFreshBeat } from "./heartbeat.js";

/** `absent`: there is no such code, or it was deleted; `away`: nobody can say. */
export type LookupResult = "found" | "absent" | "away";

/** Look-up of single codes at the replica. */
export type ReplicaLookup = {
  /** Tells of a short id in its stored spelling, which is not in the table. Never rejects; takes 150 ms at most. */
  lookUp(shortId: string): Promise<LookupResult>;
  /** Looks at the replica since the start, by what they found. */
  counts(): Readonly<Record<LookupResult, number>>;
};

/** Table, replica and knowledge that a look-up depends on. */
export type ReplicaLookupOptions = {
  table: Pick<Table, "find" | "isDeleted" | "apply">;
  /** The regional replica. */
  redis: Redis;
  /** Whether the table holds all that there is; see `FollowState`. */
  isCurrent: () => boolean;
  /** The heartbeat on the replica, as who follows the table sees it. */
  heartbeat: Heartbeat;
  timeoutMs?: number;
  now?: () => number;
};

const timeoutMsDefault = 150;
/** Lookups under way at once; a replica that answers in half a millisecond is never asked for more. */
const atOnceMax = 32;
/** Lookups begun in a second, of three commands each: a hundredth of what Redis answers. */
const perSecondMax = 300;

/** Makes the lookup of a process. */
export function makeReplicaLookup(options: ReplicaLookupOptions): ReplicaLookup {
  const { table, redis, isCurrent, heartbeat, timeoutMs = timeoutMsDefault, now = Date.now } = options;
  const counts = { found: 0, absent: 0, away: 0 };
  const underWay = new Map<string, Promise<LookupResult>>();
  let second = 0;
  let begun = 0;

  /** Whether one more lookup may begin. */
  function takeTurn(): boolean {
    const current = Math.floor(now() / 1_000);
    if (current !== second) {
      second = current;
      begun = 0;
    }
    if (underWay.size >= atOnceMax || begun >= perSecondMax) return false;
    begun += 1;
    return true;
  }

  /** At a start scans come before the first connection is made; later a server that is gone is gone. */
  const connected = redis.status === "ready" ? null : new Promise((resolve) => redis.once("ready", resolve));

  /** Reads the row, and beside it what says whether its absence means anything. */
  async function ask(shortId: string): Promise<LookupResult> {
    if (connected) await connected;
    const asked = redis.pipeline().hget(codesKey, shortId).mget(markKey, heartbeatKey).hlen(codesKey);
    const [row, marks, count] = ((await asked.exec()) ?? []).map(([error, value]) => {
      if (error) throw error;
      return value;
    }) as [string | null, [string | null, string | null], number];
    if (row !== null) {
      const code = parsePublishedCode(row);
      // A damaged row is one of a code that exists.
      if (code?.short_id !== shortId) return "away";
      table.apply(code);
      return table.find(shortId) ? "found" : "absent";
    }
    const mark = parseTableMark(marks[0]);
    const isWhole = mark !== null && count >= mark.count;
    heartbeat.see(marks[1]);
    return isWhole && marks[1] !== null && isFreshBeat(heartbeat.ageMs()) ? "absent" : "away";
  }

  async function askInTime(shortId: string): Promise<LookupResult> {
    const answer = ask(shortId).catch((): LookupResult => "away");
    const result = await withDeadline(answer, timeoutMs, (): LookupResult => "away");
    counts[result] += 1;
    return result;
  }

  return {
    counts: () => counts,
    async lookUp(shortId) {
      if (isCurrent() || table.isDeleted(shortId)) return "absent";
      const same = underWay.get(shortId);
      if (same) return same;
      if (!takeTurn()) return "away";
      const result = askInTime(shortId).finally(() => underWay.delete(shortId));
      underWay.set(shortId, result);
      return result;
    },
  };
}
