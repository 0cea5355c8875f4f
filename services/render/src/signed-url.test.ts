import { createHmac } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createSigningSecret, signingSecretContext } from "@qrfactory/auth/api-key";
import { makeSeal } from "@qrfactory/auth/seal";
import type { PlanName } from "@qrfactory/domain/plans";
import { decodeOne } from "@qrfactory/testing/decode";
import { type Assembled, startAssembled } from "./assembled.fixture.js";
import { signatureOf } from "./signed-url.js";

let service: Assembled;

beforeAll(async () => {
  service = await startAssembled();
});

afterAll(() => service.close());

const path = "/api/v1/generate/";
const url = "https://example.com/a b?c=d&e=ü".replace(" ", "%20");
const later = () => String(Math.floor(Date.now() / 1_000) + 60);

async function addSigner(plan: PlanName = "pro") {
  const secret = createSigningSecret();
  const sealed = makeSeal(service.sealKey).close(Buffer.from(secret), signingSecretContext);
  return { secret, ...(await service.addKey(plan, sealed)) };
}

type Signer = Awaited<ReturnType<typeof addSigner>>;

/** As a client would do it, from the contract alone. */
function sign(signer: Signer, fields: Record<string, string>, expires = later()): string {
  const parameters = new URLSearchParams({ ...fields, key: signer.keyPrefix, expires });
  parameters.sort();
  const sig = createHmac("sha256", signer.secret).update(`${path}?${parameters}`).digest("hex");
  return `${path}?${parameters}&sig=${sig}`;
}

const get = (address: string, headers: Record<string, string> = {}) => fetch(service.url + address, { headers });

test("a signed address is an image that anyone may fetch and keep, for a credit", async () => {
  const signer = await addSigner();
  const response = await get(sign(signer, { data: url, size: "300", quiet_zone: "2", logo_clear_zone: "false" }));
  expect(response.status).toBe(200);
  expect(response.headers.get("Content-Type")).toBe("image/png");
  expect(response.headers.get("Cache-Control")).toBe("public, max-age=86400");
  expect(response.headers.get("ETag")).toBe(`"${response.headers.get("X-QR-Cache-Key")}"`);
  expect(await decodeOne(Buffer.from(await response.arrayBuffer()))).toBe(url);
  expect(await service.used(signer)).toBe(1);
});

test("it is the very image that POST draws", async () => {
  const signer = await addSigner();
  const payload = { ssid: "Café", password: "correct horse" };
  const linked = await get(sign(signer, { data_type: "wifi", payload: JSON.stringify(payload), size: "200" }));
  const posted = await service.post(path, signer, { data_type: "wifi", payload, size: 200 });
  expect(posted.headers.get("X-QR-Cache")).toBe("HIT");
  expect(await posted.arrayBuffer()).toEqual(await linked.arrayBuffer());
});

test("who has the image gets 304 and pays nothing", async () => {
  const signer = await addSigner();
  const address = sign(signer, { data: url });
  const etag = (await get(address)).headers.get("ETag") as string;
  const again = await get(address, { "If-None-Match": `"other", W/${etag}` });
  expect(again.status).toBe(304);
  expect(again.headers.get("ETag")).toBe(etag);
  expect(again.headers.get("Cache-Control")).toBe("public, max-age=86400");
  expect(await again.text()).toBe("");
  expect((await get(address, { "If-None-Match": '"other"' })).status).toBe(200);
  expect(await service.used(signer)).toBe(2);
});

test.each<[string, (address: string) => string]>([
  ["a field changed", (address) => address.replace("size=200", "size=201")],
  ["a field added", (address) => `${address}&format=svg`],
  ["a later end", (address) => address.replace(/expires=\d+/, "expires=9999999999")],
  ["another key's prefix", (address) => address.replace(/key=smk_./, "key=smk_~")],
  ["a signature cut short", (address) => address.slice(0, -1)],
  ["no signature", (address) => address.replace(/&sig=.*/, "")],
  ["a second signature", (address) => address.replace("&sig=", `&sig=${"0".repeat(64)}&sig=`)],
  ["nothing at all", () => path],
])("an address with %s is refused", async (_name, change) => {
  const signer = await addSigner();
  const response = await get(change(sign(signer, { data: url, size: "200" })));
  expect(response.status).toBe(401);
  expect(response.headers.get("Cache-Control")).not.toContain("public");
  expect(await service.used(signer)).toBe(0);
});

test("the order of the parameters does not matter", async () => {
  const signer = await addSigner();
  const [base, query = ""] = sign(signer, { data: url, size: "200" }).split("?");
  expect((await get(`${base}?${query.split("&").reverse().join("&")}`)).status).toBe(200);
});

test("an address ends when it says", async () => {
  const signer = await addSigner();
  const expired = await get(sign(signer, { data: url }, String(Math.floor(Date.now() / 1_000))));
  expect(expired.status).toBe(401);
  expect(((await expired.json()) as { detail: string }).detail).toContain("expired");
});

test("the addresses of a revoked key end with it", async () => {
  const signer = await addSigner();
  await service.db.apiKey.update({ where: { id: signer.keyId }, data: { revokedAt: new Date() } });
  expect((await get(sign(signer, { data: url }))).status).toBe(401);
});

test("a signed address creates nothing and takes each field once", async () => {
  const signer = await addSigner();
  const payload = JSON.stringify({ name: "Menu", destination_url: "https://example.com/" });
  const creating = await get(sign(signer, { data_type: "dynamic", payload }));
  expect(creating.status).toBe(400);
  expect(await service.db.dynamicCode.count({ where: { workspaceId: signer.workspaceId } })).toBe(0);
  const query = `data=a%3Ab&data=c%3Ad&expires=${later()}&key=${signer.keyPrefix}`;
  const twice = await get(`${path}?${query}&sig=${signatureOf(signer.secret, `${path}?${query}`)}`);
  expect(((await twice.json()) as { errors: object }).errors).toHaveProperty("data");
});

test("the quota of a key holds for its addresses", async () => {
  const signer = await addSigner("free");
  const answers = await Promise.all(Array.from({ length: 55 }, () => get(sign(signer, { data: url }))));
  const count = (status: number) => answers.filter((answer) => answer.status === status).length;
  expect([count(200), count(429)]).toEqual([50, 5]);
});
