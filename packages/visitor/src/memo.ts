// Remembers what a pure function said, for as many recent keys as fit: two Maps, of which the older goes when the newer
// is full. What is asked for often is found by one look-up and is never forgotten.

/** A function that answers as `compute` does and remembers between `keysMax` and twice as many keys. */
export function memoise<Value>(compute: (key: string) => Value, keysMax: number): (key: string) => Value {
  let recent = new Map<string, Value>();
  let older = new Map<string, Value>();
  return (key) => {
    const known = recent.get(key);
    if (known !== undefined) return known;
    const value = older.get(key) ?? compute(key);
    if (recent.size >= keysMax) {
      older = recent;
      recent = new Map();
    }
    recent.set(key, value);
    return value;
  };
}
