// Codes that are made for a number of scans: how many have been, as far as this process knows without asking anybody.
// That is what was counted and published, or more: what it knew before and the scans that it answered itself since. So
// it never counts a scan twice, and what it misses is what others answered in the second or so until it is published.
import type { LiveRow } from "@qrfactory/codes/published/row-bytes";
import { makeRecent } from "@qrfactory/visitor/memo";

/** Counts of scans for codes with a limit. */
export type Uses = {
  isUsedUp(row: LiveRow): boolean;
  /** A person's scan is answered. */
  take(row: LiveRow): void;
};

/**
 * Codes that are known, or twice as many; some 100 bytes each. A code that is forgotten is known by what was published.
 */
const codesMax = 200_000;

/** Makes a count that begins with what was published. */
export function makeUses(): Uses {
  const known = makeRecent<number>(codesMax);

  function usedOf({ id, limit }: LiveRow): number {
    return Math.max(limit?.used ?? 0, known.get(id) ?? 0);
  }

  return {
    isUsedUp: (row) => row.limit !== null && usedOf(row) >= row.limit.max,
    take(row) {
      if (row.limit === null) return;
      known.set(row.id, usedOf(row) + 1);
    },
  };
}
