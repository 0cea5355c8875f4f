// No body of any size holds up a service: each turn of the event loop stays short, each refusal small, and nothing is a
// 500.
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import fc from "fast-check";
import { type BulkRig, startBulkRig } from "../bulk/rig.js";
import {
  type Body,
  formShapes,
  jsonShapes,
  pictureShapes,
  rowShapes,
  type Shape,
  tableShapes,
} from "./hostile-bodies.fixture.js";

/** The longest turn that a body may cause, in processor time. */
const heldMsMax = 50;
const triesMax = 4;
const refusalBytesMax = 16_384;
/** Beyond the limits of every route. */
const [smallMax, jsonMax, pictureMax, tableMax] = [100_000, 1_000_000, 10_000_000, 21_000_000];
const timeoutMs = 240_000;

const temp = makeTempDirectory("qrfactory-holds-");
const holds = join(temp.path, "holds");
let rig: BulkRig;
let key: string;

beforeAll(async () => {
  mkdirSync(holds);
  const monitor = new URL("./loop-monitor.js", import.meta.url).href;
  rig = await startBulkRig({ environment: { NODE_OPTIONS: `--import ${monitor}`, LOOP_HOLDS: holds } });
  const made = await rig.send("/api/v1/keys", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ name: "key" }),
  });
  key = ((await made.json()) as { raw_key: string }).raw_key;
}, timeoutMs);
afterAll(async () => {
  await rig?.close();
  temp.remove();
});

type Answer = { status: number; bytes: number; retryAfter: string | undefined };

/** Sends a body and reads what comes back, as it lies on the wire. A connection that is cut counts as 413 was sent. */
function send(method: string, url: string, { bytes, headers }: Body): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const req = request(url, { method, headers: { ...headers, "X-Api-Key": key, "Content-Length": bytes.length } });
    req.on("response", (res) => {
      let length = 0;
      res.on("data", (chunk: Buffer) => {
        length += chunk.length;
      });
      res.on("end", () =>
        resolve({ status: res.statusCode ?? 0, bytes: length, retryAfter: res.headers["retry-after"] }),
      );
    });
    req.on("error", (error: NodeJS.ErrnoException) =>
      error.code === "EPIPE" || error.code === "ECONNRESET" ? undefined : reject(error),
    );
    req.end(bytes);
  });
}

/** The longest turns since the last look, in processor time. */
function takeHolds(): number[] {
  const files = readdirSync(holds).map((name) => join(holds, name));
  const found = files.flatMap((file) => readFileSync(file, "utf8").split("\n").filter(Boolean).map(Number));
  for (const file of files) rmSync(file);
  return found;
}

const management = (path: string) => rig.url + path;
const render = (path: string) => rig.renderUrl + path;

/** Those of JSON that a reader of rows may take otherwise than a reader of whole bodies. */
const someOf = (shapes: Record<string, Shape>) =>
  Object.fromEntries(
    ["members", "brackets", "white space", "one text", "one text of escapes", "packed white space"].map((name) => [
      name,
      shapes[name] as Shape,
    ]),
  );

/** Bodies by route, with the largest size. */
const targets: [name: string, method: string, url: () => string, shapes: Record<string, Shape>, sizeMax: number][] = [
  ["a refresh without log-in", "POST", () => management("/api/v1/auth/refresh/"), jsonShapes, smallMax],
  ["a log-in", "POST", () => management("/api/v1/auth/login/"), jsonShapes, smallMax],
  ["a code", "POST", () => management("/api/v1/dynamic/"), jsonShapes, jsonMax],
  ["an edit of many codes", "PATCH", () => management("/api/v1/dynamic/"), jsonShapes, jsonMax],
  [
    "a bulk order",
    "POST",
    () => management("/api/v1/generate/bulk/?dry_run=true"),
    { ...rowShapes, ...someOf(jsonShapes) },
    tableMax,
  ],
  ["a table", "POST", () => management("/api/v1/generate/bulk/?dry_run=true"), tableShapes, tableMax],
  ["a bulk form", "POST", () => management("/api/v1/generate/bulk/"), formShapes, tableMax],
  ["an image", "POST", () => render("/api/v1/generate/"), { ...jsonShapes, ...pictureShapes }, pictureMax],
  ["an image's form", "POST", () => render("/api/v1/generate/"), formShapes, pictureMax],
  ["a validation", "POST", () => render("/api/v1/validate/"), { ...jsonShapes, ...pictureShapes }, pictureMax],
];

test.each(targets)(
  "%s holds up nobody, whatever its body",
  async (_name, method, url, shapes, sizeMax) => {
    const names = Object.keys(shapes);
    const attempt = async (name: string, size: number) => {
      const body = (shapes[name] as Shape)(size);
      const answer = await send(method, url(), body);
      return { name, sent: body.bytes.length, ...answer };
    };
    // Warm-up: code is compiled at its first run.
    for (const name of names) await attempt(name, 20_000);
    takeHolds();
    /** The shortest longest turn of a few tries: what is collected as garbage meanwhile is not the body's doing. */
    const check = async (name: string, size: number) => {
      let answer = await attempt(name, size);
      let held = Math.max(0, ...takeHolds());
      for (let tries = 1; held > heldMsMax && tries < triesMax; tries += 1) {
        answer = await attempt(name, size);
        held = Math.min(held, Math.max(0, ...takeHolds()));
      }
      const isRefusal = answer.status >= 400;
      const problems = [
        ...(answer.status >= 500 && answer.status !== 503 ? [`answered ${answer.status}`] : []),
        ...(answer.status === 503 && !answer.retryAfter ? ["503 without Retry-After"] : []),
        ...(isRefusal && answer.bytes > refusalBytesMax ? [`a refusal of ${answer.bytes} bytes`] : []),
        ...(held > heldMsMax ? [`held the loop for ${held} ms`] : []),
      ];
      expect({ name, sent: answer.sent, problems }).toEqual({ name, sent: answer.sent, problems: [] });
    };
    for (const name of names) await check(name, sizeMax);
    // Few enough rows to be taken, each of which is looked at.
    for (const name of names) await check(name, Math.min(sizeMax, 45_000));
    const runs = { numRuns: 8 };
    await fc.assert(fc.asyncProperty(fc.constantFrom(...names), fc.integer({ min: 100, max: sizeMax }), check), runs);
  },
  timeoutMs,
);
