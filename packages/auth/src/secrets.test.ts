import { randomBytes } from "node:crypto";
import { expect, test } from "@jest/globals";
import { createApiKey, hashApiKey, isWellFormedKey } from "@qrfactory/auth/api-key";
import { checkPassword, hashPassword } from "@qrfactory/auth/password";
import { makeSeal, sealKey } from "@qrfactory/auth/seal";
import fc from "fast-check";

test("every key is well formed and no two are alike", () => {
  const keys = Array.from({ length: 1_000 }, () => createApiKey());
  expect(new Set(keys.map((key) => key.raw)).size).toBe(1_000);
  for (const { raw, hash, keyPrefix } of keys) {
    expect(raw).toMatch(/^smk_[A-Za-z0-9_-]{36}$/);
    expect(isWellFormedKey(raw)).toBe(true);
    expect(hashApiKey(raw)).toEqual(hash);
    expect(keyPrefix).toBe(raw.slice(0, 12));
  }
});

test("a key with one character changed is not well formed", () => {
  const { raw } = createApiKey();
  for (let i = 4; i < raw.length; i++) {
    const changed = raw.slice(0, i) + (raw[i] === "A" ? "B" : "A") + raw.slice(i + 1);
    expect(isWellFormedKey(changed)).toBe(false);
  }
});

test("a password is recognised by its hash only", async () => {
  const hash = await hashPassword("correct horse battery");
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(await checkPassword(hash, "correct horse battery")).toBe(true);
  expect(await checkPassword(hash, "correct horse batterz")).toBe(false);
  expect(await checkPassword(null, "nobody has this password")).toBe(false);
});

test("what is sealed opens with the same key and context, and only then", () => {
  const [seal, other] = [makeSeal(randomBytes(32)), makeSeal(randomBytes(32))];
  fc.assert(
    fc.property(fc.uint8Array(), fc.string(), (bytes, context) => {
      const plain = Buffer.from(bytes);
      const sealed = seal.close(plain, context);
      expect(seal.open(sealed, context)).toEqual(plain);
      expect(() => seal.open(sealed, `${context}!`)).toThrow();
      expect(() => other.open(sealed, context)).toThrow();
      const damaged = Buffer.from(sealed);
      damaged[damaged.length >> 1] = (damaged[damaged.length >> 1] as number) ^ 1;
      expect(() => seal.open(damaged, context)).toThrow();
    }),
    { numRuns: 50 },
  );
});

test("a sealing key of another length is a mistake", () => {
  expect(sealKey.safeParse(randomBytes(16).toString("base64")).success).toBe(false);
  expect(sealKey.safeParse(randomBytes(32).toString("base64")).success).toBe(true);
});
