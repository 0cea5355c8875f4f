import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { plans } from "@qrfactory/domain/plan/plans";
import { fetchOurs } from "@qrfactory/testing/http-message";
import { PNG } from "pngjs";
import { type DrawingPool, makeDrawingPool } from "../pool/drawing-pool.js";
import { imageOf, type Rig, startRig, type TestKey } from "../rig.fixture.js";
import type { Validation } from "./validate.js";

let pool: DrawingPool;
let rig: Rig;
let key: TestKey;
const url = "https://example.com/";

beforeAll(async () => {
  pool = makeDrawingPool();
  rig = await startRig({ draw: pool.draw, judge: pool.judge });
  key = rig.addKey("pro");
});

afterAll(async () => {
  await rig.stop();
  await pool.close();
});

const post = (body: object, headers: Record<string, string> = { "X-Api-Key": key.rawKey }) =>
  fetchOurs(`${rig.url}/api/v1/validate/`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });

async function validate(body: object): Promise<Validation> {
  const response = await post(body);
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as Validation;
}

function picture(width: number, height: number): string {
  return PNG.sync.write(new PNG({ width, height })).toString("base64");
}

const warningsOf = async (body: object) => (await validate(body)).warnings.map(({ code }) => code);

test("a good request has its figures, no warnings, and costs nothing", async () => {
  expect(await validate({ data: url, size_inches: 1, dpi: 300 })).toEqual({
    valid: true,
    code: null,
    errors: {},
    warnings: [],
    symbol: { version: 2, modules: 25, error_correction: "Q", modes: ["byte"] },
    print: { width_mm: 25.4, module_mm: 0.77, quiet_zone_mm: 3.08, max_scan_distance_mm: 192 },
    contrast_ratio: 21,
    logo: null,
    scan_score: 100,
    pixels: 300,
  });
  expect(await rig.used(key)).toBe(0);
  expect(rig.calls).toHaveLength(0);
});

test.each<[object]>([
  [{ data: "HTTPS://EXAMPLE.COM/12345678901234567890" }],
  [{ data_type: "text", data: "x".repeat(700), error_correction: "H", size: 1000 }],
  [{ data: url, logo: picture(40, 40), size: 1200 }],
  [{ data: url, logo: picture(80, 20), logo_size_ratio: 0.3, size: 1200 }],
  [{ data_type: "geo", payload: { latitude: 1, longitude: 2 } }],
])("the symbol it promises for request %# is the one that is drawn", async (body) => {
  const { symbol, pixels, valid } = await validate(body);
  const response = await rig.generate(key, { ...body, scan_check: "off" });
  expect(valid).toBe(true);
  expect(response.headers.get("X-QR-Version")).toBe(String(symbol?.version));
  expect(response.headers.get("X-QR-Error-Correction")).toBe(symbol?.error_correction);
  expect(PNG.sync.read(await imageOf(response)).width).toBe(pixels);
});

test.each<[object, string, string]>([
  [{ data: url, colour: "red" }, "validation_failed", "colour"],
  [{ data_type: "wifi", payload: {} }, "validation_failed", "payload.ssid"],
  [{ data_type: "text", data: "x".repeat(3_000) }, "payload_too_long", "data"],
  [{ data: url, size_inches: 15.5 }, "validation_failed", "size_inches"],
  [{ data_type: "text", data: "x".repeat(700), size: 100 }, "unscannable", "size"],
  [{ data_type: "text", data: "x".repeat(1_700), size_inches: 0.5, format: "pdf" }, "unscannable", "size"],
  [{ data: url, color: "#eee" }, "unscannable", "color"],
  [{ data: url, eye_color: "#eee" }, "unscannable", "eye_color"],
  [{ data: url, eye_color: "#eee", eye_border_color: "#ddd" }, "unscannable", "eye_color"],
  [{ data: url, eye_border_color: "#eee" }, "unscannable", "eye_border_color"],
  [{ data: url, logo: "AAAA" }, "image_rejected", "logo"],
  [{ data: url, logo_url: "http://127.0.0.1/logo.png" }, "url_refused", "logo_url"],
  [{ data: url, dpi: plans.pro.dpiMax + 1 }, "validation_failed", "dpi"],
])("request %# is refused by the field that generate would name", async (body, code, field) => {
  const answer = await validate(body);
  expect(answer).toMatchObject({ valid: false, code });
  expect(Object.keys(answer.errors)).toContain(field);
  const problem = (await (await rig.generate(key, body)).json()) as { code: string; errors: object };
  expect(problem.code).toBe(code);
  expect(Object.keys(problem.errors)).toContain(field);
});

test("colours that only a strict check refuses are a warning without it", async () => {
  const answer = await validate({ data: url, color: "#eee", scan_check: "report" });
  expect(answer).toMatchObject({ valid: true, errors: {} });
  expect(answer.warnings.map(({ code }) => code)).toEqual(["unscannable", "low_contrast"]);
});

test.each<[object, string]>([
  [{ data: url, color: "#888" }, "low_contrast"],
  [{ data: url, color: "white", background: "black" }, "inverted"],
  [{ data: url, quiet_zone: 2 }, "small_quiet_zone"],
  [{ data_type: "text", data: "x".repeat(200), size: 120 }, "small_modules"],
  [{ data_type: "text", data: "x".repeat(600) }, "dense"],
  [{ data: url, background: "transparent" }, "see_through_background"],
  [{ data_type: "wifi", payload: { ssid: "a", password: 'a;b"' } }, "short_password"],
  [{ data_type: "text", data: "café", text_encoding: "utf-8" }, "readers_disagree"],
  [{ data_type: "text", data: "café", text_encoding: "latin-1" }, "readers_disagree"],
  [{ data_type: "text", data: "日本語のテキスト" }, "readers_disagree"],
  [{ data: "https://example.com/café" }, "non_ascii_url"],
])("request %# is warned of what makes it harder to read", async (body, code) => {
  expect(await warningsOf(body)).toContain(code);
});

test("text that all readers agree on has no warning, and an address is shown as they all do", async () => {
  expect(await warningsOf({ data_type: "text", data: "café" })).toEqual([]);
  expect(await warningsOf({ data_type: "text", data: "日本語のテキスト", text_encoding: "utf-8-eci" })).toEqual([]);
  expect(await warningsOf({ data: "https://example.com/caf%C3%A9" })).toEqual([]);
  const { warnings } = await validate({ data: "https://münchen.example/größe?q=ñ" });
  expect(warnings).toEqual([
    {
      code: "non_ascii_url",
      message: expect.stringContaining("https://xn--mnchen-3ya.example/gr%C3%B6%C3%9Fe?q=%C3%B1 "),
    },
  ]);
});

test("a logo has its area and what the symbol can spare", async () => {
  const { logo } = await validate({ data: url, logo: picture(50, 50), size: 1200 });
  expect(logo?.area).toBeGreaterThan(0);
  expect(logo?.budget).toBeGreaterThanOrEqual(logo?.area ?? Number.NaN);
});

test("who may not call gets no verdict", async () => {
  expect((await post({ data: url }, {})).status).toBe(401);
  expect((await fetchOurs(`${rig.url}/api/v1/validate`)).status).toBe(405);
});
