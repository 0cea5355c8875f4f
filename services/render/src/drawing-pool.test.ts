import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import { type Design, designRequest, readDesign } from "@qrfactory/domain/design";
import { plans } from "@qrfactory/domain/plans";
import { makeTempDirectory } from "@qrfactory/testing/temp";
import { until } from "@qrfactory/testing/until";
import { draw } from "./draw.js";
import { type DrawingPool, type DrawingPoolOptions, makeDrawingPool } from "./drawing-pool.js";

const pools: DrawingPool[] = [];
const directory = makeTempDirectory();
function startPool(options: DrawingPoolOptions): DrawingPool {
  const pool = makeDrawingPool(options);
  pools.push(pool);
  return pool;
}
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close();
});

/** Long enough to be drawn by a thread. */
const heavyText = "https://example.com/".padEnd(600, "x");
const designOf = (fields: object): Design =>
  readDesign(designRequest.parse({ data_type: "text", ...fields }), plans.enterprise).design;

test("a drawing of a thread is the same as one in place", async () => {
  const pool = startPool({ threads: 1 });
  for (const fields of [
    { data: heavyText },
    { data: heavyText, format: "svg" },
    { data: heavyText, color: "#0a3", size: 900 },
  ]) {
    const design = designOf(fields);
    const drawn = await pool.draw(design, { checked: true });
    expect(drawn).toEqual(await draw(design, { checked: true }));
    expect(Buffer.isBuffer(drawn.bytes)).toBe(true);
  }
});

test("a refusal keeps its code, its sentence and its field", async () => {
  const pool = startPool({ threads: 1 });
  const design = designOf({ data: heavyText.repeat(3), size: 100 });
  await expect(pool.draw(design, { checked: true })).rejects.toMatchObject({
    name: "ApiError",
    code: "unscannable",
    errors: { size: [expect.stringMatching(/^At least \d+ pixels\.$/)] },
  });
});

/** A worker that does what the text tells it. */
function writeWorker(): string {
  const file = join(directory.path, "worker.mjs");
  writeFileSync(
    file,
    `export default async ({ design }) => {
       if (design.text.includes("die")) process.exit(1);
       if (design.text.includes("hang")) await new Promise(() => setInterval(() => {}, 1000));
       return { drawing: { bytes: new Uint8Array([1]), version: 1, errorCorrection: "M", scan: null }, spentMs: 1 };
     };`,
  );
  return file;
}

test("a drawing that kills its thread fails alone, and the pool goes on", async () => {
  const pool = startPool({ threads: 1, workerFile: writeWorker() });
  const fine = designOf({ data: heavyText });
  for (let i = 0; i < 3; i++) {
    await expect(pool.draw(designOf({ data: `${heavyText}die` }), { checked: false })).rejects.toThrow();
    expect((await pool.draw(fine, { checked: false })).bytes).toEqual(Buffer.from([1]));
  }
  expect(pool.backlogMs()).toBe(0);
});

test("a drawing that nobody waits for any more is ended and makes room", async () => {
  const pool = startPool({ threads: 1, workerFile: writeWorker() });
  const leave = new AbortController();
  const hanging = pool.draw(designOf({ data: `${heavyText}hang` }), { checked: false, signal: leave.signal });
  const queued = pool.draw(designOf({ data: heavyText }), { checked: false });
  await until(() => pool.backlogMs() > 0);
  leave.abort();
  await expect(hanging).rejects.toThrow();
  expect((await queued).bytes).toEqual(Buffer.from([1]));
});
