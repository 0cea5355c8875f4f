import { createHmac, randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createSigningSecret, signingSecretContext } from "@qrfactory/auth/api-key";
import { makeSeal } from "@qrfactory/auth/seal";
import { rotateKey } from "@qrfactory/db/keys/api-keys";
import type { PlanName } from "@qrfactory/domain/plan/plans";
import { decodeOne } from "@qrfactory/testing/decode";
import { fetchOurs } from "@qrfactory/testing/http-message";
import { type Assembled, startAssembled } from "../assembled.fixture.js";
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

const get = (address: string, headers: Record<string, string> = {}) => fetchOurs(service.url + address, { headers });

test("a signed address is an image that anyone may fetch and keep, for a credit", async () => {
  const signer = await addSigner();
  const response = await get(sign(signer, { data: url, size: "300", quiet_zone: "2", logo_clear_zone: "false" }));
  expect(response.status).toBe(200);
  expect(response.headers.get("Content-Type")).toBe("image/png");
  expect(response.headers.get("Cache-Control")).toMatch(/^public, max-age=(5\d|60)$/);
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
  expect(again.headers.get("Cache-Control")).toMatch(/^public, max-age=(5\d|60)$/);
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

test("an image is kept for a day, or until its address or its key ends", async () => {
  const signer = await addSigner();
  const nowSeconds = Math.floor(Date.now() / 1_000);
  const ageOf = async (expires: number) =>
    Number(
      /^public, max-age=(\d+)$/.exec(
        (await get(sign(signer, { data: url }, String(expires)))).headers.get("Cache-Control") ?? "",
      )?.[1],
    );
  expect(await ageOf(nowSeconds + 90_000)).toBe(86_400);
  expect(await ageOf(nowSeconds + 1_000)).toBeGreaterThan(900);
  expect(await ageOf(nowSeconds + 1_000)).toBeLessThanOrEqual(1_000);
  const brief = await addSigner();
  await service.db.apiKey.update({ where: { id: brief.keyId }, data: { expiresAt: new Date(Date.now() + 30_000) } });
  const answer = await get(sign(brief, { data: url }, String(nowSeconds + 90_000)));
  expect(answer.headers.get("Cache-Control")).toMatch(/^public, max-age=[12]\d$/);
});

test.each<[string, (address: string, resign: (text: string) => string) => string, RegExp]>([
  ["milliseconds", (address) => address.replace(/expires=(\d+)/, "expires=$1000"), /milliseconds/],
  ["a moment in words", (address) => address.replace(/expires=\d+/, "expires=tomorrow"), /^expires is/],
  ["a whole key", (address) => address.replace(/key=\w+/, "$&abcdefgh"), /^key is the key_prefix/],
  ["a signature in base64", (address) => address.replace(/sig=.*/, "sig=abcd"), /^sig is an HMAC/],
  ["nothing", () => path, /lacks key, expires, sig/],
  ["another order", (address, resign) => resign(address.replace(/\?(.*?)&(.*?)&sig.*/, "?$2&$1")), /sort them first/],
  [
    "another slash",
    (address, resign) =>
      `${address.split("&sig")[0]}&sig=${/sig=(.*)/.exec(resign((address.split("&sig")[0] as string).replace("/?", "?")))?.[1]}`,
    /trailing slash/,
  ],
  ["a change", (address) => address.replace("size=200", "size=201"), /of \/api\/v1\/generate\/\?data=.*&size=201\.$/],
])("of an address with %s it is said what is wrong", async (_name, change, detail) => {
  const signer = await addSigner();
  const resign = (text: string) => `${text}&sig=${createHmac("sha256", signer.secret).update(text).digest("hex")}`;
  const response = await get(change(sign(signer, { data: url, size: "200" }), resign));
  expect(response.status).toBe(401);
  expect(((await response.json()) as { detail: string }).detail).toMatch(detail);
});

test("who cannot sign learns nothing of keys: whether there is one, and whether it was revoked", async () => {
  const [known, revoked, unknown] = [
    await addSigner(),
    await addSigner(),
    { ...(await addSigner()), keyPrefix: "smk_abcdefgh" },
  ];
  await service.db.apiKey.update({ where: { id: revoked.keyId }, data: { revokedAt: new Date() } });
  const expires = later();
  const details = [];
  for (const signer of [known, revoked, unknown]) {
    const address = sign({ ...signer, secret: "a guess" }, { data: url }, expires);
    const answer = await get(address);
    const { detail } = (await answer.json()) as { detail: string };
    details.push([answer.status, detail.replaceAll(signer.keyPrefix, "smk_")]);
  }
  expect(details[1]).toEqual(details[0]);
  expect(details[2]).toEqual(details[0]);
});

test("the addresses of a revoked key end with it", async () => {
  const signer = await addSigner();
  await service.db.apiKey.update({ where: { id: signer.keyId }, data: { revokedAt: new Date() } });
  expect((await get(sign(signer, { data: url }))).status).toBe(401);
});

test("after a rotation with an overlap both secrets sign, the old one until the overlap ends", async () => {
  const old = await addSigner();
  const fresh = await addSigner();
  const { keyId, workspaceId } = old;
  const secret = createSigningSecret();
  const signingSecretSealed = makeSeal(service.sealKey).close(Buffer.from(secret), signingSecretContext);
  const secrets = { hash: randomBytes(32), keyPrefix: fresh.keyPrefix.replace(/^smk_./, "smk_-"), signingSecretSealed };
  const overlapUntil = new Date(Date.now() + 20_000);
  await rotateKey(service.db, { workspaceId, keyId, secrets, overlapUntil });
  const expires = String(Math.floor(Date.now() / 1_000) + 3_600);
  const answer = await get(sign(old, { data: url }, expires));
  expect([answer.status, answer.headers.get("Cache-Control")]).toEqual([200, expect.stringMatching(/max-age=1?\d$/)]);
  const rotated = { ...old, secret, keyPrefix: secrets.keyPrefix };
  expect((await get(sign(rotated, { data: url }, expires))).status).toBe(200);
  expect((await get(sign({ ...rotated, secret: old.secret }, { data: url }, expires))).status).toBe(401);
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
