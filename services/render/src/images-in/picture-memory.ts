// Remembers decoded pictures, and files that could not be decoded, by their digest: all rows of a bulk order share a
// logo, and a broken file sent again is as broken as before.
import type { Picture } from "../qr/scene.js";

/** Some sixty logos as they are painted at 2000 px (480 pixels a side), or four backgrounds. */
const bytesMaxDefault = 64_000_000;

/** Digests of broken files, some hundred bytes each. */
const failuresMax = 1_000;

/** A file may have failed because the machine was busy: after this time it is tried again. */
const failureMsMax = 60_000;

export type PictureMemory = {
  find: (digest: string, sideMax: number) => Picture | null;
  record: (digest: string, sideMax: number, picture: Picture) => void;
  /** The sentence that a file failed with in the last minute, or null. */
  findFailure: (digest: string) => string | null;
  recordFailure: (digest: string, sentence: string) => void;
};

/** Makes an empty memory; the picture that was used longest ago goes first. */
export function makePictureMemory(bytesMax = bytesMaxDefault, now: () => number = Date.now): PictureMemory {
  // Maps keep the order of insertion: put last, an entry is the youngest again.
  const pictures = new Map<string, Picture>();
  const failures = new Map<string, { sentence: string; endsAt: number }>();
  const keyOf = (digest: string, sideMax: number) => `${digest} ${sideMax}`;
  let bytes = 0;

  function drop(key: string): void {
    bytes -= pictures.get(key)?.data.length ?? 0;
    pictures.delete(key);
  }

  return {
    find(digest, sideMax) {
      const key = keyOf(digest, sideMax);
      const picture = pictures.get(key);
      if (!picture) return null;
      pictures.delete(key);
      pictures.set(key, picture);
      return picture;
    },
    record(digest, sideMax, picture) {
      const key = keyOf(digest, sideMax);
      drop(key);
      pictures.set(key, picture);
      bytes += picture.data.length;
      for (const oldest of pictures.keys()) {
        if (bytes <= bytesMax) break;
        drop(oldest);
      }
    },
    findFailure(digest) {
      const failure = failures.get(digest);
      return failure && failure.endsAt > now() ? failure.sentence : null;
    },
    recordFailure(digest, sentence) {
      failures.delete(digest);
      failures.set(digest, { sentence, endsAt: now() + failureMsMax });
      const [oldest] = failures.keys();
      if (failures.size > failuresMax && oldest !== undefined) failures.delete(oldest);
    },
  };
}
