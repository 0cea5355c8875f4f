// Addresses of images that need no key in a header, for pages and CDNs: signed here, without a call.
import type { Content, Design } from "./types.js";

export type SignedImage = {
  baseUrl: string;
  /** The API key, or its first twelve characters; only those become part of the address. */
  apiKey: string;
  /** `sms_…`, shown beside the key when it was made. Keep it on your server. */
  signingSecret: string;
  /** The last moment at which the address holds. */
  expiresAt: Date | number;
};

/** Characters of a key that name it. */
const keyPrefixLength = 12;

const path = "/api/v1/generate/";

/**
 * The address of an image, good for everyone until `expiresAt` (a Date, or seconds since 1970): HMAC-SHA-256 over the
 * path, `?` and the sorted parameters. Each image that is drawn for it costs its key a credit.
 */
export async function signedImageUrl(fields: Content & Design, signed: SignedImage): Promise<string> {
  const { expiresAt } = signed;
  const expires = typeof expiresAt === "number" ? expiresAt : Math.floor(expiresAt.getTime() / 1_000);
  const named = { ...fields, key: signed.apiKey.slice(0, keyPrefixLength), expires };
  const query = Object.entries(named)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${escaped(wordOf(value))}`)
    .sort()
    .join("&");
  const text = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const secret = await crypto.subtle.importKey("raw", text.encode(signed.signingSecret), algorithm, false, ["sign"]);
  const signature = await crypto.subtle.sign("HMAC", secret, text.encode(`${path}?${query}`));
  const hex = Array.from(new Uint8Array(signature), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${signed.baseUrl.replace(/\/+$/, "")}${path}?${query}&sig=${hex}`;
}

const wordOf = (value: unknown) => (typeof value === "object" ? JSON.stringify(value) : String(value));

/** As `encodeURIComponent`, and the marks that it leaves: a `'` is escaped on the way, after it was signed. */
const escaped = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
