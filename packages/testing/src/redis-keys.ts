// Keys of a Redis beside the table of keys.

/** Commands of the check. */
type Keys = { keys(pattern: string): Promise<string[]>; type(key: string): Promise<string> };

/** Keys that belong to no family, or are of another type than theirs, each with its type; none where all is well. */
export async function listStrayKeys(
  redis: Keys,
  findFamily: (key: string) => { type: string } | undefined,
): Promise<string[]> {
  const stray: string[] = [];
  for (const key of await redis.keys("*")) {
    const type = await redis.type(key);
    const expected = findFamily(key)?.type;
    if (expected !== type && expected !== "bullmq") stray.push(`${key} (${type})`);
  }
  return stray;
}
