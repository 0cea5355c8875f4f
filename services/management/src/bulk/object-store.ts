// Where finished archives are kept: a local folder, or a bucket of any service that speaks S3. An object is there whole or
// not at all.
import { randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { DeleteObjectCommand, GetObjectCommand, paginateListObjectsV2, S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";

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
export function openFolderStore(folder: string): ObjectStore {
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
        if (!ours.test(name)) continue;
        const { mtime } = await stat(pathOf(name)).catch(() => ({ mtime: before }));
        if (mtime < before) await rm(pathOf(name), { force: true });
      }
    },
  };
}

/** Files that are not of our making are left alone, whatever folder we are given. */
const ours = /^(\.[0-9a-f-]{36}\.part|[0-9a-f-]{36}-\d+\.zip)$/;

export type S3Options = {
  bucket: string;
  /** Of a service that is not AWS. */
  endpoint?: string | undefined;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  /** What comes before every name, e.g. `archives/`. */
  prefix: string;
};

/** Parts of an upload that are on their way at once, 5 MiB each: what an upload holds in memory. */
const partsAtOnce = 2;

/** Objects of a bucket. An upload that breaks off is ended, so that no part of it stays. */
export function openS3Store({
  bucket,
  endpoint,
  region,
  accessKeyId,
  secretAccessKey,
  prefix,
}: S3Options): ObjectStore {
  const client = new S3Client({
    region,
    credentials: { accessKeyId, secretAccessKey },
    // Services behind an address of their own seldom have a name for each bucket.
    ...(endpoint && { endpoint, forcePathStyle: true }),
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
  const addressOf = (name: string) => ({ Bucket: bucket, Key: prefix + name });
  const remove = async (name: string) => {
    await client.send(new DeleteObjectCommand(addressOf(name)));
  };
  return {
    async put(name, content) {
      let bytes = 0;
      const counted = async function* () {
        for await (const chunk of content as AsyncIterable<Buffer>) {
          bytes += chunk.length;
          yield chunk;
        }
      };
      const params = { ...addressOf(name), Body: Readable.from(counted(), { objectMode: false }) };
      await new Upload({ client, params, queueSize: partsAtOnce }).done();
      return bytes;
    },
    async get(name, range) {
      const part = range && { Range: `bytes=${range.first}-${range.last}` };
      const { Body } = await client.send(new GetObjectCommand({ ...addressOf(name), ...part }));
      return Body as Readable;
    },
    remove,
    async sweep(before) {
      for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
        for (const { Key = "", LastModified } of Contents) {
          const isOld = LastModified !== undefined && LastModified < before;
          if (isOld && ours.test(Key.slice(prefix.length))) await remove(Key.slice(prefix.length));
        }
      }
    },
  };
}

/** Opens what the configuration names: `s3://bucket/prefix`, or a folder. */
export function openObjectStore(config: {
  OBJECT_STORE: string;
  S3_ENDPOINT?: string | undefined;
  S3_REGION: string;
  S3_ACCESS_KEY_ID?: string | undefined;
  S3_SECRET_ACCESS_KEY?: string | undefined;
}): ObjectStore {
  const address = /^s3:\/\/([^/]+)\/?(.*)$/.exec(config.OBJECT_STORE);
  if (!address) return openFolderStore(config.OBJECT_STORE);
  const [, bucket = "", path = ""] = address;
  return openS3Store({
    bucket,
    prefix: path === "" || path.endsWith("/") ? path : `${path}/`,
    endpoint: config.S3_ENDPOINT,
    region: config.S3_REGION,
    accessKeyId: config.S3_ACCESS_KEY_ID ?? "",
    secretAccessKey: config.S3_SECRET_ACCESS_KEY ?? "",
  });
}
