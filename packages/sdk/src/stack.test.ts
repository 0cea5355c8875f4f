// Every resource against a real stack: management, render, redirect and workers behind their gateway.
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { launch } from "@qrfactory/local/stack/stack.fixture";
import { readStackFile, type StackFile } from "@qrfactory/local/stack/stack-file";
import { freePort } from "@qrfactory/processes/ports";
import type { StartedProcess } from "@qrfactory/processes/process";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { decodeOne } from "@qrfactory/testing/decode";
import { QRFactory } from "./client.js";
import { ConflictError, NotFoundError, PermissionError, UnscannableError, ValidationError } from "./errors.js";
import { signedImageUrl } from "./signed-url.js";
import type { BulkJob, Code } from "./types.js";

const startMsMax = 90_000;
/** A scan or a call is counted within seconds; a busy machine takes its time. */
const countMsMax = 20_000;
const temp = makeTempDirectory();
let launcher: StartedProcess;
let stack: StackFile;
/** With the key of the demo, and as the person who owns it. */
let qr: QRFactory;
let owner: QRFactory;
let code: Code;

beforeAll(async () => {
  const dataDirectory = join(temp.path, "stack");
  const args = ["--port", String(await freePort())];
  launcher = await launch({ dataDirectory, timeoutMs: startMsMax, args });
  stack = readStackFile(join(dataDirectory, "stack.json"));
  qr = new QRFactory({ baseUrl: stack.gateway, apiKey: stack.demo.api_key });
  const { email, password } = stack.demo;
  const session = await qr.auth.logIn({ email, password });
  owner = new QRFactory({ baseUrl: stack.gateway, accessToken: () => session.access_token });
  code = await qr.codes.create({ name: "Menu", destination_url: "https://example.com/summer", tags: ["sdk"] });
}, startMsMax + 10_000);

afterAll(async () => {
  await launcher.stop("SIGTERM", 20_000);
  temp.remove();
}, 30_000);

async function all<Item>(list: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of list) items.push(item);
  return items;
}

const star = new TextEncoder().encode(
  '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><circle cx="32" cy="32" r="30" fill="#c00"/></svg>',
);

const scan = (shortId: string) => fetch(`${stack.gateway}/q/${shortId}`, { redirect: "manual", headers: phone });
const phone = {
  "User-Agent":
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
};

test("the service says how it is", async () => {
  expect((await qr.status()).status).toMatch(/^(ok|degraded)$/);
});

test("an image comes with its figures, and holds what was asked for", async () => {
  const { data: image, response } = await qr.generate({ data: "https://example.com/a?b=ü" }).withResponse();
  expect(await decodeOne(Buffer.from(image.bytes))).toBe("https://example.com/a?b=ü");
  expect([image.contentType, image.quotaRemaining]).toEqual(["image/png", Number.POSITIVE_INFINITY]);
  expect(["M", "Q", "H"]).toContain(image.errorCorrection);
  expect(image.score).toBeGreaterThan(90);
  expect(image.version).toBeGreaterThan(0);
  expect(image.widthMm).toBe(50.8);
  expect(image.plan).toBe("enterprise");
  expect(image.cacheKey).toMatch(/^[0-9a-f]{64}$/);
  expect(response.headers.get("x-request-id")).toBeTruthy();
  expect((await image.blob().arrayBuffer()).byteLength).toBe(image.bytes.length);
  const streamed = await new Response(image.stream()).arrayBuffer();
  expect(Buffer.from(streamed).equals(Buffer.from(image.bytes))).toBe(true);

  await until(async () => (await qr.generate({ data: "https://example.com/a?b=ü" })).cache === "HIT");
  expect((await qr.generate({ data: "https://example.com/a?b=ü" }, { fresh: true })).cache).toBe("BYPASS");
  await qr.forgetImage(image.cacheKey as string);
  expect((await qr.generate({ data: "https://example.com/a?b=ü" })).cache).toBe("MISS");
});

