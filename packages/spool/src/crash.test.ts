// The promise behind every 302: what was appended is there after SIGKILL. The writer is a process of its own.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "@jest/globals";
import { startScript } from "@qrfactory/processes/process";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { openSpool } from "./spool.js";

const temp = makeTempDirectory("spool-crash-");
afterAll(() => temp.remove());

test("every acknowledged record is there after kill -9 under load, once each, again and again", async () => {
  const script = fileURLToPath(new URL("./crash-writer.fixture.js", import.meta.url));
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
