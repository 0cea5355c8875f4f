// Which unknown ids are scanned most, counted in bounded memory (Misra and Gries, 1982): an id that comes more often
// than once in `idsMax` is never missed, and a flood of random ones leaves nothing behind. Handed over now and then;
// nothing is sent for a single scan.

/** Ids counted at once. */
const idsMax = 1_000;
/** Ids handed over at once: what a person would look through. */
const handedMax = 200;
const intervalMsDefault = 10_000;

/** Counts of unknown ids in bounded memory. */
export type Orphans = {
  /** Somebody scanned an id that leads nowhere. */
  note(shortId: string): void;
  /** Hands over what there is, and ends. */
  stop(): Promise<void>;
};

/** Receiver of the counts, and how often it gets them. */
export type OrphansOptions = {
  /** Takes counts by id; rejected ones are counted on and handed over later. */
  add: (counts: ReadonlyMap<string, number>) => Promise<void>;
  intervalMs?: number;
};

/** Starts counting, and handing over every `intervalMs`. */
export function makeOrphans({ add, intervalMs = intervalMsDefault }: OrphansOptions): Orphans {
  let counts = new Map<string, number>();

  function note(shortId: string, scans = 1): void {
    const known = counts.get(shortId);
    if (known !== undefined || counts.size < idsMax) {
      counts.set(shortId, (known ?? 0) + scans);
      return;
    }
    // Everybody pays one for the newcomer, who is forgotten; an id that was seen once is, too.
    for (const [id, count] of counts) {
      if (count === 1) counts.delete(id);
      else counts.set(id, count - 1);
    }
  }

  async function handOver(): Promise<void> {
    if (counts.size === 0) return;
    const most = [...counts].sort((a, b) => b[1] - a[1]).slice(0, handedMax);
    counts = new Map();
    await add(new Map(most)).catch(() => {
      for (const [shortId, scans] of most) note(shortId, scans);
    });
  }

  const timer = setInterval(() => void handOver(), intervalMs);
  return {
    note: (shortId) => note(shortId),
    stop() {
      clearInterval(timer);
      return handOver();
    },
  };
}
