// Turns at something scarce (processes, connections), shared fairly: each lane, e.g. a workspace, gets its share
// however much of it waits in another. Start-time fair queueing (Goyal, Vin and Cheng, SIGCOMM 1996, section 2.1): a
// turn is stamped with the work that its lane was promised before it, and the lowest stamp begins first.
import { ApiError } from "@qrfactory/domain/http/errors";

/** A wish for a turn. */
export type TurnRequest = {
  /** Group that shares a turn, such as a workspace. */
  lane: string;
  /** Predicted cost in a unit that all turns share, e.g. milliseconds; 1 when all cost alike. */
  cost: number;
  /** Heavy turns take all places but one, so that light ones never wait for them. */
  isHeavy?: boolean;
  /** Ends the wait, not a turn that has begun. */
  leaves?: AbortSignal | undefined;
};

/** Number of places and bounds of the wait for them. */
export type FairTurnsOptions = {
  /** Turns at once. */
  places: number;
  /** Turns of one lane at once; as many as there are places unless told. */
  placesOfOneMax?: number;
  /** Turns of one lane that may wait; any number unless told. */
  waitingOfOneMax?: number;
  /** Longest wait for a turn; without end unless told. */
  waitMsMax?: number;
  /** The sentence of the refusal. */
  refusal: string;
};

/** Turns at a number of places. */
export type FairTurns = {
  /**
   * Resolves with the function that ends the turn, once it has come. Throws `overloaded` when it does not come in time.
   */
  take: (request: TurnRequest) => Promise<() => void>;
  /** Predicted cost ahead of a turn that came now, shared out over the places; 0 when it would begin at once. */
  ahead: (request: Pick<TurnRequest, "lane" | "isHeavy">) => number;
  /** Cost of all turns that run or wait. */
  outstanding: () => number;
};

type Turn = Required<Pick<TurnRequest, "lane" | "cost" | "isHeavy">> & { stamp: number; begin: () => void };

/** Makes the turns of one scarce thing. */
export function makeFairTurns(options: FairTurnsOptions): FairTurns {
  const { places, placesOfOneMax = places, waitingOfOneMax = Infinity, waitMsMax = Infinity, refusal } = options;
  const heavyMax = Math.max(1, places - 1);
  const running = new Set<Turn>();
  /** In the order in which they came. */
  const waiting = new Set<Turn>();
  /** Lane → stamp of its next turn. */
  const promised = new Map<string, number>();
  /** The highest stamp that has begun: lanes that were idle start from here. */
  let begun = 0;

  const count = (turns: Set<Turn>, holds: (turn: Turn) => boolean) => [...turns].filter(holds).length;
  const heavyRunning = () => count(running, ({ isHeavy }) => isHeavy);
  const nextStamp = (lane: string) => Math.max(begun, promised.get(lane) ?? 0);

  function mayBegin({ lane, isHeavy }: Turn): boolean {
    if (running.size >= places || (isHeavy && heavyRunning() >= heavyMax)) return false;
    return count(running, (other) => other.lane === lane) < placesOfOneMax;
  }

  function beginNext(): void {
    for (;;) {
      let next: Turn | undefined;
      for (const turn of waiting) if ((!next || turn.stamp < next.stamp) && mayBegin(turn)) next = turn;
      if (!next) return;
      waiting.delete(next);
      running.add(next);
      begun = Math.max(begun, next.stamp);
      for (const [lane, stamp] of promised) if (stamp <= begun) promised.delete(lane);
      next.begin();
    }
  }

  function end(turn: Turn): void {
    if (!running.delete(turn)) return;
    beginNext();
    // Stamps only compare turns with each other: with none left, all lanes are equal again.
    if (running.size === 0 && waiting.size === 0) {
      promised.clear();
      begun = 0;
    }
  }

  function refuse(): ApiError {
    return new ApiError("overloaded", refusal);
  }

  async function take({ lane, cost, isHeavy = false, leaves }: TurnRequest): Promise<() => void> {
    leaves?.throwIfAborted();
    if (count(waiting, (other) => other.lane === lane) >= waitingOfOneMax) throw refuse();
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const settle = () => {
        clearTimeout(timer);
        leaves?.removeEventListener("abort", leave);
      };
      const begin = () => {
        settle();
        resolve(() => end(turn));
      };
      const giveUp = (reason: unknown) => {
        settle();
        waiting.delete(turn);
        promised.set(lane, (promised.get(lane) ?? cost) - cost);
        reject(reason);
      };
      const leave = () => giveUp(leaves?.reason);
      const turn: Turn = { lane, cost, isHeavy, stamp: nextStamp(lane), begin };
      promised.set(lane, turn.stamp + cost);
      waiting.add(turn);
      beginNext();
      if (!waiting.has(turn)) return;
      leaves?.addEventListener("abort", leave, { once: true });
      if (Number.isFinite(waitMsMax)) timer = setTimeout(() => giveUp(refuse()), waitMsMax);
    });
  }

  return {
    take,
    ahead({ lane, isHeavy = false }) {
      const free = isHeavy ? heavyMax : places - Math.min(heavyRunning(), places - 1);
      const stamp = nextStamp(lane);
      const rivals = [...running, ...[...waiting].filter((turn) => turn.stamp <= stamp)].filter(
        (turn) => turn.isHeavy === isHeavy,
      );
      if (rivals.length < free) return 0;
      return sum(rivals) / free;
    },
    outstanding: () => sum([...running, ...waiting]),
  };
}

const sum = (turns: Turn[]) => turns.reduce((total, { cost }) => total + cost, 0);
