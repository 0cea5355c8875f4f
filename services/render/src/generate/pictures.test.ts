import { createServer } from "node:http";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { decodeOne } from "@qrfactory/testing/decode";
import { fetchOurs } from "@qrfactory/testing/http-message";
import { jpegOfScans } from "../pictures/hostile-forms.fixture.js";
import { makeImageDecoder } from "../pictures/image-decoder.js";
import { canvasOf, gif, jpegOf, patient, pngOf, webps } from "../pictures/pictures.fixture.js";
import { type DrawingPool, makeDrawingPool } from "../pool/drawing-pool.js";
import { imageOf, type Rig, startRig } from "../rig.fixture.js";

let pool: DrawingPool;
let rig: Rig;
beforeAll(async () => {
  pool = makeDrawingPool({ threads: 2, decoder: makeImageDecoder(patient) });
  rig = await startRig({ draw: pool.draw });
});
afterAll(async () => {
  await rig.stop();
  await pool.close();
});

const url = "https://example.com/menu/summer";
const logo = pngOf(300, 300);
const base64 = (bytes: Buffer) => bytes.toString("base64");

function sendForm(fields: Record<string, string>, files: Record<string, Buffer>): Promise<Response> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  for (const [name, bytes] of Object.entries(files)) form.set(name, new Blob([new Uint8Array(bytes)]), "any.name");
  const { rawKey } = rig.addKey("enterprise");
  return fetchOurs(`${rig.url}/api/v1/generate`, { method: "POST", headers: { "X-Api-Key": rawKey }, body: form });
}
const send = (body: object) => rig.generate(rig.addKey("enterprise"), body);

test("a logo is the same image by form, as base64 and as a data URL, and the second one is a hit", async () => {
  const answers = [
    await sendForm({ data: url, size: "800" }, { logo_file: logo }),
    await sendForm({ data: url, size: "800" }, { logo }),
    await send({ data: url, size: 800, logo: base64(logo) }),
    await send({ data: url, size: 800, logo: `data:image/png;base64,${base64(logo)}`, logo_size_ratio: 0.24 }),
  ];
  const images = await Promise.all(answers.map(imageOf));
  expect(answers.map((answer) => answer.headers.get("x-qr-cache"))).toEqual(["MISS", "HIT", "HIT", "HIT"]);
  expect(new Set(answers.map((answer) => answer.headers.get("x-qr-cache-key"))).size).toBe(1);
  expect(answers[0]?.headers.get("x-qr-error-correction")).toBe("H");
  expect(await decodeOne(images[0] as Buffer)).toBe(url);
});

test.each([
  ["a small logo", { logo_size_ratio: 0.1 }, pngOf(50, 50)],
  ["a logo of a quarter of the width", { logo_size_ratio: 0.25 }, jpegOf(400, 400)],
  ["a wide logo", { logo_size_ratio: 0.3 }, pngOf(400, 100)],
  ["a tall logo on dots", { pattern: "dot", eye_shape: "circle" }, pngOf(100, 300)],
  ["a GIF", {}, gif],
  ["a WebP", {}, webps.alpha],
  ["a logo over modules", { logo_clear_zone: false, logo_size_ratio: 0.2 }, pngOf(64, 64)],
  ["a glow that is cut off", { logo_neon_alpha: 200 }, canvasOf(90, 90, "rgba(0,200,255,0.4)").toBuffer("image/png")],
  ["a logo in a frame with a gradient", { gradient_from: "#003", gradient_to: "#063", frame_style: "box" }, logo],
])("%s leaves a code that is read", async (_name, fields, picture) => {
  for (const format of ["png", "jpeg"]) {
    const answer = await send({ data: url, size: 600, format, logo: base64(picture), ...fields });
    const bytes = await imageOf(answer);
    expect(Number(answer.headers.get("x-qr-scan-score"))).toBeGreaterThan(0);
    if (format === "png") expect(await decodeOne(bytes)).toBe(url);
  }
});

test("a background picture covers the square and leaves a code that is read", async () => {
  const background = canvasOf(900, 500, "#123456").toBuffer("image/jpeg");
  const answer = await sendForm({ data: url, size: "700" }, { background_image_file: background, logo_file: logo });
  expect(await decodeOne(await imageOf(answer))).toBe(url);
});

