// Addresses of images that need no key, so that a page or a CDN can use them: signed with the secret of a key, which they
// name by its prefix. Whoever may see the address may fetch the image; what it costs is its key's.
import { createHmac, timingSafeEqual } from "node:crypto";
import { requireScope } from "@qrfactory/auth/caller";
import type { NoteKeyUse } from "@qrfactory/auth/key-use";
import { makeShortMemory } from "@qrfactory/auth/short-memory";
import type { SigningKey } from "@qrfactory/db/api-keys";
import { ApiError } from "@qrfactory/domain/errors";
import { isUsable } from "@qrfactory/domain/key-record";
import { plans } from "@qrfactory/domain/plans";
import type { CountCaller } from "@qrfactory/runtime/rate-limit";
import type { Guarded } from "@qrfactory/runtime/refusals";
import type { Request } from "express";
import type { RequireCaller } from "./caller.js";

/** The parameters that are not fields of the image. */
export const signatureFields = ["key", "expires", "sig"] as const;

/**
 * The same address gives the same image as long as its renderer lives; a day later it is asked for again. Whoever has the
 * address may embed and read the image, from any origin.
 */
export const signedHeaders = {
  "Cache-Control": "public, max-age=86400",
  "Access-Control-Allow-Origin": "*",
  "Cross-Origin-Resource-Policy": "cross-origin",
};

const prefixPattern = /^smk_[A-Za-z0-9_-]{8}$/;
const expiresPattern = /^\d{1,12}$/;
const signaturePattern = /^[0-9a-f]{64}$/i;

/**
 * The signature of an address, 64 hex digits: HMAC-SHA-256, keyed with the text of the signing secret, over the path as
 * it is requested, `?`, and the parameters without `sig`, sorted as they are spelled and joined by `&`.
 */
export function signatureOf(secret: string, pathAndQuery: string): string {
  return hmacOf(secret, pathAndQuery).toString("hex");
}

function hmacOf(secret: string, pathAndQuery: string): Buffer {
  const [path = "", query = ""] = splitOnce(pathAndQuery, "?");
  const signed = query.split("&").filter((parameter) => parameter !== "" && !/^sig(=|$)/.test(parameter));
  return createHmac("sha256", secret)
    .update(`${path}?${signed.sort().join("&")}`)
    .digest();
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}

export type RequireSignerOptions = {
  /** The active keys with a prefix. */
  loadKeys: (keyPrefix: string) => Promise<SigningKey[]>;
  /** Opens a sealed signing secret. */
  openSecret: (sealed: Buffer) => string;
  /** Puts off networks whose addresses are signed by nobody. */
  guarded: Guarded;
  /** Counts a request of a key against its plan; throws `rate_limited`. */
  countCaller: CountCaller;
  noteKeyUse?: NoteKeyUse;
  now?: () => Date;
};

/** Names the key that signed an address; throws `unauthenticated`, with one sentence for everything that does not fit. */
export function makeRequireSigner(options: RequireSignerOptions): RequireCaller {
  const { loadKeys, openSecret, guarded, countCaller, noteKeyUse, now = () => new Date() } = options;
  const findKeys = makeShortMemory({ load: loadKeys, now: () => now().getTime() });

  /** The key that signed; throws `unauthenticated`, without a look-up for a network that is put off. */
  async function findSigner(
    req: Request,
    [key, expires, sig]: [string, string, string],
    isPutOff: boolean,
  ): Promise<SigningKey> {
    const wellFormed = prefixPattern.test(key) && expiresPattern.test(expires) && signaturePattern.test(sig);
    const given = Buffer.from(sig, "hex");
    const signer = (wellFormed && !isPutOff ? await findKeys(key) : []).find(({ signingSecretSealed }) =>
      timingSafeEqual(hmacOf(openSecret(signingSecretSealed), req.originalUrl), given),
    );
    if (!signer || !isUsable(signer.record, now().getTime())) {
      throw new ApiError(
        "unauthenticated",
        "Send an address with key, expires and sig, signed as documented, or POST.",
      );
    }
    return signer;
  }

  return async function requireSigner(req, res) {
    const parameters = new URLSearchParams(splitOnce(req.originalUrl, "?")[1]);
    const named = signatureFields.map((name) => parameters.get(name) ?? "") as [string, string, string];
    // Keys are looked up by their prefix, so that is what makes a look-up worth its turn.
    const signer = await guarded(req, res, named[0], (isPutOff) => findSigner(req, named, isPutOff));
    // Signed by somebody all the same: pages outlive the addresses in them, and their readers are not put off.
    if (Number(named[1]) * 1_000 <= now().getTime()) {
      throw new ApiError("unauthenticated", "This address has expired; sign it again with a later expires.");
    }
    const { key_id: keyId, workspace_id: workspaceId, plan: planName, scopes, frozen, overage } = signer.record;
    const plan = plans[planName];
    await countCaller(res, { kind: "key", id: keyId, workspaceId }, plan.requestsPerMinute);
    requireScope({ scopes }, "render");
    noteKeyUse?.(keyId);
    return { keyId, workspaceId, plan, scopes, frozen, overage };
  };
}
