// `npm run walk`: takes every step of the walk against the stack of a data directory, and fails at the first that does
// not hold.
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { readStackFile } from "./stack/stack-file.js";
import { walkSteps } from "./walk/steps.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const { values } = parseArgs({ options: { "data-dir": { type: "string" } } });
const dataDirectory = resolve(root, values["data-dir"] ?? process.env.DATA_DIR ?? ".local");

try {
  const startedAt = performance.now();
  const steps = walkSteps(readStackFile(join(dataDirectory, "stack.json")));
  for (const { promise, act } of steps) {
    const begunAt = performance.now();
    try {
      await act();
    } catch (error) {
      throw new Error(`✗ ${promise}\n${(error as Error).message}`);
    }
    console.log(`✓ ${promise} (${Math.round(performance.now() - begunAt)} ms)`);
  }
  console.log(`The walk took ${((performance.now() - startedAt) / 1000).toFixed(1)} s.`);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
