// The promise behind every 302: what was appended is there after SIGKILL. The writer is a child process that runs this
// package's own sources.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "@jest/globals";
import { startScript } from "@qrfactory/testing/process";
import { makeTempDirectory } from "@qrfactory/testing/temp";
import { until } from "@qrfactory/testing/until";
import { transformSync } from "@swc/core";
import { openSpool } from "./spool.js";

const temp = makeTempDirectory("spool-crash-");
afterAll(() => temp.remove());

/** Appends from many callers without end; each writes down what was acknowledged to it. */
const writerSource = `
  import { openSync, writeSync } from "node:fs";
  import { openSpool } from "./spool.js";
  const [directory, acknowledged, round] = process.argv.slice(2);
  const spool = openSpool({ directory, segmentBytesMax: 100_000 });
  const out = openSync(acknowledged, "a");
  async function caller(name) {
    for (let n = 1; ; n++) {
      const record = JSON.stringify({ round, name, n, filler: "x".repeat((n * 37) % 400) });
      await spool.append(record);
      writeSync(out, record + "\\n");
    }
  }
  console.log("appending");
  for (let name = 0; name < 20; name++) void caller(name);
`;

function compileSources(): string {
  const folder = join(temp.path, "sources");
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  const sources = fileURLToPath(new URL(".", import.meta.url));
  for (const name of readdirSync(sources).filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))) {
    const { code } = transformSync(readFileSync(join(sources, name), "utf8"), {
      jsc: { parser: { syntax: "typescript" }, target: "es2022" },
      module: { type: "es6" },
    });
    writeFileSync(join(folder, `${basename(name, ".ts")}.js`), code);
  }
  writeFileSync(join(folder, "child.js"), writerSource);
  return join(folder, "child.js");
}

test("every acknowledged record is there after kill -9 under load, once each, again and again", async () => {
  const script = compileSources();
  const directory = join(temp.path, "spool");
  const acknowledged = join(temp.path, "acknowledged");
  writeFileSync(acknowledged, "");
  const linesIn = () => readFileSync(acknowledged, "utf8").split("\n").slice(0, -1);
  for (let round = 1; round <= 3; round++) {
    const before = linesIn().length;
    const child = await startScript(script, { args: [directory, acknowledged, String(round)] });
    await child.waitForLine(/appending/);
    await until(() => linesIn().length > before + 2_000);
    child.kill("SIGKILL");
    await child.exited;
  }

  const spool = openSpool({ directory });
  const found: string[] = [];
  for (let next = 1; ; ) {
    const read = await spool.read(next, 10_000, 1_000_000);
    if (!read) break;
    // Nothing is missing in between either.
    expect(read.firstSequence).toBe(next);
    if (read.count > 0) found.push(...read.lines.toString().split("\n"));
    next += read.count;
  }
  expect(found.length).toBe(spool.nextSequence - 1);
  await spool.close();
  const kept = new Set(found);
  expect(kept.size).toBe(found.length);
  expect(linesIn().filter((record) => !kept.has(record))).toEqual([]);
});
