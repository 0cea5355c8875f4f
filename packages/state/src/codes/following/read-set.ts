// One pass through the whole set of codes on the replica, and the judgement whether that can have been all of it. Rows
// that are good are taken in any case; the judgement says whether their absence would mean anything.
import type { Redis } from "ioredis";
import { codesKey, markKey } from "../../keys.js";
import { parseTableMark, type TableMark } from "../publishing/publish.js";

/**
 * Result of a pass: `unmarked` nobody says that the set is whole, `shrunken` it has fewer rows than its mark or our
 * table, `damaged` too many of them are refused.
 */
export type FoundSet = "complete" | "unmarked" | "empty" | "shrunken" | "damaged";

/** Result of a pass, and the mark that it found it under. */
export type SetPass = { found: FoundSet; mark: TableMark | null };

/** Source and destination of one pass through the set. */
export type ReadSetOptions = {
  redis: Redis;
  /** Takes a row; false when it is refused. */
  applyRow: (json: string | undefined, shortId: string) => boolean;
  /** Rows in the table, tombstones included. */
  countKnown: () => number;
  /** Waits before each batch; without it the next one is asked for while the last one is taken. */
  pauseBefore?: (() => Promise<void>) | undefined;
  /** Looked at before each batch: whether the pass should end early. */
  isEnded: () => boolean;
};

/** Rows asked for at once: some 40 kB, taken in about half a millisecond, so that a scan that waits hardly notices. */
export const setBatch = 100;

/** Share of the rows of the mark and the table that must be there. */
const completeShare = 0.99;
/** Refused rows up to this number, or this share of the set, do not make it a damaged set. */
const refusedTolerated = 10;
const damagedShareMax = 0.01;

/** Reads the set in batches; null when it was ended early. `mark` is the one that was there before the first batch. */
export async function readSet(options: ReadSetOptions): Promise<SetPass | null> {
  const { redis, applyRow, countKnown, pauseBefore, isEnded } = options;
  // Rows published during the pass may lie behind the cursor and need not be seen.
  const knownBefore = countKnown();
  const mark = parseTableMark(await redis.get(markKey));
  let seen = 0;
  let damaged = 0;

  async function readBatch(cursor: string): Promise<[next: string, fields: string[]] | null> {
    if (pauseBefore) await pauseBefore();
    return isEnded() ? null : redis.hscan(codesKey, cursor, "COUNT", setBatch);
  }

  for (let reading = readBatch("0"); ; ) {
    const batch = await reading;
    if (!batch) return null;
    const [next, fields] = batch;
    // Before the rows are taken, so that Redis works meanwhile.
    if (next !== "0") reading = readBatch(next);
    reading.catch(() => {}); // It is awaited, unless a row cannot be taken.
    for (let index = 0; index + 1 < fields.length; index += 2) {
      seen += 1;
      if (!applyRow(fields[index + 1], fields[index] as string)) damaged += 1;
    }
    if (next === "0") break;
  }
  // A replica that was synced anew under our feet makes HSCAN skip rows.
  const isSkipped = countKnown() + damaged < (await redis.hlen(codesKey));
  const isShrunken = seen < Math.max(mark?.count ?? 0, knownBefore) * completeShare;
  const isDamaged = damaged > Math.max(refusedTolerated, seen * damagedShareMax);
  if (seen === 0 && knownBefore > 0) return { found: "empty", mark };
  if (isDamaged) return { found: "damaged", mark };
  if (isShrunken || isSkipped) return { found: "shrunken", mark };
  return { found: mark === null ? "unmarked" : "complete", mark };
}
