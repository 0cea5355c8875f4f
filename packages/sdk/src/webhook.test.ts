import { expect, test } from "@jest/globals";
import { WebhookVerificationError } from "./errors.js";
import { secretA, secretB, signatureOf, signWebhook } from "./webhook.fixture.js";
import { verifyWebhook } from "./webhook.js";

const event = { type: "bulk.completed", data: { id: "order-1", name: "Grüße" } };

test("a webhook with the right signature gives its event, from text, bytes and any kind of headers", async () => {
  const { body, headers, secret, nowMs } = signWebhook(event);
  expect(await verifyWebhook(body, headers, secret, { nowMs })).toEqual(event);
  expect(await verifyWebhook(new TextEncoder().encode(body), new Headers(headers), secret, { nowMs })).toEqual(event);
  const upper = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]));
  expect(await verifyWebhook(body, upper, secret, { nowMs })).toEqual(event);
});

test("the example of Standard Webhooks holds", async () => {
  // standardwebhooks.com, symmetric signatures.
  const headers = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  };
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  expect(await verifyWebhook('{"test": 2432232314}', headers, secret, { nowMs: 1_614_265_330_000 })).toEqual({
    test: 2_432_232_314,
  });
});

test("while a secret is changed, either is good", async () => {
  const { body, headers, nowMs } = signWebhook(event, [secretA, secretB]);
  for (const secret of [secretA, secretB]) expect(await verifyWebhook(body, headers, secret, { nowMs })).toEqual(event);
});

test.each([-299, 0, 299])("clocks may differ by five minutes: %i s", async (seconds) => {
  const { body, headers, secret, nowMs } = signWebhook(event);
  expect(await verifyWebhook(body, headers, secret, { nowMs: nowMs + seconds * 1_000 })).toEqual(event);
});

const { body, headers, secret, nowMs } = signWebhook(event);
test.each<[string, string, Record<string, string>, string, number]>([
  ["another body", `${body} `, headers, secret, nowMs],
  ["another id", body, { ...headers, "webhook-id": "msg_2" }, secret, nowMs],
  ["another secret", body, headers, secretB, nowMs],
  ["an old message", body, headers, secret, nowMs + 301_000],
  ["a message from the future", body, headers, secret, nowMs - 301_000],
  ["a moment that was changed", body, { ...headers, "webhook-timestamp": "1800000001" }, secret, nowMs],
  ["a signature of another version", body, { ...headers, "webhook-signature": "v1a,AAAA" }, secret, nowMs],
  ["a signature that is no base64", body, { ...headers, "webhook-signature": "v1,%%%" }, secret, nowMs],
  ["no signature", body, { "webhook-id": "msg_1", "webhook-timestamp": "1800000000" }, secret, nowMs],
  ["a secret that is none", body, headers, "whsec_%%%", nowMs],
  ["an empty secret", body, headers, "whsec_", nowMs],
])("%s is refused", async (_name, text, given, key, now) => {
  await expect(verifyWebhook(text, given, key, { nowMs: now })).rejects.toBeInstanceOf(WebhookVerificationError);
});

test("of a list of signatures those that are none are passed over", async () => {
  const signed = signatureOf(secretA, `msg_1.1800000000.${body}`);
  const mixed = { ...headers, "webhook-signature": `v1a,x v1,%%% v2,${signed.slice(3)} ${signed}` };
  expect(await verifyWebhook(body, mixed, secretA, { nowMs })).toEqual(event);
});
