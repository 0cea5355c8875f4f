// The content-addressed cache of drawings. An entry carries the digest of its own content, so whatever a store hands
// back is either exactly what was put there under this key, or a miss. Never throws: without a cache everything works.
import { createHash } from "node:crypto";
import { errorCorrectionLevels } from "@qrfactory/domain/symbol/capacity";
import { z } from "zod";
import type { Drawing } from "../draw/draw-design.js";
import type { CacheStore } from "./cache-store.js";

/** First in every entry; raised when the layout below changes, which makes older entries misses. */
const entryLayout = 1;

const digestBytes = 32;
const lengthBytes = 4;

/** Facts of an entry beside its image. */
const entryHeader = z.object({
  version: z.int().min(1).max(40),
  errorCorrection: z.enum(errorCorrectionLevels),
  scan: z.object({ isReadable: z.boolean(), score: z.int().min(0).max(100), advice: z.string() }).nullable(),
  job: z.uuid().optional(),
});

/** A drawing, or null for a miss. */
export type CacheAnswer = {
  drawing: Drawing | null;
  /** False when the store did not answer; asking or storing again would only take more time. */
  isReachable: boolean;
};

/** Cache of drawings by the digest of their design. */
export type RenderCache = {
  /** The drawing under a key, if there is a sound one. Notes that the workspace rendered it. */
  find(key: string, workspaceId: string): Promise<CacheAnswer>;
  /** Keeps a drawing for 24 hours, in the place of what is there; may be lost. */
  record(key: string, workspaceId: string, drawing: Drawing): Promise<void>;
  /** Forgets a drawing if the workspace rendered it; false if not. Rejects when the store does not answer. */
  remove(key: string, workspaceId: string): Promise<boolean>;
};

/** Store behind the cache. */
export type RenderCacheOptions = {
  store: CacheStore;
  /** Told of an entry that did not pass its digest. */
  onDamaged?: (key: string) => void;
};

/** The cache over a store. */
export function makeRenderCache({ store, onDamaged }: RenderCacheOptions): RenderCache {
  return {
    async find(key, workspaceId) {
      const answer = await store.find(key, workspaceId).then(
        (entry) => ({ entry, isReachable: true }),
        () => ({ entry: null, isReachable: false }),
      );
      const drawing = answer.entry && unpack(key, answer.entry);
      if (answer.entry && !drawing) onDamaged?.(key);
      return { drawing, isReachable: answer.isReachable };
    },
    // A full or failing store only means that the next request draws again.
    record: (key, workspaceId, drawing) => store.put(key, workspaceId, pack(key, drawing)).catch(() => undefined),
    remove: (key, workspaceId) => store.remove(key, workspaceId),
  };
}

/** Layout: digest, length of the header, header as JSON, image. */
function pack(key: string, { bytes, ...header }: Drawing): Buffer {
  const head = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt32BE(head.length);
  const content = Buffer.concat([length, head, bytes]);
  return Buffer.concat([digest(key, content), content]);
}

function unpack(key: string, entry: Buffer): Drawing | null {
  const content = entry.subarray(digestBytes);
  if (!digest(key, content).equals(entry.subarray(0, digestBytes))) return null;
  const bodyStart = lengthBytes + content.readUInt32BE(0);
  const header = entryHeader.safeParse(JSON.parse(content.toString("utf8", lengthBytes, bodyStart)));
  return header.success ? { ...header.data, bytes: content.subarray(bodyStart) } : null;
}

/** The key is in it: a sound entry under another key is damage, too. */
function digest(key: string, content: Buffer): Buffer {
  return createHash("sha256").update(`${entryLayout} ${key} `).update(content).digest();
}
