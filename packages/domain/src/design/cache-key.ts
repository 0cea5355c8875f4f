// The name of an image in the cache. Apart from the designs themselves, which are read in browsers, too.
import { createHash } from "node:crypto";
import { canonicalJson } from "../http/json.js";
import type { Design } from "./design.js";

/**
 * The name of an image in the cache, 64 hex digits: SHA-256 over the canonical JSON of the design and the version of
 * the renderer. The caller, the spelling and the scan check change no byte of the image. A
 * text that holds a secret is a name of its workspace's own: a hit would confirm another's guess of it.
 */
export function cacheKeyOf(design: Design, rendererVersion: number, workspaceId: string): string {
  const owner = holdsSecret(design.text) ? { workspaceId } : {};
  return createHash("sha256")
    .update(canonicalJson({ ...design, rendererVersion, ...owner }))
    .digest("hex");
}

/** Networks with their password, seeds of one-time passwords, and addresses with a user's password in them. */
const secretTexts = [/^WIFI:.*P:/is, /^otpauth(-migration)?:/i, /^[a-z][a-z0-9+.-]*:\/\/[^/?#@]*:[^/?#@]+@/i];

/** Whether a text holds what only its readers are to know. */
const holdsSecret = (text: string) => secretTexts.some((pattern) => pattern.test(text));
