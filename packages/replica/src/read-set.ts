// One pass through the whole set of codes on the replica, and the judgement whether that can have been all of it. Rows
// that are good are taken in any case; the judgement says whether their absence would mean anything.
import type { Redis } from "ioredis";
import { codesKey, markKey } from "./keys.js";
import { parseTableMark, type TableMark } from "./publish.js";

/**
 * What a pass found: `unmarked` nobody says that the set is whole, `shrunken` it has fewer rows than its mark or our
 * table, `damaged` too many of them are refused.
 */
export type FoundSet = "complete" | "unmarked" | "empty" | "shrunken" | "damaged";

export type ReadSetOptions = {
  redis: Redis;
  /** Takes a row; false when it is refused. */
  applyRow: (json: string | undefined, shortId: string) => boolean;
  /** Rows in the table, tombstones included. */
  countKnown: () => number;
  /** Waits before each batch; false ends the pass. */
  mayGoOn: () => boolean | Promise<boolean>;
};

/** Rows asked for at once: some 100 kB, taken in about a millisecond. */
export const setBatch = 250;

/** Share of the rows of the mark and the table that must be there. */
const completeShare = 0.99;
/** Refused rows up to this number, or this share of the set, do not make it a damaged set. */
const refusedTolerated = 10;
const damagedShareMax = 0.01;

/** Reads the set in batches; null when `mayGoOn` ended it. `mark` is the one that was there before the first batch. */
export async function readSet(options: ReadSetOptions): Promise<{ found: FoundSet; mark: TableMark | null } | null> {
  const { redis, applyRow, countKnown, mayGoOn } = options;
  // What is published during the pass may lie behind the cursor and need not be seen.
  const knownBefore = countKnown();
  const mark = parseTableMark(await redis.get(markKey));
  let seen = 0;
  let damaged = 0;
  let cursor = "0";
  do {
    if (!(await mayGoOn())) return null;
    const [next, fields] = await redis.hscan(codesKey, cursor, "COUNT", setBatch);
    for (let index = 0; index + 1 < fields.length; index += 2) {
      seen += 1;
      if (!applyRow(fields[index + 1], fields[index] as string)) damaged += 1;
    }
    cursor = next;
  } while (cursor !== "0");
  // A replica that was synced anew under our feet makes HSCAN skip rows.
  const isSkipped = countKnown() + damaged < (await redis.hlen(codesKey));
  const isShrunken = seen < Math.max(mark?.count ?? 0, knownBefore) * completeShare;
  const isDamaged = damaged > Math.max(refusedTolerated, seen * damagedShareMax);
  if (seen === 0 && knownBefore > 0) return { found: "empty", mark };
  if (isDamaged) return { found: "damaged", mark };
  if (isShrunken || isSkipped) return { found: "shrunken", mark };
  return { found: mark === null ? "unmarked" : "complete", mark };
}
