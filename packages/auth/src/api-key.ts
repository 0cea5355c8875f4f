// API keys: `smk_` and 36 URL-safe characters of which the last 6 are a checksum, so that a mistyped key is refused
// with no look-up. Only the SHA-256 of a key is ever stored; 180 random bits need no slow hash.
import { createHash, randomBytes } from "node:crypto";

const prefix = "smk_";
const randomLength = 30;
const checksumLength = 6;
const shownLength = 12;
const pattern = /^smk_[A-Za-z0-9_-]{36}$/;

/** A key that has just been made, with what is stored of it. */
export type NewApiKey = {
  /** The key itself: shown once, kept nowhere. */
  raw: string;
  /** SHA-256 of the key. */
  hash: Buffer;
  /** First 12 characters. */
  keyPrefix: string;
};

/** Draws a new key. */
export function createApiKey(): NewApiKey {
  const body = randomBytes(23).toString("base64url").slice(0, randomLength);
  const raw = `${prefix}${body}${checksum(body)}`;
  return { raw, hash: hashApiKey(raw), keyPrefix: raw.slice(0, shownLength) };
}

/** Whether the text has the form of a key and its checksum is right; says nothing about its existence. */
export function isWellFormedKey(raw: string): boolean {
  if (!pattern.test(raw)) return false;
  const body = raw.slice(prefix.length, prefix.length + randomLength);
  return raw.endsWith(checksum(body));
}

/** SHA-256 of a key: what the database and Redis know it by. */
export function hashApiKey(raw: string): Buffer {
  return createHash("sha256").update(raw).digest();
}

function checksum(body: string): string {
  return createHash("sha256").update(`${prefix}${body}`).digest("base64url").slice(0, checksumLength);
}

/** The purpose for which a signing secret is sealed in its key's row. */
export const signingSecretContext = "signing secret";

/** Draws the secret that signs render URLs: `sms_` and 43 URL-safe characters (256 bits). */
export function createSigningSecret(): string {
  return `sms_${randomBytes(32).toString("base64url")}`;
}
