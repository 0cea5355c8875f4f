import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { monthOf } from "@qrfactory/domain/plan/plans";
import { decodeOne } from "@qrfactory/testing/decode";
import { fetchOurs } from "@qrfactory/testing/http-message";
import fc from "fast-check";
import { PNG } from "pngjs";
import { imageOf, type Rig, startRig, type TestKey } from "../rig.fixture.js";

let rig: Rig;
let key: TestKey;
const url = "https://example.com/a?b=c";

beforeAll(async () => {
  rig = await startRig();
  key = rig.addKey("enterprise");
});

afterAll(() => rig.stop());

test("a bare URL becomes a PNG of 600 pixels that scans, with all there is to say of it", async () => {
  const response = await rig.generate(key, { data: url }, { "X-Request-Id": "my-request" });
  const bytes = await imageOf(response);
  expect(await decodeOne(bytes)).toBe(url);
  expect(PNG.sync.read(bytes)).toMatchObject({ width: 600, height: 600 });
  const headers = Object.fromEntries(response.headers);
  expect(headers).toMatchObject({
    "content-type": "image/png",
    "content-length": String(bytes.length),
    "x-request-id": "my-request",
    "x-content-type-options": "nosniff",
    "x-qr-cache": "MISS",
    "x-qr-plan": "enterprise",
    "x-qr-quota-remaining": "unlimited",
    "x-qr-version": "2",
    "x-qr-error-correction": "M",
    "x-qr-scan-score": "100",
    "x-qr-width-mm": "50.8",
    "x-qr-cache-key": expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(headers.etag).toBe(`"${headers["x-qr-cache-key"]}"`);
  expect(Number(headers["x-qr-duration-ms"])).toBeGreaterThan(0);
});

test("fields of the address are the defaults of those in the body", async () => {
  const post = (query: string, body: object) =>
    fetchOurs(`${rig.url}/api/v1/generate/${query}`, {
      method: "POST",
      headers: { "X-Api-Key": key.rawKey, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  const widthOf = async (response: Response) => PNG.sync.read(await imageOf(response)).width;
  expect(await widthOf(await post("?size=300", { data: url }))).toBe(300);
  expect(await widthOf(await post("?size=300", { data: url, size: 400 }))).toBe(400);
  const problem = await (await post("?sise=300", { data: url })).json();
  expect(problem).toMatchObject({ code: "validation_failed", errors: { sise: [expect.stringMatching(/size\?$/)] } });
});

test("the same request again is a hit with the same bytes, for another workspace and in another spelling, too", async () => {
  const body = { data: `${url}#again`, color: "#000", size: 300 };
  const first = await rig.generate(key, body);
  const bytes = await imageOf(first);
  const others: [TestKey, object][] = [
    [key, body],
    [
      rig.addKey("free"),
      { size: 300, color: "black", background: "#FFFFFFFF", data: `${url}#again`, data_type: "url" },
    ],
  ];
  for (const [caller, spelled] of others) {
    const response = await rig.generate(caller, spelled);
    expect((await imageOf(response)).equals(bytes)).toBe(true);
    expect(response.headers.get("x-qr-cache")).toBe("HIT");
    expect(response.headers.get("x-qr-duration-ms")).toBe("0");
    for (const name of ["etag", "x-qr-cache-key", "x-qr-version", "x-qr-error-correction", "x-qr-scan-score"]) {
      expect(response.headers.get(name)).toBe(first.headers.get(name));
    }
  }
});

test("every format says how wide it is on paper, and validate says the same", async () => {
  for (const format of ["png", "jpeg", "svg", "pdf", "eps"]) {
    for (const size of [{}, { size: 500, dpi: 127 }, { size_inches: 1.5 }]) {
      const body = { data: url, format, ...size };
      const response = await rig.generate(key, body);
      await imageOf(response);
      const validation = await fetchOurs(`${rig.url}/api/v1/validate/`, {
        method: "POST",
        headers: { "X-Api-Key": key.rawKey, "Content-Type": "application/json" },
        body: JSON.stringify(body),
      });
      const { print } = (await validation.json()) as { print: { width_mm: number } };
      const widthMm = "size_inches" in size ? 38.1 : "dpi" in size ? 100 : 50.8;
      expect([response.headers.get("X-QR-Width-Mm"), print.width_mm]).toEqual([String(widthMm), widthMm]);
    }
  }
});

test("Cache-Control: no-cache draws again, the same bytes", async () => {
  const bytes = await imageOf(await rig.generate(key, { data: `${url}#fresh` }));
  const response = await rig.generate(key, { data: `${url}#fresh` }, { "Cache-Control": "max-age=0, No-Cache" });
  expect(response.headers.get("x-qr-cache")).toBe("BYPASS");
  expect(Number(response.headers.get("x-qr-duration-ms"))).toBeGreaterThan(0);
  expect((await imageOf(response)).equals(bytes)).toBe(true);
});

test("any text comes back when its image is read", async () => {
  // A leading byte order mark is an encoding's signature to readers, not text; NUL ends a text for some of them.
  const text = fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 400 })
    .filter((candidate) => !/^\ufeff|\0/.test(candidate));
  const body = fc.record({
    data_type: fc.constant("text"),
    data: text,
    error_correction: fc.constantFrom("L", "M", "Q", "H"),
    size: fc.integer({ min: 200, max: 320 }),
    quiet_zone: fc.integer({ min: 1, max: 6 }),
  });
  await fc.assert(
    fc.asyncProperty(body, async (request) => {
      const bytes = await imageOf(await rig.generate(key, request));
      const { width, height } = PNG.sync.read(bytes);
      expect([width, height]).toEqual([request.size, request.size]);
      expect(await decodeOne(bytes)).toBe(request.data);
    }),
    { numRuns: 25 },
  );
});

test.each([100, 101, 599, 1_999, 2_000])("a PNG of %i pixels is exactly that wide and high", async (size) => {
  const bytes = await imageOf(await rig.generate(key, { data: "HTTPS://QR.EXAMPLE/Q/7K2MWX9P", size }));
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  expect([width, height]).toEqual([size, size]);
  expect(await decodeOne(bytes)).toBe("HTTPS://QR.EXAMPLE/Q/7K2MWX9P");
});

test("inches become pixels at their resolution, up to 6000", async () => {
  const bytes = await imageOf(await rig.generate(key, { data: url, size_inches: 10, dpi: 600 }));
  expect(bytes.readUInt32BE(16)).toBe(6_000);
  expect(bytes.includes("pHYs")).toBe(true);
});

test("the largest payload there is can be drawn and read", async () => {
  const data = "0123456789".repeat(709).slice(0, 7_089);
  const response = await rig.generate(key, { data_type: "text", data, error_correction: "L", size: 500 });
  expect(await decodeOne(await imageOf(response))).toBe(data);
  expect(response.headers.get("x-qr-version")).toBe("40");
});

test("error correction is raised while it costs nothing", async () => {
  const response = await rig.generate(key, { data: "HTTPS://A.EX/1", error_correction: "L" });
  expect(response.headers.get("x-qr-version")).toBe("1");
  expect(response.headers.get("x-qr-error-correction")).toBe("Q");
});

test("an SVG is a document that may do nothing", async () => {
  const response = await rig.generate(key, { data: url, format: "svg", size: 250 });
  expect(response.headers.get("content-type")).toBe("image/svg+xml");
  expect(response.headers.get("content-security-policy")).toBe("default-src 'none'; sandbox");
  expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  expect(await response.text()).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" width="250" height="250"/);
});

test("what would not scan is refused without a charge, reported, or not looked at, as asked", async () => {
  const body = { data: url, color: "#fff" };
  const caller = rig.addKey("free");
  const refused = await rig.generate(caller, body);
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({ code: "unscannable", detail: expect.stringContaining("contrast") });
  expect(await rig.used(caller)).toBe(0);

  const reported = await rig.generate(caller, { ...body, scan_check: "report" });
  expect([reported.status, reported.headers.get("x-qr-scan-score")]).toEqual([200, "0"]);
  const unchecked = await rig.generate(caller, { ...body, scan_check: "off" });
  expect([unchecked.status, unchecked.headers.get("x-qr-scan-score")]).toEqual([200, null]);
  expect(unchecked.headers.get("x-qr-cache-key")).toBe(reported.headers.get("x-qr-cache-key"));
  // The image lies in the cache now; a strict caller is refused all the same.
  expect((await rig.generate(caller, body)).status).toBe(400);
  expect(await rig.used(caller)).toBe(2);
});

test("an image that was stored unchecked is checked for the first who asks", async () => {
  const body = { data: `${url}#unchecked` };
  await imageOf(await rig.generate(key, { ...body, scan_check: "off" }));
  const checked = await rig.generate(key, body);
  expect([checked.headers.get("x-qr-cache"), checked.headers.get("x-qr-scan-score")]).toEqual(["MISS", "100"]);
  expect((await rig.generate(key, body)).headers.get("x-qr-cache")).toBe("HIT");
});

test("a code that does not fit its pixels is refused with the size that would do", async () => {
  const response = await rig.generate(key, { data_type: "text", data: "a".repeat(1_000), size: 100 });
  expect(response.status).toBe(400);
  const problem = (await response.json()) as { code: string; detail: string };
  expect(problem.code).toBe("unscannable");
  const size = Number(/at least (\d+) pixels/.exec(problem.detail)?.[1]);
  expect((await rig.generate(key, { data_type: "text", data: "a".repeat(1_000), size })).status).toBe(200);
  expect((await rig.generate(key, { data_type: "text", data: "a".repeat(1_000), size: size - 1 })).status).toBe(400);
});

test("with 10 credits left, 50 calls at once give 10 images and 40 refusals that say when to come back", async () => {
  const caller = rig.addKey("free", 40);
  const body = { data: `${url}#race` };
  const responses = await Promise.all(Array.from({ length: 50 }, () => rig.generate(caller, body)));
  const images = responses.filter((response) => response.status === 200);
  expect(images).toHaveLength(10);
  const left = images.map((response) => Number(response.headers.get("x-qr-quota-remaining")));
  expect(left.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const refusals = responses.filter((response) => response.status === 429);
  expect(refusals).toHaveLength(40);
  const problem = (await refusals[0]?.json()) as { code: string; detail: string };
  expect(problem.code).toBe("quota_exceeded");
  expect(problem.detail).toContain("50 images a month");
  const retryAfter = Number(refusals[0]?.headers.get("retry-after"));
  const then = new Date(Date.now() + retryAfter * 1_000 + 2_000);
  expect(monthOf(then)).not.toBe(monthOf(new Date()));
  expect(retryAfter).toBeLessThanOrEqual(31 * 86_400);
  const delivered = rig.calls.filter((call) => call.workspace_id === caller.record.workspace_id);
  expect(delivered).toHaveLength(10);
  expect(await rig.used(caller)).toBe(50);
});

test("a hit costs a credit like a miss, and each call is written down", async () => {
  const caller = rig.addKey("free");
  const body = { data: `${url}#ledger`, format: "svg" };
  const first = await rig.generate(caller, body);
  await rig.generate(caller, body);
  expect(await rig.used(caller)).toBe(2);
  const calls = rig.calls.filter((call) => call.key_id === caller.record.key_id);
  expect(calls.map((call) => call.cache)).toEqual(["MISS", "HIT"]);
  expect(new Set(calls.map((call) => call.id)).size).toBe(2);
  expect(calls[0]).toMatchObject({
    workspace_id: caller.record.workspace_id,
    request_id: first.headers.get("x-request-id"),
    endpoint: "generate",
    status: 200,
    cache_key: first.headers.get("x-qr-cache-key"),
    format: "svg",
    credits: 1,
  });
});

test.each([
  ["no key", null, { data: url }, 401, "unauthenticated"],
  ["an unknown key", "smk_unknown", { data: url }, 401, "unauthenticated"],
  ["text that is not JSON", undefined, "{", 400, "malformed_request"],
  ["a member named twice", undefined, '{"data":"a:b","data":"c:d"}', 400, "malformed_request"],
  ["no body", undefined, "", 400, "validation_failed"],
  ["a list", undefined, [], 400, "validation_failed"],
  ["an unknown field", undefined, { data: url, logos: "x" }, 400, "validation_failed"],
  ["a script", undefined, { data: "javascript:alert(1)" }, 400, "validation_failed"],
  ["too much data", undefined, { data_type: "text", data: "a".repeat(2_400) }, 400, "payload_too_long"],
  ["far too much data", undefined, { data_type: "text", data: "a".repeat(10_000_000) }, 413, "body_too_large"],
])("%s is refused with a problem document, and costs nothing", async (_name, who, body, status, code) => {
  const caller = rig.addKey("free");
  const sender = who === undefined ? caller : who === null ? null : { ...caller, rawKey: who };
  const response = await rig.generate(sender, body);
  expect(response.status).toBe(status);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(await response.json()).toMatchObject({ code, status, request_id: response.headers.get("x-request-id") });
  expect(await rig.used(caller)).toBe(0);
});

test("a plan that is too small is named with the one that would do", async () => {
  const response = await rig.generate(rig.addKey("free"), { data: url, size_inches: 5 });
  expect(response.status).toBe(403);
  expect(await response.json()).toMatchObject({ code: "plan_limit", detail: expect.stringContaining("starter") });
});

test("another media type is refused, and so is another method, with and without the slash", async () => {
  const form = await rig.generate(key, "data=x", { "Content-Type": "application/x-www-form-urlencoded" });
  expect([form.status, await form.json()]).toMatchObject([415, { code: "unsupported_media_type" }]);
  for (const path of ["/api/v1/generate", "/api/v1/generate/"]) {
    const response = await fetchOurs(rig.url + path, { method: "PUT", redirect: "manual" });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST, GET, HEAD"]);
  }
});

test("the trailing slash is optional", async () => {
  const headers = { "Content-Type": "application/json", "X-Api-Key": key.rawKey };
  const options = { method: "POST", headers, body: JSON.stringify({ data: url }), redirect: "manual" as const };
  expect((await fetchOurs(`${rig.url}/api/v1/generate`, options)).status).toBe(200);
});

test("an image can be forgotten by who rendered it, and by nobody else", async () => {
  const [owner, reader, stranger] = [rig.addKey("pro"), rig.addKey("pro"), rig.addKey("pro")];
  const body = { data: `${url}#forget` };
  const cacheKey = (await rig.generate(owner, body)).headers.get("x-qr-cache-key") ?? "";
  const unknown = await rig.remove(stranger, "0".repeat(64));
  const foreign = await rig.remove(stranger, cacheKey);
  expect([foreign.status, unknown.status]).toEqual([404, 404]);
  const bodies = (await Promise.all([foreign.json(), unknown.json()])) as { detail: string }[];
  expect(bodies[0]?.detail).toBe(bodies[1]?.detail);
  expect((await rig.remove(stranger, "not-a-key")).status).toBe(404);

  // A caller served from the cache has rendered it, too.
  expect((await rig.generate(reader, body)).headers.get("x-qr-cache")).toBe("HIT");
  expect((await rig.remove(reader, cacheKey)).status).toBe(204);
  expect((await rig.remove(owner, cacheKey)).status).toBe(404);
  expect((await rig.generate(owner, body)).headers.get("x-qr-cache")).toBe("MISS");
});
