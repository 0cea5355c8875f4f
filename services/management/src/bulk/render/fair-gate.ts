// Turns of batches on their way to render: workspaces in turn, whatever their orders hold, and no more at once than
// render has shown to bear.

/** Batches at once when render never says that it is busy: two for each of two drawing threads. */
const limitMaxDefault = 4;
/** How much a batch without a refusal adds to the limit, and what a refusal leaves of it. */
const growth = 0.25;
const shrink = 0.5;

/** Gate that batches pass on their way to render. */
export type FairGate = {
  /** Runs `work` when it is the turn of its workspace. */
  pass<T>(workspaceId: string, work: () => Promise<T>): Promise<T>;
  /** Says how render took a batch: a refusal halves the number at once, success lets it grow back. */
  report(outcome: "took it" | "was busy"): void;
  limit(): number;
};

/** Makes a gate; `limitMax` is the most that pass at once. */
export function makeFairGate(limitMax = limitMaxDefault): FairGate {
  let limit = limitMax;
  let inside = 0;
  /** Those that wait, by workspace, in the order of their turns. */
  const waiting = new Map<string, (() => void)[]>();

  function admit(): void {
    while (inside < Math.max(1, Math.floor(limit))) {
      const [next] = waiting;
      if (!next) return;
      const [workspaceId, queue] = next;
      const go = queue.shift();
      // To the end of the line, or out of it.
      waiting.delete(workspaceId);
      if (queue.length > 0) waiting.set(workspaceId, queue);
      inside += 1;
      go?.();
    }
  }

  return {
    async pass(workspaceId, work) {
      await new Promise<void>((resolve) => {
        const queue = waiting.get(workspaceId) ?? [];
        queue.push(resolve);
        waiting.set(workspaceId, queue);
        admit();
      });
      try {
        return await work();
      } finally {
        inside -= 1;
        admit();
      }
    },
    report(outcome) {
      limit = outcome === "was busy" ? Math.max(1, limit * shrink) : Math.min(limitMax, limit + growth);
      admit();
    },
    limit: () => limit,
  };
}
