// Where finished archives are kept: a folder (folder-store.ts) or a bucket (s3-store.ts). An object is there whole or
// not at all.
import type { Readable } from "node:stream";

/** First and last byte, both included. */
export type ByteRange = { first: number; last: number };

/** Storage of whole files under names. */
export type ObjectStore = {
  /** Stores a whole stream under a name and returns its size; rejects, and leaves nothing, when either end fails. */
  put(name: string, content: Readable): Promise<number>;
  /** Opens an object, or a part of it; rejects when it is not there. */
  get(name: string, range?: ByteRange): Promise<Readable>;
  /** Deletes an object; one that is not there is no error. */
  remove(name: string): Promise<void>;
  /** Deletes every object that was stored before a moment, and what is left of such as were never finished. */
  sweep(before: Date): Promise<void>;
};

/** Files that are not of our making are left alone, whatever folder we are given. */
export const isOurs = (name: string) => /^(\.[0-9a-f-]{36}\.part|[0-9a-f-]{36}-\d+\.zip)$/.test(name);
