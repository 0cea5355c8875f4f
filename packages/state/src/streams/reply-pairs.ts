/** The names and values that Redis answers as one flat list, as pairs. */
export function pairs<T>(flat: T[]): [T, T][] {
  const result: [T, T][] = [];
  for (let index = 0; index + 1 < flat.length; index += 2) result.push([flat[index] as T, flat[index + 1] as T]);
  return result;
}