test("a logo may be bytes, and a contact is written as phones read it", async () => {
  const image = await qr.generate({
    ...{ data_type: "vcard", payload: { name: "Ada Lovelace", phones: ["+44 20 7946 0000"] } },
    ...{ logo: star, error_correction: "H" },
  });
  expect(await decodeOne(Buffer.from(image.bytes))).toContain("FN:Ada Lovelace");
  const svg = await qr.generate({ data: "https://example.com", format: "svg" });
  expect(svg.text()).toContain("<svg");
});

test("what would not scan is refused as such; validate and preview say and show it before", async () => {
  const faint = { data: "https://example.com", color: "#eeeeee" };
  await expect(qr.generate(faint)).rejects.toBeInstanceOf(UnscannableError);
  expect(await qr.validate(faint)).toMatchObject({ valid: false, code: "unscannable" });
  expect(await qr.validate({ data: "https://example.com" })).toMatchObject({ valid: true, errors: {} });
  expect((await qr.preview({ data: "https://example.com" })).contentType).toBe("image/png");
  await expect(qr.generate({ data: "" })).rejects.toMatchObject({
    constructor: ValidationError,
    code: "validation_failed",
    errors: { data: expect.any(Array) },
  });
});

test("a signed address is taken, with words that need escaping, and none that was changed", async () => {
  const fields = {
    data: "https://example.com/?a=b c&d=ü'(!)*~",
    size: 200,
    frame_style: "box",
    frame_label: "A+B",
  } as const;
  const { api_key: apiKey, signing_secret: signingSecret } = stack.demo;
  const expiresAt = new Date(Date.now() + 60_000);
  const url = await signedImageUrl(
    { ...fields, data: "https://example.com/?a=b%20c&d=%C3%BC'(!)*~" },
    { baseUrl: stack.gateway, apiKey, signingSecret, expiresAt },
  );
  expect(url).not.toContain(apiKey);
  const answer = await fetch(url);
  expect(answer.status).toBe(200);
  expect(await decodeOne(Buffer.from(await answer.arrayBuffer()))).toContain("https://example.com/?a=b%20c");
  const wifi = await signedImageUrl(
    { data_type: "wifi", payload: { ssid: "Guests", password: "correct horse" } },
    { baseUrl: stack.gateway, apiKey, signingSecret, expiresAt: Math.floor(Date.now() / 1_000) + 60 },
  );
  expect((await fetch(wifi)).status).toBe(200);
  expect((await fetch(url.replace("size=200", "size=201"))).status).toBe(401);
});

test("one call makes a code and draws it, once for its key", async () => {
  const request = {
    data_type: "dynamic",
    payload: { name: "In one call", destination_url: "https://example.com/one" },
  } as const;
  const image = await qr.generate(request, { idempotencyKey: "one-call" });
  const again = await qr.generate(request, { idempotencyKey: "one-call" });
  expect(again.shortId).toBe(image.shortId);
  expect(await decodeOne(Buffer.from(image.bytes))).toBe(image.publicUrl);
  expect((await qr.codes.get(image.shortId as string)).name).toBe("In one call");
});

test("a code is edited, read as it was, rolled back, and kept from edits of others", async () => {
  const { short_id: id } = code;
  const changed = await qr.codes.update(id, { destination_url: "https://example.com/winter" }, { ifVersion: 1 });
  expect(changed).toMatchObject({ version: 2, destination_url: "https://example.com/winter" });
  await expect(qr.codes.update(id, { name: "Late" }, { ifVersion: 1 })).rejects.toBeInstanceOf(ConflictError);
  expect((await qr.codes.get(id, { at: code.created_at })).destination_url).toBe("https://example.com/summer");
  const back = await qr.codes.rollback(id, 1);
  expect(back).toMatchObject({ version: 3, destination_url: "https://example.com/summer" });
  expect((await all(qr.codes.history(id))).map(({ version }) => version)).toEqual([3, 2, 1]);
});

