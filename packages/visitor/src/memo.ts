// Remembers for as many recent keys as fit: two Maps, of which the older goes when the newer is full. What is asked for
// often is found by one look-up and is never forgotten.

/** Values by key; beyond the most recent ones they are forgotten. */
export type Recent<Value> = { get(key: string): Value | undefined; set(key: string, value: Value): void };

/** Remembers between `keysMax` and twice as many keys. */
export function makeRecent<Value>(keysMax: number): Recent<Value> {
  let recent = new Map<string, Value>();
  let older = new Map<string, Value>();

  function set(key: string, value: Value): void {
    if (recent.size >= keysMax) {
      older = recent;
      recent = new Map();
    }
    recent.set(ownText(key), value);
  }

  function get(key: string): Value | undefined {
    const known = recent.get(key);
    if (known !== undefined) return known;
    const old = older.get(key);
    if (old !== undefined) set(key, old);
    return old;
  }

  return { get, set };
}

/**
 * A copy of a text. V8 keeps a part of a text as a view of the whole: a user agent cut to 512 characters would hold on to
 * the 16 kB that it was cut from.
 */
function ownText(text: string): string {
  const copy = Buffer.from(text).toString();
  // Halves of surrogate pairs do not survive the way.
  return copy === text ? copy : text;
}

/** A function that answers as `compute` does and remembers between `keysMax` and twice as many keys. */
export function memoise<Value>(compute: (key: string) => Value, keysMax: number): (key: string) => Value {
  const answers = makeRecent<Value>(keysMax);
  return (key) => {
    const known = answers.get(key);
    if (known !== undefined) return known;
    const value = compute(key);
    answers.set(key, value);
    return value;
  };
}