test("a background picture may be a WebP", async () => {
  const answer = await sendForm({ data: url, size: "700" }, { background_image_file: webps.lossy });
  expect(await decodeOne(await imageOf(answer))).toBe(url);
});

test("vectors hold the pictures, too", async () => {
  const body = { data: url, logo: base64(logo), background_image: base64(jpegOf(200, 200)) };
  const svg = await send({ ...body, format: "svg" });
  expect(svg.headers.get("content-security-policy")).toBe("default-src 'none'; img-src data:; sandbox");
  expect((await imageOf(svg)).toString().match(/<image /g)).toHaveLength(2);
  const pdf = await imageOf(await send({ ...body, format: "pdf" }));
  expect(pdf.toString("latin1").match(/\/Subtype\/Image/g)?.length).toBeGreaterThanOrEqual(2);
  const eps = await imageOf(await send({ ...body, format: "eps" }));
  expect(eps.toString("latin1").match(/\/ImageType/g)).toHaveLength(2);
});

test.each([
  ["a text as a logo", { logo: base64(Buffer.from("hello")) }, "image_rejected", "logo"],
  ["a logo twice", { logo: base64(logo), logo_url: "https://example.com/l.png" }, "validation_failed", "logo"],
  ["a logo that is too large", { logo: base64(logo), logo_size_ratio: 0.36 }, "validation_failed", "logo_size_ratio"],
])("%s is refused, free of charge", async (_name, fields, code, field) => {
  const key = rig.addKey("free");
  const answer = await rig.generate(key, { data: url, ...fields });
  expect(answer.status).toBe(400);
  const problem = (await answer.json()) as { code: string; errors: Record<string, string[]> };
  expect([problem.code, Object.keys(problem.errors)]).toEqual([code, [field]]);
  expect(await rig.used(key)).toBe(0);
});

test.each([
  ["a file nobody asked for", { evil_file: logo }, {}, "validation_failed"],
  ["a field nobody knows", {}, { sizee: "1" }, "validation_failed"],
  ["a number that is none", {}, { size: "6e2" }, "validation_failed"],
])("a form with %s is refused", async (_name, files, fields, code) => {
  const answer = await sendForm({ data: url, ...(fields as Record<string, string>) }, files as Record<string, Buffer>);
  expect(await answer.json()).toMatchObject({ status: 400, code });
});

test("a form that is broken or of another kind is refused", async () => {
  const { rawKey } = rig.addKey("free");
  const post = (type: string, body: string) =>
    fetchOurs(`${rig.url}/api/v1/generate`, {
      method: "POST",
      headers: { "X-Api-Key": rawKey, "Content-Type": type },
      body,
    });
  expect((await post("multipart/form-data", "x")).status).toBe(400);
  expect((await post("multipart/form-data; boundary=a", "--a\r\nnonsense")).status).toBe(400);
  expect((await post("text/csv", "data\r\nx")).status).toBe(415);
});

test("nine pictures of 3,000 scans at once cost their sender an answer each, and nobody else anything", async () => {
  const [sender, other] = [rig.addKey("enterprise"), rig.addKey("enterprise")];
  const hostile = base64(jpegOfScans(3_000, 2_000));
  const attack = Array.from({ length: 9 }, (_, i) => rig.generate(sender, { data: `${url}?${i}`, logo: hostile }));
  expect((await rig.generate(other, { data: url, size: 420, logo: base64(logo) })).status).toBe(200);
  for (const answer of await Promise.all(attack)) {
    expect(await answer.json()).toMatchObject({ code: "image_rejected", detail: expect.stringContaining("100 scans") });
  }
  expect([await rig.used(sender), await rig.used(other)]).toEqual([0, 1]);
});

test("nothing is fetched for a request that is wrong anyway", async () => {
  let asked = 0;
  const server = createServer(() => {
    asked += 1;
  }).listen(0, "127.0.0.1");
  const answer = await send({ data: url, size: 5, logo_url: "https://example.com/logo.png" });
  expect(await answer.json()).toMatchObject({ code: "validation_failed", errors: { size: expect.anything() } });
  expect(asked).toBe(0);
  server.close();
});