test("an edit waits for its moment, and resolve sees it coming", async () => {
  const { short_id: id } = code;
  const at = new Date(Date.now() + 3_600_000).toISOString();
  const waiting = await qr.codes.schedule(id, { destination_url: "https://example.com/later", effective_at: at });
  expect(await all(qr.codes.scheduled(id))).toEqual([waiting]);
  expect((await qr.codes.resolve(id)).destination_url).toBe("https://example.com/summer");
  const later = await qr.codes.resolve(id, { at: new Date(Date.now() + 7_200_000).toISOString(), country: "AT" });
  expect(later.destination_url).toBe("https://example.com/later");
  await qr.codes.unschedule(id, waiting.id);
  expect((await qr.codes.scheduled(id).page()).count).toBe(0);
});

test("codes are listed across pages, edited together, exported, deleted and brought back", async () => {
  const made = await Promise.all(
    Array.from({ length: 5 }, (_, at) =>
      qr.codes.create({ name: `Row ${at}`, destination_url: `https://example.com/${at}`, tags: ["many"] }),
    ),
  );
  const listed = await all(qr.codes.list({ tag: "many", page_size: 2, ordering: "name" }));
  expect(listed.map(({ name }) => name)).toEqual(["Row 0", "Row 1", "Row 2", "Row 3", "Row 4"]);
  const changed = await qr.codes.updateMany({ filter: { tag: "many" } }, { folder: "Rows" });
  expect(changed).toEqual({ changed: 5 });
  const file = await qr.codes.exportAll({ format: "csv" });
  expect([file.fileName, file.contentType]).toEqual(["codes.csv", "text/csv; charset=utf-8"]);
  expect((await file.text()).match(/,Rows,/g)).toHaveLength(5);
  const [{ short_id: id }] = made as [Code];
  await qr.codes.delete(id);
  await expect(qr.codes.get(id)).rejects.toBeInstanceOf(NotFoundError);
  expect((await qr.codes.restore(id)).short_id).toBe(id);
  const image = await qr.codes.image(id, { format: "png", size: 300 });
  expect(await decodeOne(Buffer.from(image.bytes))).toBe(made[0]?.public_url);
  expect((await qr.analytics.orphans({ days: 7 })).days).toBe(7);
});

test("scans are counted as they come in, listed and exported", async () => {
  const { short_id: id } = code;
  const live = qr.analytics.live({ short_id: id });
  expect((await live.next()).value).toMatchObject({ scans: 0 });
  for (let times = 0; times < 3; times++) expect((await scan(id)).status).toBe(302);
  let seen = 0;
  while (seen < 3) seen = ((await live.next()).value as { scans: number }).scans;
  await live.return();
  await until(async () => (await qr.analytics.code(id)).total_scans === 3, { timeoutMs: countMsMax });
  const report = await qr.analytics.workspace({ interval: "hour", compare: "previous", country: "unknown" });
  expect(report.top_codes?.[0]).toMatchObject({ short_id: id, scans: 3 });
  const scans = await all(qr.analytics.scans({ short_id: id, limit: 2 }));
  expect(scans.map(({ os, device }) => [os, device])).toEqual(Array.from({ length: 3 }, () => ["iOS", "phone"]));
  const file = await qr.analytics.exportScans({ format: "ndjson" });
  expect((await file.text()).trim().split("\n")).toHaveLength(3);
}, 60_000);

test("an order is foreseen, placed, waited for and downloaded", async () => {
  const items = [{ data: "https://example.com/1", filename: "window" }, { data: "https://example.com/2" }];
  expect(await qr.bulk.dryRun({ items, defaults: { size: 300 } })).toMatchObject({
    dry_run: true,
    total: 2,
    credits: 2,
  });
  const order = await qr.bulk.create({ items, defaults: { size: 300 } });
  const seen: BulkJob[] = [];
  const done = await order.wait({ onProgress: (job) => seen.push(job) });
  expect(done).toMatchObject({ status: "completed", completed: 2, failed: 0 });
  expect(seen.at(-1)).toEqual(done);
  const file = await order.download();
  const bytes = await file.bytes();
  expect([file.contentType, bytes.length, new TextDecoder().decode(bytes.subarray(0, 2))]).toEqual([
    ...["application/zip", file.size, "PK"],
  ]);
  expect((await qr.bulk.get(order.id)).status).toBe("completed");
  await expect(order.cancel()).rejects.toBeInstanceOf(ConflictError);
  expect((await qr.bulk.list().page()).results[0]?.id).toBe(order.id);
}, 60_000);

