// Equal work at the same moment is done once: whoever comes while it runs waits for the same result.

export type Flight<T> = {
  result: Promise<T>;
  /** Whether this call started the work. */
  isLeader: boolean;
};

/** A function that runs `work` unless work of this key is running already; a failure is shared like a result. */
export function makeSingleFlight<T>(): (key: string, work: () => Promise<T>) => Flight<T> {
  const running = new Map<string, Promise<T>>();
  return function fly(key, work) {
    const current = running.get(key);
    if (current) return { result: current, isLeader: false };
    const result = work().finally(() => running.delete(key));
    running.set(key, result);
    return { result, isLeader: true };
  };
}
