// `npm run show -- cameras`: random designs under simulated cameras, read by five decoders, beside two peers.
import { writeFileSync } from "node:fs";
import { printFactors } from "./fit-score.js";
import { measureDesigns } from "./measure-designs.js";
import { fallsBehind, reportOf } from "./report.js";

/** Defaults: four hundred designs take some ten minutes on two processors. */
const designsUnlessTold = 400;
const runUnlessTold = 1;

/** For further study; in the working directory, not committed. */
const resultFile = "cameras-results.json";

/**
 * With `fit` prints the factors of the scan score; else measures so many designs of a run, writes the report into a
 * file and all readings beside; whether ours fall behind the styled peer nowhere. Throws where a number is none, and
 * where a decoder cannot run.
 */
export async function showCameras(file: string, [count, run]: string[]): Promise<boolean> {
  if (count === "fit") {
    await printFactors();
    return true;
  }
  const startedAt = performance.now();
  const numbers = { count: wholeOr(count, designsUnlessTold), run: wholeOr(run, runUnlessTold) };
  const measured = await measureDesigns(numbers.count, numbers.run);
  const report = reportOf(measured, numbers.run);
  writeFileSync(file, report);
  writeFileSync(resultFile, JSON.stringify(measured));
  console.log(`\n${report}\nIt took ${Math.round((performance.now() - startedAt) / 1_000)} s.`);
  return fallsBehind(measured).length === 0;
}

function wholeOr(given: string | undefined, otherwise: number): number {
  if (given === undefined) return otherwise;
  if (/^[1-9]\d{0,4}$/.test(given)) return Number(given);
  throw new Error(`cameras takes how many designs and which run, whole numbers from 1 to 99999, or fit; not ${given}.`);
}
