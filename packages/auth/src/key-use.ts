// When a key was last used, to the minute: enough to see which keys nobody needs any more.
import { minuteMs } from "@qrfactory/domain/duration";
import { LRUCache } from "lru-cache";

/** A key in use costs its row one write in this time and process. */
const everyMs = minuteMs;

/** Keys remembered; one that is forgotten costs one more write. */
const keysMax = 10_000;

/** Notes a use of a key; never waits and never fails. */
export type NoteKeyUse = (keyId: string) => void;

/** Makes the function; `touch` writes the time of a use down. */
export function makeNoteKeyUse(touch: (keyId: string) => Promise<void>, now = Date.now): NoteKeyUse {
  const notedAt = new LRUCache<string, number>({ max: keysMax });
  return function noteKeyUse(keyId) {
    const last = notedAt.get(keyId);
    if (last !== undefined && now() - last < everyMs) return;
    notedAt.set(keyId, now());
    touch(keyId).catch(() => undefined);
  };
}
