// Waiting for something to become true by asking again and again, so that no test ever sleeps for a guessed time.
import { setTimeout as pause } from "node:timers/promises";

export type UntilOptions = {
  /** How long to keep asking; 5 seconds unless told. */
  timeoutMs?: number;
  /** Pause between two questions; 10 ms unless told. */
  intervalMs?: number;
  /** What is awaited, for the message when it does not come. */
  what?: string;
};

type Truthy<T> = Exclude<T, false | null | undefined | 0 | "">;

const timeoutMsDefault = 5_000;
const intervalMsDefault = 10;

/**
 * Asks until the answer is truthy and returns that answer. An answer that throws counts as "not yet"; when time is up,
 * the last one is the cause of the error. A question that never returns is given up when time is up, too.
 */
export async function until<T>(ask: () => T | Promise<T>, options: UntilOptions = {}): Promise<Truthy<T>> {
  const timeoutMs = options.timeoutMs ?? timeoutMsDefault;
  const endsAt = performance.now() + timeoutMs;
  let last: unknown;
  let cause: unknown;
  do {
    const late = new AbortController();
    try {
      const left = Math.max(1, endsAt - performance.now());
      last = await Promise.race([
        Promise.resolve(ask()),
        pause(left, undefined, { signal: late.signal }).then(() => {
          throw new Error("the question itself did not return");
        }),
      ]);
      cause = undefined;
      if (last) return last as Truthy<T>;
    } catch (error) {
      cause = error;
    } finally {
      late.abort();
    }
    await pause(options.intervalMs ?? intervalMsDefault);
  } while (performance.now() < endsAt);
  const seen = cause instanceof Error ? cause.message : `the last answer was ${JSON.stringify(last)}`;
  throw new Error(`${options.what ?? "What was awaited"} did not happen within ${timeoutMs} ms: ${seen}`, { cause });
}
