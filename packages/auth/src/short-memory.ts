// Recent look-ups kept in this process: fresh for a second, so that revocations are effective
// everywhere within two; and, while the stores that know do not answer, for a bounded grace.

import { minuteMs } from "@qrfactory/domain/duration";
import { withDeadline } from "@qrfactory/runtime/load/deadline";
import { LRUCache } from "lru-cache";

/** Longest use of an answer without asking again. */
const freshMs = 1_000;
/**
 * How long the last answer serves while nobody can be asked: longer than a failover, shorter than anyone's patience
 * with a revoked key.
 */
const graceMsDefault = 5 * minuteMs;
/** How long a new answer is waited for when the last one could serve instead. */
const patienceMs = 150;
/** Answers per process, those of unknown keys included; beyond it the one used longest ago goes. */
const entriesMax = 10_000;

/** Source and lifetimes of remembered look-ups. */
export type ShortMemoryOptions<T> = {
  /** Looks a key up; rejects when nobody can tell. */
  load: (key: string) => Promise<T>;
  /** Milliseconds that an answer may outlive the stores; default five minutes. */
  graceMs?: number;
  now?: () => number;
};

type Entry<T> = { askedAt: number; answer: Promise<T>; last: { at: number; value: T } | null };

/**
 * Makes a function that looks up what is not fresh, once for all who ask at the same moment; it rejects as `load` does.
 */
export function makeShortMemory<T>(options: ShortMemoryOptions<T>): (key: string) => Promise<T> {
  const { load, graceMs = graceMsDefault, now = Date.now } = options;
  const entries = new LRUCache<string, Entry<T>>({ max: entriesMax });

  function ask(key: string, last: Entry<T>["last"]): Entry<T> {
    const entry: Entry<T> = { askedAt: now(), last, answer: load(key) };
    entry.answer.then(
      (value) => {
        entry.last = { at: now(), value };
      },
      () => {},
    );
    entries.set(key, entry);
    return entry;
  }

  return function find(key) {
    const known = entries.get(key);
    const isFresh = known !== undefined && now() - known.askedAt <= freshMs;
    const { answer, last } = isFresh ? known : ask(key, known?.last ?? null);
    if (!last || now() - last.at > graceMs) return answer;
    return orLast(answer, last.value);
  };
}

/** An answer, or the last one when it fails or takes long. */
function orLast<T>(answer: Promise<T>, last: T): Promise<T> {
  return withDeadline(
    answer.catch(() => last),
    patienceMs,
    () => last,
  );
}
