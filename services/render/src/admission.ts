// Bounded work: a drawing is let in only when it will be finished soon enough to be worth waiting for. What it costs is
// learned from the drawings before it, in milliseconds a megapixel for each kind, so that one huge image weighs more
// than a hundred small ones.
import { ApiError } from "@qrfactory/domain/errors";

/**
 * Longest predicted wait behind others, beyond which a quick refusal serves a client better. Predictions are of the time
 * that drawing takes; where requests are refused by the hundreds, they take the cores, too, so waits grow threefold:
 * with 120 ms, 300 requests a second of 2000 px leave the accepted ones below 400 ms (p95), with 300 ms at 800 ms.
 */
const waitMsMaxDefault = 120;

/** How much a new measurement counts against what was learned before. */
const learningRate = 0.2;

/** Before anything was measured: about what node-canvas needs for a styled code. */
const msPerMegapixelFirst = 15;

/** Symbols and checks cost something however small the image is. */
const megapixelsMin = 0.05;

export type Work = {
  /** Drawings of one kind cost alike, e.g. `squares` or `styled`. */
  kind: string;
  /** Side of the square that is painted, in pixels. */
  widthPx: number;
};

/** What a drawing says of itself when it is done: milliseconds it kept a thread busy. */
export type Spent = { spentMs: number };

export type Admission = {
  /** Throws `overloaded` when work that came now would have to wait too long. An idle pool takes anything. */
  requireTurn: () => void;
  /**
   * Runs `draw` when its turn comes, no more of them at once than there are threads; throws as `requireTurn` does when it
   * would come too late. `leaves` ends the wait, not a drawing: see `makeAdmission`.
   */
  run: <T extends Spent>(work: Work, draw: () => Promise<T>, leaves?: AbortSignal) => Promise<T>;
  /** Predicted milliseconds until everything that was let in is done. */
  backlogMs: () => number;
};

export type AdmissionOptions = { threads: number; waitMsMax?: number };

/**
 * Admission to a pool of `threads` threads. What has begun is finished, even if nobody waits for it any more: ending a
 * thread while cairo draws in it ends the whole process.
 */
export function makeAdmission({ threads, waitMsMax = waitMsMaxDefault }: AdmissionOptions): Admission {
  const learned = new Map<string, number>();
  let outstandingMs = 0;
  let outstanding = 0;
  let running = 0;
  /** Those whose turn has not come, first come first served. */
  const waiting = new Set<() => void>();

  const megapixels = ({ widthPx }: Work) => Math.max(megapixelsMin, widthPx ** 2 / 1e6);
  const rateOf = (kind: string) => learned.get(kind) ?? msPerMegapixelFirst;
  const backlogMs = () => outstandingMs / threads;

  function requireTurn(): void {
    if (outstanding < threads || backlogMs() <= waitMsMax) return;
    throw new ApiError("overloaded", "Too many images are being drawn right now; try again in a moment.", {
      retryAfterSeconds: Math.max(1, Math.ceil(backlogMs() / 1000)),
    });
  }

  async function turn(leaves: AbortSignal | undefined): Promise<void> {
    leaves?.throwIfAborted();
    if (running < threads) {
      running += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      waiting.add(resolve);
      leaves?.addEventListener("abort", () => waiting.delete(resolve) && reject(leaves.reason), { once: true });
    });
  }

  /** The thread goes to whoever has waited longest. */
  function endTurn(): void {
    const [next] = waiting;
    if (!next) {
      running -= 1;
      return;
    }
    waiting.delete(next);
    next();
  }

  return {
    backlogMs,
    requireTurn,
    async run(work, draw, leaves) {
      requireTurn();
      const predictedMs = rateOf(work.kind) * megapixels(work);
      outstandingMs += predictedMs;
      outstanding += 1;
      try {
        await turn(leaves);
        const result = await draw().finally(endTurn);
        const rate = rateOf(work.kind);
        learned.set(work.kind, rate + learningRate * (result.spentMs / megapixels(work) - rate));
        return result;
      } finally {
        outstandingMs -= predictedMs;
        outstanding -= 1;
      }
    },
  };
}
