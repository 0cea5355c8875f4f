// Remembers what was asked for last.
import { LRUCache } from "lru-cache";

/** Values by key; beyond the most recent ones they are forgotten. */
export type Recent<Value> = { get(key: string): Value | undefined; set(key: string, value: Value): void };

/** Remembers the `keysMax` keys that were used last. */
export function makeRecent<Value extends {}>(keysMax: number): Recent<Value> {
  const recent = new LRUCache<string, Value>({ max: keysMax });
  return {
    get: (key) => recent.get(key),
    set: (key, value) => void recent.set(ownText(key), value),
  };
}

/**
 * A copy of a text. V8 keeps a part of a text as a view of the whole: a user agent cut to 512 characters would hold on
 * to the 16 kB that it was cut from.
 */
function ownText(text: string): string {
  const copy = Buffer.from(text).toString();
  // Halves of surrogate pairs do not survive the way.
  return copy === text ? copy : text;
}

/** A function that answers as `compute` does and remembers the `keysMax` keys that were used last. */
export function memoise<Value>(compute: (key: string) => Value, keysMax: number): (key: string) => Value {
  const answers = makeRecent<{ value: Value }>(keysMax);
  return (key) => {
    const known = answers.get(key);
    if (known) return known.value;
    const value = compute(key);
    answers.set(key, { value });
    return value;
  };
}
