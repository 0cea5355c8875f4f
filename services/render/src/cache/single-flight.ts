// Equal work at the same moment is done once: whoever comes while it runs waits for the same result. When everybody who
// waits has left, the work is told.

/** One call's part in shared work. */
export type Flight<T> = {
  result: Promise<T>;
  /** Whether this call started the work. */
  isLeader: boolean;
};

type Running<T> = { result: Promise<T>; waiting: number; abandon: AbortController };

/** Runs `work` unless work of this key is running already; a failure is shared like a result. */
export type Fly<T> = (key: string, work: (signal: AbortSignal) => Promise<T>, leaves?: AbortSignal) => Flight<T>;

/** Work shared by equal calls. */
export type SingleFlight<T> = {
  fly: Fly<T>;
  /** Whether work of this key is running, so that a call would join it. */
  isFlying: (key: string) => boolean;
};

/** Makes the functions; `leaves` of a call fires when its caller is no longer interested. */
export function makeSingleFlight<T>(): SingleFlight<T> {
  const flights = new Map<string, Running<T>>();

  function join(key: string, flight: Running<T>, leaves?: AbortSignal): void {
    flight.waiting += 1;
    const leave = () => {
      flight.waiting -= 1;
      if (flight.waiting > 0) return;
      // Nobody may join what is being given up.
      if (flights.get(key) === flight) flights.delete(key);
      flight.abandon.abort();
    };
    if (leaves?.aborted) leave();
    else leaves?.addEventListener("abort", leave, { once: true });
  }

  const fly: Fly<T> = (key, work, leaves) => {
    const running = flights.get(key);
    if (running) {
      join(key, running, leaves);
      return { result: running.result, isLeader: false };
    }
    const abandon = new AbortController();
    const result = work(abandon.signal).finally(() => {
      if (flights.get(key)?.abandon === abandon) flights.delete(key);
    });
    const flight = { result, waiting: 0, abandon };
    flights.set(key, flight);
    join(key, flight, leaves);
    return { result, isLeader: true };
  };
  return { fly, isFlying: (key) => flights.has(key) };
}
