import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import { type Design, designRequest, readDesign } from "@qrfactory/domain/design/design";
import { plans } from "@qrfactory/domain/plan/plans";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { drawDesign } from "../draw/draw-design.js";
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

const workspaceId = "a workspace";

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
    const drawn = await pool.draw(design, { workspaceId, checked: true });
    expect(drawn).toEqual(await drawDesign(design, { checked: true }));
    expect(Buffer.isBuffer(drawn.bytes)).toBe(true);
  }
});

test("a refusal keeps its code, its sentence and its field", async () => {
  const pool = startPool({ threads: 1 });
  const design = designOf({ data: heavyText.repeat(3), size: 100 });
  await expect(pool.draw(design, { workspaceId, checked: true })).rejects.toMatchObject({
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
       return { drawing: { bytes: new Uint8Array([1]), version: 1, errorCorrection: "M", scan: null }, spentMs: 1 };
     };`,
  );
  return file;
}

test("a drawing that kills its thread fails alone, and the pool goes on", async () => {
  const pool = startPool({ threads: 1, workerFile: writeWorker() });
  const fine = designOf({ data: heavyText });
  for (let i = 0; i < 3; i++) {
    await expect(pool.draw(designOf({ data: `${heavyText}die` }), { workspaceId, checked: false })).rejects.toThrow();
    expect((await pool.draw(fine, { workspaceId, checked: false })).bytes).toEqual(Buffer.from([1]));
  }
  expect(pool.backlogMs()).toBe(0);
});

test("who leaves before their turn is not drawn; what has begun is finished, and nothing is ended under it", async () => {
  const pool = startPool({ threads: 1 });
  const styled = (data: string) =>
    designOf({ data, size: 2_000, pattern: "rounded", color: "#0a3", eye_color: "#a30" });
  const [begun, leaving] = [new AbortController(), new AbortController()];
  const first = pool.draw(styled("first"), { workspaceId, checked: false, signal: begun.signal });
  const second = pool.draw(styled("second"), { workspaceId, checked: false, signal: leaving.signal });
  const third = pool.draw(styled("third"), { workspaceId, checked: false });
  // The first has begun by now.
  await new Promise(setImmediate);
  leaving.abort(new Error("left"));
  begun.abort();
  await expect(second).rejects.toThrow("left");
  expect((await first).bytes.length).toBeGreaterThan(0);
  expect((await third).bytes.length).toBeGreaterThan(0);
  expect(pool.backlogMs()).toBe(0);
});
