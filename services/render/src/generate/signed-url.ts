// Addresses of images that need no key, so that a page or a CDN can use them: signed with the secret of a key, which
// they name by its prefix. Everyone with the address may fetch the image, at the cost of its key.
import { createHmac, timingSafeEqual } from "node:crypto";
import { requireScope } from "@qrfactory/auth/caller";
import type { NoteKeyUse } from "@qrfactory/auth/key-use";
import { makeShortMemory } from "@qrfactory/auth/short-memory";
import type { SigningKey } from "@qrfactory/db/keys/api-keys";
import { isUsable } from "@qrfactory/domain/access/key-record";
import { ApiError } from "@qrfactory/domain/http/errors";
import { cut } from "@qrfactory/domain/http/listed-errors";
import { plans } from "@qrfactory/domain/plan/plans";
import type { CountCaller } from "@qrfactory/runtime/http/rate-limit";
import type { Guarded } from "@qrfactory/runtime/http/refusals";
import type { Request } from "express";
import type { Caller, RequireCaller } from "./caller.js";

/** The parameters that are not fields of the image. */
export const signatureFields = ["key", "expires", "sig"] as const;

/** A day later an image is asked for again, so that a better renderer is seen. */
const cacheSecondsMax = 86_400;

/**
 * The same address gives the same image as long as its renderer lives, but never longer than its signature holds.
 * Everyone with the address may embed and read the image, from any origin.
 */
export function signedHeaders({ validUntilMs = Number.POSITIVE_INFINITY }: Caller, now: Date): Record<string, string> {
  const left = Math.max(0, Math.floor((validUntilMs - now.getTime()) / 1_000));
  return {
    "Cache-Control": `public, max-age=${Math.min(cacheSecondsMax, left)}`,
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
  };
}

/** How an address authenticates (RFC 9110, 11.6.1), under a name of our own. */
const challenge = { headers: { "WWW-Authenticate": 'SignedUrl parameters="key expires sig"' } };

/** Pattern of each parameter of a signature, and the refusal of one that does not match. */
const shapes: [name: (typeof signatureFields)[number], pattern: RegExp, say: string][] = [
  ["key", /^smk_[A-Za-z0-9_-]{8}$/, "key is the key_prefix of an API key, its first 12 characters"],
  ["expires", /^(?!\d{13}$)/, "expires is in milliseconds; give seconds since 1970"],
  ["expires", /^\d{1,12}$/, "expires is a moment in whole seconds since 1970"],
  ["sig", /^[0-9a-f]{64}$/i, "sig is an HMAC-SHA-256 in 64 hex digits"],
];

/**
 * The signature of an address, 64 hex digits: HMAC-SHA-256, keyed with the text of the signing secret, over the path as
 * it is requested, `?`, and the parameters without `sig`, sorted as they are spelled and joined by `&`.
 */
export function signatureOf(secret: string, pathAndQuery: string): string {
  return hmacOf(secret, pathAndQuery).toString("hex");
}

const hmacOf = (secret: string, pathAndQuery: string): Buffer => digestOf(secret, signedText(pathAndQuery));

const digestOf = (secret: string, text: string): Buffer => createHmac("sha256", secret).update(text).digest();

/** The signed part of an address. */
function signedText(pathAndQuery: string, order: (parameters: string[]) => string[] = (all) => all.sort()): string {
  const [path = "", query = ""] = splitOnce(pathAndQuery, "?");
  const signed = query.split("&").filter((parameter) => parameter !== "" && !/^sig(=|$)/.test(parameter));
  return `${path}?${order(signed).join("&")}`;
}

/** Texts that are signed by mistake, and what is said of each. */
const mistaken: [textOf: (address: string) => string, say: string][] = [
  [(address) => signedText(address, (all) => all), "the parameters were signed in another order; sort them first"],
  [
    (address) => signedText(address).replace(/\/?\?/, (end) => (end === "/?" ? "?" : "/?")),
    "the path was signed with another trailing slash than it was sent with",
  ],
  [
    (address) => `${splitOnce(address, "?")[0]}?${decoded(address)}`,
    "the parameters were signed before they were percent-encoded; sign them as they are sent",
  ],
  [(address) => splitOnce(signedText(address), "?")[1], "the query was signed without the path"],
];

