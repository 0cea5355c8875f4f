// Webhooks, checked as Standard Webhooks describes: HMAC-SHA-256 over the id, the moment and the body.
import { WebhookVerificationError } from "./errors.js";

/** Clocks of honest parties differ by less; an older message is a replay. */
const toleranceSecondsDefault = 5 * 60;

const secretPrefix = "whsec_";

export type VerifyOptions = {
  /** Difference of the clocks that is borne; five minutes unless told. */
  toleranceSeconds?: number;
  /** Milliseconds since 1970. */
  nowMs?: number;
};

type HeaderSource = Headers | Record<string, string | string[] | undefined>;

function headerOf(headers: HeaderSource, name: string): string {
  if (headers instanceof Headers) return headers.get(name) ?? "";
  const found = Object.entries(headers).find(([given]) => given.toLowerCase() === name)?.[1];
  return String(found ?? "");
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

/**
 * Returns the event of a webhook. `body` is the body as it arrived, not one that was parsed and written again; `secret`
 * is `whsec_…`. Of several signatures, as there are while a secret is changed, one has to fit. Throws
 * `WebhookVerificationError`.
 */
export async function verifyWebhook<Event = unknown>(
  body: string | Uint8Array,
  headers: HeaderSource,
  secret: string,
  { toleranceSeconds = toleranceSecondsDefault, nowMs = Date.now() }: VerifyOptions = {},
): Promise<Event> {
  const [id, timestamp, signatures] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) =>
    headerOf(headers, name),
  ) as [string, string, string];
  if (id === "" || signatures === "" || !/^\d{1,12}$/.test(timestamp)) {
    throw new WebhookVerificationError("The headers webhook-id, webhook-timestamp and webhook-signature are needed.");
  }
  if (Math.abs(nowMs / 1_000 - Number(timestamp)) > toleranceSeconds) {
    throw new WebhookVerificationError("The webhook is too old, or from the future.");
  }
  const raw = bytesOf(secret.startsWith(secretPrefix) ? secret.slice(secretPrefix.length) : secret);
  if (!raw || raw.length === 0) throw new WebhookVerificationError("The secret is not one: whsec_ and base64.");
  const text = typeof body === "string" ? body : new TextDecoder().decode(body);
  const signed = new TextEncoder().encode(`${id}.${timestamp}.${text}`);
  const key = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
  for (const signature of signatures.split(" ")) {
    const given = signature.startsWith("v1,") ? bytesOf(signature.slice(3)) : null;
    // The comparison takes the same time wherever the two differ.
    if (given && (await crypto.subtle.verify("HMAC", key, given, signed))) return JSON.parse(text) as Event;
  }
  throw new WebhookVerificationError("No signature of the webhook fits its body and this secret.");
}
