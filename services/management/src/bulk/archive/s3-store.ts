// Archives in a bucket of any service that speaks S3.
import { Readable } from "node:stream";
import { DeleteObjectCommand, GetObjectCommand, paginateListObjectsV2, S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { isOurs, type ObjectStore } from "./object-store.js";

/** Bucket, address and credentials of a store that speaks S3. */
export type S3Options = {
  bucket: string;
  /** Of a service that is not AWS. */
  endpoint?: string | undefined;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  /** Prefix of every name, e.g. `archives/`. */
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
          if (isOld && isOurs(Key.slice(prefix.length))) await remove(Key.slice(prefix.length));
        }
      }
    },
  };
}
