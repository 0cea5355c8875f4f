// Remembers decoded pictures, and files that could not be decoded, by their digest: all rows of a bulk order share a
// logo, and a broken file sent again is as broken as before.
import { minuteMs } from "@qrfactory/domain/duration";
import type { Picture } from "@qrfactory/drawing/scene/shapes";
import { LRUCache } from "lru-cache";

/** Some sixty logos as they are painted at 2000 px (480 pixels a side), or four backgrounds. */
const bytesMaxDefault = 64_000_000;

/** Digests of broken files, some hundred bytes each. */
const failuresMax = 1_000;

/** A file may have failed because the machine was busy: after this time it is tried again. */
const failureMsMax = minuteMs;

/** Memory of decoded and of broken pictures by digest; a picture also by its size. */
export type PictureMemory = {
  find: (digest: string, sideMax: number) => Picture | null;
  record: (digest: string, sideMax: number, picture: Picture) => void;
  /** The sentence that a file failed with in the last minute, or null. */
  findFailure: (digest: string) => string | null;
  recordFailure: (digest: string, sentence: string) => void;
};

/** Makes an empty memory; the picture that was used longest ago goes first. */
export function makePictureMemory(bytesMax = bytesMaxDefault, now: () => number = Date.now): PictureMemory {
  const pictures = new LRUCache<string, Picture>({ maxSize: bytesMax, sizeCalculation: ({ data }) => data.length });
  const failures = new LRUCache<string, { sentence: string; endsAt: number }>({ max: failuresMax });
  const keyOf = (digest: string, sideMax: number) => `${digest} ${sideMax}`;

  return {
    find: (digest, sideMax) => pictures.get(keyOf(digest, sideMax)) ?? null,
    record: (digest, sideMax, picture) => void pictures.set(keyOf(digest, sideMax), picture),
    findFailure(digest) {
      const failure = failures.get(digest);
      return failure && failure.endsAt > now() ? failure.sentence : null;
    },
    recordFailure: (digest, sentence) => void failures.set(digest, { sentence, endsAt: now() + failureMsMax }),
  };
}