/** The sorted parameters as they were before they were encoded. */
function decoded(address: string): string {
  const [, query] = splitOnce(signedText(address), "?");
  try {
    return decodeURIComponent(query.replaceAll("+", " "));
  } catch {
    return query;
  }
}

/** Characters of the text to sign that a refusal repeats. */
const shownMax = 300;

/**
 * Why an address is not taken, for who signs it. Nothing in it tells more than the address: that a text was signed by
 * mistake is said only to who could sign it.
 */
function whyNot(address: string, [key, expires, sig]: [string, string, string], secrets: string[]): string {
  const named = { key, expires, sig };
  const missing = signatureFields.filter((name) => named[name] === "");
  if (missing.length > 0)
    return `This address lacks ${missing.join(", ")}; sign it as documented, or send a POST with an API key`;
  const misshapen = shapes.find(([name, pattern]) => !pattern.test(named[name]));
  if (misshapen) return misshapen[2];
  const given = Buffer.from(sig, "hex");
  const isSigned = (text: string) => secrets.some((secret) => timingSafeEqual(digestOf(secret, text), given));
  const mistake = mistaken.find(([textOf]) => isSigned(textOf(address)));
  if (mistake) return `sig does not fit: ${mistake[1]}`;
  return (
    "sig does not fit: it is to be the HMAC-SHA-256, keyed with the signing_secret of that key, " +
    `of ${cut(signedText(address), shownMax)}`
  );
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** Dependencies of signed addresses. */
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

/** Names the key that signed an address; throws `unauthenticated`, which says what does not fit. */
export function makeRequireSigner(options: RequireSignerOptions): RequireCaller {
  const { loadKeys, openSecret, guarded, countCaller, noteKeyUse, now = () => new Date() } = options;
  const findKeys = makeShortMemory({ load: loadKeys, now: () => now().getTime() });

  /** The key that signed; throws `unauthenticated`, without a look-up for a network that is put off. */
  async function findSigner(
    req: Request,
    [key, expires, sig]: [string, string, string],
    isPutOff: boolean,
  ): Promise<SigningKey> {
    const named = { key, expires, sig };
    const wellFormed = shapes.every(([name, pattern]) => pattern.test(named[name]));
    const given = Buffer.from(sig, "hex");
    const known = wellFormed && !isPutOff ? await findKeys(key) : [];
    const usable = known
      .filter(({ record }) => isUsable(record, now().getTime()))
      .map((signer) => ({ signer, secret: openSecret(signer.signingSecretSealed) }));
    const found = usable.find(({ secret }) => timingSafeEqual(hmacOf(secret, req.originalUrl), given));
    if (found) return found.signer;
    const secrets = usable.map(({ secret }) => secret);
    throw new ApiError("unauthenticated", `${whyNot(req.originalUrl, [key, expires, sig], secrets)}.`, challenge);
  }

  return async function requireSigner(req, res) {
    const parameters = new URLSearchParams(splitOnce(req.originalUrl, "?")[1]);
    const named = signatureFields.map((name) => parameters.get(name) ?? "") as [string, string, string];
    // Keys are looked up by their prefix, so that is what makes a look-up worth its turn.
    const signer = await guarded(req, res, named[0], (isPutOff) => findSigner(req, named, isPutOff));
    // Signed by somebody all the same: pages outlive the addresses in them, and their readers are not put off.
    if (Number(named[1]) * 1_000 <= now().getTime()) {
      throw new ApiError("unauthenticated", "This address has expired; sign it again with a later expires.", challenge);
    }
    const { key_id: keyId, workspace_id: workspaceId, plan: planName, scopes, frozen, overage } = signer.record;
    const ends = [
      Number(named[1]) * 1_000,
      signer.record.expires_at ? Date.parse(signer.record.expires_at) : [],
    ].flat();
    const plan = plans[planName];
    await countCaller(res, { kind: "key", id: keyId, workspaceId }, plan.requestsPerMinute);
    requireScope({ scopes }, "render");
    noteKeyUse?.(keyId);
    return { kind: "key", keyId, workspaceId, plan, scopes, frozen, overage, validUntilMs: Math.min(...ends) };
  };
}
