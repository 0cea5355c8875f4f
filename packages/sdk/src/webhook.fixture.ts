// Webhooks as a server signs them, by node:crypto: another implementation than the one under test.
import { createHmac, randomBytes } from "node:crypto";

export const secretA = `whsec_${randomBytes(24).toString("base64")}`;
export const secretB = `whsec_${randomBytes(24).toString("base64")}`;

/** A signature as Standard Webhooks writes it. */
export function signatureOf(secret: string, text: string): string {
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  return `v1,${createHmac("sha256", key).update(text).digest("base64")}`;
}

/** A webhook with its headers, signed by each of the secrets. */
export function signWebhook(event: unknown, secrets = [secretA], nowMs = 1_800_000_000_000) {
  const body = JSON.stringify(event);
  const timestamp = String(Math.floor(nowMs / 1_000));
  const signed = `msg_1.${timestamp}.${body}`;
  const headers = {
    "webhook-id": "msg_1",
    "webhook-timestamp": timestamp,
    "webhook-signature": secrets.map((secret) => signatureOf(secret, signed)).join(" "),
  };
  return { body, headers, secret: secrets[0] as string, nowMs };
}
