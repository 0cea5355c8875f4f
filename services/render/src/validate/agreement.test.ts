import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { makeInternalTokens } from "@qrfactory/auth/internal-token";
import { type ImageBatch, imageBatchPath, unpackAnswers } from "@qrfactory/domain/design/image-batch";
import { imageFormats } from "@qrfactory/domain/design/image-size";
import { eyeBorderShapes, eyeCenterShapes, frameStyles, patterns } from "@qrfactory/domain/design/style";
import { fetchOurs } from "@qrfactory/testing/http-message";
import fc from "fast-check";
import { PNG } from "pngjs";
import { makeImageDecoder } from "../pictures/image-decoder.js";
import { patient } from "../pictures/pictures.fixture.js";
import { type DrawingPool, makeDrawingPool } from "../pool/drawing-pool.js";
import { type Rig, startRig, type TestKey } from "../rig.fixture.js";
import type { Validation } from "./validate.js";

const tokens = makeInternalTokens("a secret of at least thirty-two characters");

let pool: DrawingPool;
let rig: Rig;
let key: TestKey;
beforeAll(async () => {
  pool = makeDrawingPool({ decoder: makeImageDecoder(patient) });
  rig = await startRig({ draw: pool.draw, judge: pool.judge });
  key = rig.addKey("enterprise");
});
afterAll(async () => {
  await rig.stop();
  await pool.close();
});

const post = (path: string, body: object, headers: Record<string, string>) =>
  fetchOurs(rig.url + path, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });

/** The codes of refusals by each road, null where it would deliver, and the score by the two that tell it. */
async function verdictsOn(body: Record<string, unknown>) {
  const drawn = await rig.generate(key, body);
  const generate = drawn.status === 200 ? null : ((await drawn.json()) as { code: string; detail: string });
  const validate = (await (await post("/api/v1/validate/", body, { "X-Api-Key": key.rawKey })).json()) as Validation;
  const batch: ImageBatch = {
    job_id: randomUUID(),
    workspace_id: key.record.workspace_id,
    plan: "enterprise",
    is_trial: true,
    requests: [body],
  };
  const trial = await post(imageBatchPath, batch, { Authorization: tokens.authorization() });
  const [answered] = unpackAnswers(Buffer.from(await trial.arrayBuffer()));
  const answer = answered?.answer ?? { outcome: "none" };
  return {
    generate: generate?.code ?? null,
    validate: validate.code,
    dryRun: "code" in answer ? answer.code : null,
    isValid: validate.valid,
    scores: [drawn.headers.get("X-QR-Scan-Score") ?? "0", String(validate.scan_score ?? 0)],
    details: [generate?.detail.replace(" Nothing was charged.", ""), "detail" in answer ? answer.detail : undefined],
  };
}

/** What all three have to say alike. */
async function expectAgreement(body: Record<string, unknown>): Promise<string | null> {
  const { generate, validate, dryRun, isValid, scores, details } = await verdictsOn(body);
  expect([validate, dryRun, isValid]).toEqual([generate, generate, generate === null]);
  expect(scores[1]).toBe(scores[0]);
  expect(details[1]).toBe(details[0]);
  return generate;
}

const logo = () => {
  const png = new PNG({ width: 40, height: 30 });
  png.data.fill(120);
  return PNG.sync.write(png).toString("base64");
};

test.each<[string, Record<string, unknown>]>([
  ["an eye that one decoder stumbles over", { eye_border_shape: "circle", size: 300 }],
  ["no quiet zone in a box", { quiet_zone: 0, frame_style: "box" }],
  ["a logo beyond its budget", { logo: logo(), logo_size_ratio: 0.35, logo_clear_zone: true }],
  ["pale colours", { color: "#ccc" }],
  ["pale colours in a report", { color: "#ccc", scan_check: "report" }],
  ["pale colours, unchecked", { color: "#ccc", scan_check: "off" }],
  ["a label that no font draws", { frame_style: "box", frame_label: "\u{10ffff}" }],
])("generate, validate and a dry run agree on %s", async (_name, fields) => {
  await expectAgreement({ data: "https://example.com/menu", ...fields });
});

const color = fc.constantFrom("#000", "#1d3557", "#7b2ff7", "#777", "#aaa", "#c2185b", "#fff");
const designs = fc.record(
  {
    data: fc.constantFrom(
      "https://example.com",
      `https://example.com/${"x".repeat(90)}`,
      "HTTPS://EXAMPLE.COM/Q/7K2MWX9P",
    ),
    size: fc.integer({ min: 100, max: 420 }),
    format: fc.constantFrom(...imageFormats),
    quiet_zone: fc.constantFrom(0, 1, 4),
    color,
    background: fc.constantFrom("white", "transparent", "#fdf6e3", "#000"),
    pattern: fc.constantFrom(...patterns),
    eye_border_shape: fc.constantFrom(...eyeBorderShapes),
    eye_center_shape: fc.constantFrom(...eyeCenterShapes),
    frame_style: fc.constantFrom(...frameStyles),
    logo: fc.constant(logo()),
    logo_size_ratio: fc.constantFrom(0.1, 0.24, 0.35),
    scan_check: fc.constantFrom("strict", "report", "off"),
  },
  { requiredKeys: ["data", "size"] },
);

test("generate, validate and a dry run agree on random designs", async () => {
  const outcomes = new Set<string | null>();
  await fc.assert(
    fc.asyncProperty(designs, async (design) => {
      outcomes.add(await expectAgreement(design));
    }),
    { numRuns: 80, seed: 2026 },
  );
  // Both kinds of answers were compared.
  expect([outcomes.has(null), outcomes.has("unscannable")]).toEqual([true, true]);
}, 120_000);
