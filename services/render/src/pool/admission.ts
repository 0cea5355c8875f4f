// Bounded work: a drawing is let in only when it will be finished soon enough to be worth waiting for. Its cost is
// learned from the drawings before it, in milliseconds a megapixel for each kind, so that one huge image weighs more
// than a hundred small ones. Workspaces share the threads evenly, whatever one of them asks for.
import { ApiError } from "@qrfactory/domain/http/errors";
import { makeFairTurns } from "@qrfactory/runtime/load/fair-turns";

/**
 * Longest predicted wait behind others, beyond which a quick refusal serves a client better. Predictions are of the
 * time that drawing takes; where requests are refused by the hundreds, they take the cores, too, so waits grow
 * threefold: with 120 ms, 300 requests a second of 2000 px leave the accepted ones below 400 ms (p95), with 300 ms at
 * 800 ms.
 */
const waitMsMaxDefault = 120;

/** How much a new measurement counts against what was learned before. */
const learningRate = 0.2;

/** Before anything was measured: about what node-canvas needs for a styled code. */
const msPerMegapixelFirstDefault = 15;

/** Symbols and checks cost something however small the image is. */
const megapixelsMin = 0.05;

const refusalDefault = "Too many images are being drawn right now; try again in a moment.";

/** Work to be admitted, by all that predicts its cost. */
export type Work = {
  workspaceId: string;
  /** Drawings of one kind cost alike, e.g. `squares` or `styled`. */
  kind: string;
  /** How much there is to paint. */
  megapixels: number;
  /** Leaves one thread to light work. */
  isHeavy?: boolean;
};

/** Reports a finished drawing: milliseconds it kept a thread busy, or null to teach nothing. */
export type Spent = { spentMs: number | null };

/** Admission to the threads. */
export type Admission = {
  /** Throws `overloaded` when work that came now would have to wait too long. An idle pool takes anything. */
  requireTurn: (work: Pick<Work, "workspaceId" | "isHeavy">) => void;
  /**
   * Runs `draw` when its turn comes, no more of them at once than there are threads; throws as `requireTurn` does when
   * it would come too late. `leaves` ends the wait, not a drawing: see `makeAdmission`.
   */
  run: <T extends Spent>(work: Work, draw: () => Promise<T>, leaves?: AbortSignal) => Promise<T>;
  /** Predicted milliseconds until everything that was let in is done. */
  backlogMs: () => number;
};

/** Threads and longest waits. */
export type AdmissionOptions = {
  threads: number;
  waitMsMax?: number;
  /** Ends a wait that was predicted to be shorter; none unless told. */
  waitMsEnd?: number;
  msPerMegapixelFirst?: number;
  /** Most that is ever learned; without end unless told. */
  msPerMegapixelMax?: number;
  /** The sentence of the refusal. */
  refusal?: string;
};

/**
 * Admission to a pool of `threads` threads. A drawing that has begun is finished, even if nobody waits for it any more:
 * ending a thread while cairo draws in it ends the whole process.
 */
export function makeAdmission(options: AdmissionOptions): Admission {
  const { threads, waitMsMax = waitMsMaxDefault, waitMsEnd, refusal = refusalDefault } = options;
  const { msPerMegapixelFirst = msPerMegapixelFirstDefault, msPerMegapixelMax = Infinity } = options;
  const learned = new Map<string, number>();
  const turns = makeFairTurns({ places: threads, refusal, ...(waitMsEnd && { waitMsMax: waitMsEnd }) });

  const weigh = ({ megapixels }: Work) => Math.max(megapixelsMin, megapixels);
  const rateOf = (kind: string) => learned.get(kind) ?? msPerMegapixelFirst;

  function learn(work: Work, spentMs: number): void {
    const rate = rateOf(work.kind);
    const measured = Math.min(msPerMegapixelMax, spentMs / weigh(work));
    learned.set(work.kind, rate + learningRate * (measured - rate));
  }

  function requireTurn({ workspaceId, isHeavy = false }: Pick<Work, "workspaceId" | "isHeavy">): void {
    const waitMs = turns.ahead({ lane: workspaceId, isHeavy });
    if (waitMs <= waitMsMax) return;
    throw new ApiError("overloaded", refusal, { retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)) });
  }

  return {
    backlogMs: () => turns.outstanding() / threads,
    requireTurn,
    async run(work, draw, leaves) {
      requireTurn(work);
      const { workspaceId: lane, isHeavy = false } = work;
      const endTurn = await turns.take({ lane, cost: rateOf(work.kind) * weigh(work), isHeavy, leaves });
      const result = await draw().finally(endTurn);
      if (result.spentMs !== null) learn(work, result.spentMs);
      return result;
    },
  };
}
