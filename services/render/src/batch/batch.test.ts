import { createHash, randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { makeInternalTokens } from "@qrfactory/auth/internal-token";
import {
  type ImageBatch,
  imageBatchPath,
  picturesPath,
  unknownPictureStatus,
  unpackAnswers,
  verdictsPath,
} from "@qrfactory/domain/design/image-batch";
import { ApiError } from "@qrfactory/domain/http/errors";
import { decodeOne } from "@qrfactory/testing/decode";
import { fetchOurs } from "@qrfactory/testing/http-message";
import { drawDesign } from "../draw/draw-design.js";
import { pngOf } from "../pictures/pictures.fixture.js";
import { type Rig, startRig, type TestKey } from "../rig.fixture.js";

const tokens = makeInternalTokens("a secret of at least thirty-two characters");
const data = "https://example.com/menu";

let rig: Rig;
let key: TestKey;
let breaks = false;
beforeAll(async () => {
  rig = await startRig({
    draw: async (design, options) => {
      if (breaks) throw new Error("the thread died");
      if (design.text.endsWith("limited")) throw new ApiError("rate_limited", "Too many broken pictures.");
      return drawDesign(design, options);
    },
  });
  key = rig.addKey("pro");
});
afterAll(() => rig.stop());

const post = (path: string, body: unknown, authorization = tokens.authorization()) =>
  fetchOurs(rig.url + path, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: authorization },
    body: JSON.stringify(body),
  });

async function drawBatch(requests: ImageBatch["requests"], more: Partial<ImageBatch> = {}) {
  const batch: ImageBatch = { job_id: randomUUID(), workspace_id: randomUUID(), plan: "pro", requests, ...more };
  const response = await post(imageBatchPath, batch);
  expect(response.status).toBe(200);
  return [...unpackAnswers(Buffer.from(await response.arrayBuffer()))];
}

test("each request of a batch has its answer, in order, and none costs a credit here", async () => {
  const answers = await drawBatch([
    { data },
    { data, color: "#fefefe" },
    { data: "javascript:alert(1)" },
    { data, size: 300 },
  ]);
  expect(answers.map(({ answer: { outcome } }) => outcome)).toEqual(["drawn", "refused", "refused", "drawn"]);
  expect(answers[1]?.answer).toMatchObject({ code: "unscannable" });
  expect(await decodeOne(answers[3]?.image ?? Buffer.alloc(0))).toBe(data);
  expect([rig.calls.length, await rig.used(key)]).toEqual([0, 0]);
});

test("a batch larger than any buffer on its way comes whole", async () => {
  // Each is more than 64 KiB, which is when Node 22 and 24 call a response full.
  const requests = Array.from({ length: 4 }, (_, n) => ({
    data: `${data}/${n}`,
    format: "jpeg",
    size: 2_000,
    pattern: "dot",
  }));
  const answers = await drawBatch(requests);
  expect(answers.map(({ answer, image }) => [answer.outcome, (image?.length ?? 0) > 65_536])).toEqual(
    requests.map(() => ["drawn", true]),
  );
});

test("verdicts name what would be refused, as validate does, and draw nothing", async () => {
  const requests = [
    { data },
    { data, eye_color: "#eee" },
    { data: "no address" },
    { data_type: "text", data: "x".repeat(700), size: 100 },
    { data_type: "text", data: "x".repeat(3_000) },
    { data, size_inches: 1, dpi: 9_999 },
    { data, frame_style: "box", frame_label: "ᚠᚢᚦ" },
  ];
  const pictures = { digests: { logo: "0".repeat(64) }, sizes: { logo: { width: 300, height: 200 } } };
  const answer = await post(verdictsPath, { workspace_id: randomUUID(), plan: "pro", pictures, requests });
  const { verdicts } = (await answer.json()) as { verdicts: ({ code: string; errors: object } | null)[] };
  expect(verdicts.map((verdict) => verdict && [verdict.code, ...Object.keys(verdict.errors)])).toEqual([
    null,
    ["unscannable", "eye_color"],
    ["validation_failed", "data"],
    ["unscannable", "size"],
    ["payload_too_long", "data"],
    ["validation_failed", "dpi", "size_inches"],
    ["validation_failed", "frame_label"],
  ]);
});

test("what an order drew itself stays drawn when it asks again; another's is found", async () => {
  const requests = [{ data: `${data}?again` }];
  const job_id = randomUUID();
  const caches = [];
  for (const more of [{ job_id }, { job_id }, {}]) {
    const [one] = await drawBatch(requests, more);
    caches.push(one?.answer.outcome === "drawn" && one.answer.cache);
  }
  expect(caches).toEqual(["MISS", "MISS", "HIT"]);
});

test("a failure of ours puts a row off, and the rest of the batch is drawn", async () => {
  breaks = true;
  const [broken] = await drawBatch([{ data: `${data}?breaks` }]);
  breaks = false;
  expect(broken?.answer).toEqual({ outcome: "later", code: "internal" });
  const [again] = await drawBatch([{ data: `${data}?breaks` }]);
  expect(again?.answer.outcome).toBe("drawn");
});

test("a row after too many broken pictures is put off, not refused", async () => {
  const [limited] = await drawBatch([{ data: `${data}?limited` }]);
  expect(limited?.answer).toEqual({ outcome: "later", code: "rate_limited" });
});

test("a shared logo is on every image that names none of its own", async () => {
  const logo = pngOf(64, 64).toString("base64");
  const [plain, marked] = [await drawBatch([{ data }]), await drawBatch([{ data }], { pictures: { logo } })];
  const keys = [plain, marked].map(([one]) => one?.answer.outcome === "drawn" && one.answer.cache_key);
  expect(new Set(keys).size).toBe(2);
  const workspace_id = randomUUID();
  const digest = createHash("sha256").update(Buffer.from(logo, "base64")).digest("hex");
  expect(await (await post(picturesPath, { workspace_id, logo })).json()).toEqual({
    digests: { logo: digest },
    sizes: { logo: { width: 64, height: 64 } },
    fetched: {},
  });
  expect((await post(picturesPath, { workspace_id, logo: "bm90IGEgcGljdHVyZQ==" })).status).toBe(400);
});

test.each(["", "Bearer e30.e30.e30", makeInternalTokens("another secret of thirty-two characters").authorization()])(
  "nobody else may ask (%#)",
  async (authorization) => {
    for (const path of [imageBatchPath, picturesPath, verdictsPath])
      expect((await post(path, {}, authorization)).status).toBe(401);
  },
);

test("a picture that was sent, or checked for an order, is named by its digest from then on", async () => {
  const bytes = pngOf(65, 64);
  const digest = createHash("sha256").update(bytes).digest("hex");
  const batch = { job_id: randomUUID(), workspace_id: randomUUID(), plan: "pro", requests: [{ data, size: 400 }] };
  const named = { ...batch, picture_digests: { logo: digest } };
  expect((await post(imageBatchPath, named)).status).toBe(unknownPictureStatus);
  await post(picturesPath, { workspace_id: batch.workspace_id, logo: bytes.toString("base64") });
  const [byDigest, inFull] = await Promise.all(
    [named, { ...batch, pictures: { logo: bytes.toString("base64") } }].map(async (body) => {
      const response = await post(imageBatchPath, body);
      expect(response.status).toBe(200);
      return [...unpackAnswers(Buffer.from(await response.arrayBuffer()))][0];
    }),
  );
  expect(byDigest?.image).toEqual(inFull?.image);
  expect(byDigest?.answer).toMatchObject({ outcome: "drawn" });
});