test("a table with a logo is taken, and one with bad rows is refused by row", async () => {
  const csv = "url,filename,placement\nhttps://example.com/1,door,Door\n";
  const order = await qr.bulk.create({ csv, defaults: { logo: star, size: 400, error_correction: "H" } });
  expect((await order.wait({ pollMs: 100 })).status).toBe("completed");
  await expect(qr.bulk.create({ csv: "url,size\nhttps://example.com,5\n" })).rejects.toMatchObject({
    ...{ code: "bulk_rejected", status: 422 },
    errors: { "1": { size: expect.any(Array) } },
  });
}, 60_000);

test("keys are made, rotated and revoked by a person, not by a key", async () => {
  await expect(qr.keys.list().page()).rejects.toMatchObject({ status: 401 });
  const made = await owner.keys.create({ name: "Reader", scopes: ["codes:read"] });
  const reader = new QRFactory({ baseUrl: stack.gateway, apiKey: made.raw_key });
  expect((await reader.codes.get(code.short_id)).name).toBe("Menu");
  await expect(reader.codes.update(code.short_id, { name: "x" })).rejects.toBeInstanceOf(PermissionError);
  expect((await all(owner.keys.list())).map(({ name }) => name)).toContain("Reader");
  const rotated = await owner.keys.rotate(made.id, { overlap_seconds: 60 });
  expect(rotated.raw_key).not.toBe(made.raw_key);
  expect((await owner.keys.foreseeRevocation(rotated.id)).effects.length).toBeGreaterThan(0);
  await owner.keys.revoke(rotated.id);
});

test("usage, calls and the trail tell what was done", async () => {
  expect(await qr.usage.get()).toMatchObject({ plan: "enterprise", key_prefix: stack.demo.api_key.slice(0, 12) });
  expect((await owner.usage.details()).by_key.length).toBeGreaterThan(0);
  await until(async () => (await all(qr.calls.list({ limit: 2 }))).some(({ endpoint }) => endpoint === "generate"), {
    timeoutMs: countMsMax,
  });
  const [event] = (await owner.audit.list({ action: "key.revoked" }).page()).results;
  expect(event?.actor.name).toBe(stack.demo.email);
});

test("a person sees and changes their workspace, its members and their own session", async () => {
  expect((await owner.auth.me()).user.email).toBe(stack.demo.email);
  const changed = await owner.workspace.update({ scan_pages: { name: "Café Blau", contact: "mailto:a@example.com" } });
  expect(changed.scan_pages).toEqual({ name: "Café Blau", contact: "mailto:a@example.com" });
  expect((await owner.workspace.get()).id).toBe(stack.demo.workspace_id);
  const second = await owner.workspace.create({ name: "Second" });
  expect((await all(owner.workspace.list())).map(({ id }) => id)).toContain(second.id);
  const invited = await owner.members.invite({ email: "new@example.com", role: "viewer" });
  expect((await owner.members.changeRole(invited.id, "member")).role).toBe("member");
  expect((await all(owner.members.list())).map(({ email }) => email)).toContain("new@example.com");
  await owner.members.remove(invited.id);
  const visitor = new QRFactory({ baseUrl: stack.gateway });
  const password = "correct horse battery";
  const session = await visitor.auth.signUp({ email: "sdk@example.com", password, workspace_name: "SDK" });
  const tokens = await visitor.auth.refresh(session.refresh_token);
  await visitor.auth.logOut(tokens.refresh_token);
});
