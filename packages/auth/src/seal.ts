// Secrets that must be readable again (signing secrets, stored answers) are sealed with AES-256-GCM before they reach
// the database; the key lives in the configuration only.
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { z } from "zod";

/** 96-bit nonces and 128-bit tags: NIST SP 800-38D, sections 5.2.1.1 and 5.2.1.2. */
const nonceBytes = 12;
const tagBytes = 16;

/** Configuration of the sealing key: 32 bytes in base64. */
export const sealKey = z
  .string()
  .transform((text) => Buffer.from(text, "base64"))
  .refine((key) => key.length === 32, "must be 32 bytes in base64 (openssl rand -base64 32)");

/** Encryption at rest, bound to a purpose. */
export type Seal = {
  /** Seals bytes for one purpose; `context` must be given again to open them. */
  close: (plain: Buffer, context: string) => Buffer;
  /** Opens sealed bytes; throws when they were changed or sealed for another context or with another key. */
  open: (sealed: Buffer, context: string) => Buffer;
};

/** Makes the seal of a 32-byte key. */
export function makeSeal(key: Buffer): Seal {
  return {
    close(plain, context) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(context));
      return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    open(sealed, context) {
      const nonce = sealed.subarray(0, nonceBytes);
      const tag = sealed.subarray(sealed.length - tagBytes);
      const decipher = createDecipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(context)).setAuthTag(tag);
      return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, sealed.length - tagBytes)), decipher.final()]);
    },
  };
}
