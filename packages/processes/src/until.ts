// Waiting for something to become true by asking again and again, so that no test ever sleeps for a guessed time.
import { setTimeout as pause } from "node:timers/promises";

/** Patience of a wait, and the name of its condition. */
export type UntilOptions = {
  /** How long to keep asking; 5 seconds unless told. */
  timeoutMs?: number;
  /** Pause between two questions; 10 ms unless told. */
  intervalMs?: number;
  /** Name of the awaited condition, for the message when it does not come. */
  what?: string;
};

type Truthy<T> = Exclude<T, false | null | undefined | 0 | "">;

/** Clock. */
const noAnswer = Symbol("no answer");

const timeoutMsDefault = 5_000;
const intervalMsDefault = 10;

/**
 * Asks until the answer is truthy and returns that answer. An answer that throws counts as "not yet"; when time is up,
 * the last one is the cause of the error. A question that never returns is given up when time is up, too.
 */
export async function until<T>(ask: () => T | Promise<T>, options: UntilOptions = {}): Promise<Truthy<T>> {
  const timeoutMs = options.timeoutMs ?? timeoutMsDefault;
  const endsAt = performance.now() + timeoutMs;
  let seen: string[] = [];
  let cause: unknown;
  do {
    const late = new AbortController();
    const left = Math.max(1, endsAt - performance.now());
    const timeIsUp = pause(left, noAnswer, { signal: late.signal });
    try {
      const answer = await Promise.race([(async () => ask())(), timeIsUp]);
      if (answer === noAnswer) {
        seen.push("the question itself did not return");
        break;
      }
      if (answer) return answer as Truthy<T>;
      seen = [`the last answer was ${JSON.stringify(answer)}`];
      cause = undefined;
    } catch (error) {
      cause = error;
      seen = [error instanceof Error ? error.message : String(error)];
    } finally {
      late.abort();
    }
    await pause(options.intervalMs ?? intervalMsDefault);
  } while (performance.now() < endsAt);
  const what = options.what ?? "What was awaited";
  throw new Error(`${what} did not happen within ${timeoutMs} ms: ${seen.join("; then ")}`, { cause });
}
