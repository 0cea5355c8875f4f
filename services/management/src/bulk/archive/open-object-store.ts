// The store of archives that the configuration names.
import { openFolderStore } from "./folder-store.js";
import type { ObjectStore } from "./object-store.js";

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
