// Where finished archives are kept: a local folder, or a bucket (see s3-store.ts). An object is there whole or not at all.
import { randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** First and last byte, both included. */
export type ByteRange = { first: number; last: number };

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

/** Objects as files of a folder, which processes of one machine share. */
function openFolderStore(folder: string): ObjectStore {
  const pathOf = (name: string) => join(folder, name);
  return {
    async put(name, content) {
      await mkdir(folder, { recursive: true });
      const unfinished = join(folder, `.${randomUUID()}.part`);
      try {
        await pipeline(content, createWriteStream(unfinished, { flush: true }));
        const { size } = await stat(unfinished);
        await rename(unfinished, pathOf(name));
        return size;
      } catch (error) {
        await rm(unfinished, { force: true });
        throw error;
      }
    },
    async get(name, range) {
      await stat(pathOf(name));
      return createReadStream(pathOf(name), range && { start: range.first, end: range.last });
    },
    remove: (name) => rm(pathOf(name), { force: true }),
    async sweep(before) {
      // A folder that nothing was put in yet is not there.
      for (const name of await readdir(folder).catch(() => [])) {
        if (!isOurs(name)) continue;
        const { mtime } = await stat(pathOf(name)).catch(() => ({ mtime: before }));
        if (mtime < before) await rm(pathOf(name), { force: true });
      }
    },
  };
}

/** Files that are not of our making are left alone, whatever folder we are given. */
export const isOurs = (name: string) => /^(\.[0-9a-f-]{36}\.part|[0-9a-f-]{36}-\d+\.zip)$/.test(name);

/** Opens what the configuration names: `s3://bucket/prefix`, or a folder. */
export async function openObjectStore(config: {
  OBJECT_STORE: string;
  S3_ENDPOINT?: string | undefined;
  S3_REGION: string;
  S3_ACCESS_KEY_ID?: string | undefined;
  S3_SECRET_ACCESS_KEY?: string | undefined;
}): Promise<ObjectStore> {
  const address = /^s3:\/\/([^/]+)\/?(.*)$/.exec(config.OBJECT_STORE);
  if (!address) return openFolderStore(config.OBJECT_STORE);
  const [, bucket = "", path = ""] = address;
  // The client is the largest thing that would be loaded at every start, and a folder needs none of it.
  const { openS3Store } = await import("./s3-store.js");
  return openS3Store({
    bucket,
    prefix: path === "" || path.endsWith("/") ? path : `${path}/`,
    endpoint: config.S3_ENDPOINT,
    region: config.S3_REGION,
    accessKeyId: config.S3_ACCESS_KEY_ID ?? "",
    secretAccessKey: config.S3_SECRET_ACCESS_KEY ?? "",
  });
}
