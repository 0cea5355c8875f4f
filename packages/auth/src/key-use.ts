// When a key was last used, to the minute: enough to see which keys nobody needs any more.

/** A key in use costs its row one write in this time and process. */
const everyMs = 60_000;

/** Keys remembered; beyond it all are forgotten, which costs each one more write. */
const keysMax = 10_000;

/** Notes a use of a key; never waits and never fails. */
export type NoteKeyUse = (keyId: string) => void;

/** Makes the function; `touch` writes the time of a use down. */
export function makeNoteKeyUse(touch: (keyId: string) => Promise<void>, now = Date.now): NoteKeyUse {
  const notedAt = new Map<string, number>();
  return function noteKeyUse(keyId) {
    const last = notedAt.get(keyId);
    if (last !== undefined && now() - last < everyMs) return;
    if (notedAt.size >= keysMax) notedAt.clear();
    notedAt.set(keyId, now());
    touch(keyId).catch(() => undefined);
  };
}
