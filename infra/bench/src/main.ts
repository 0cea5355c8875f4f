// `npm run bench [-- SUITE …]`: prints a table of ratios against peers measured in the same run and writes it as JSON.
import { writeFileSync } from "node:fs";
import { arch, cpus, totalmem } from "node:os";
import { type Comparison, compareImages, compareSymbols } from "./render.js";

const suites: Record<string, () => Promise<Comparison[]>> = {
  symbol: compareSymbols,
  render: compareImages,
};

/** Beside the working directory's package.json; not committed. */
const resultFile = "bench-results.json";

const names = process.argv.slice(2);
const unknown = names.filter((name) => !Object.hasOwn(suites, name));
if (unknown.length > 0) {
  console.error(`There is no suite ${unknown.join(", ")}; there are: ${Object.keys(suites).join(", ")}.`);
  process.exit(2);
}

const machine = {
  node: process.version,
  arch: arch(),
  cpu: cpus()[0]?.model ?? "unknown",
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
};
console.log(`${machine.cores} × ${machine.cpu}, ${machine.memoryGiB} GiB, Node ${machine.node}\n`);

const results: Record<string, Comparison[]> = {};
for (const name of names.length > 0 ? names : Object.keys(suites)) {
  const comparisons = await (suites[name] as () => Promise<Comparison[]>)();
  results[name] = comparisons;
  for (const { title, ours, timings } of comparisons) {
    const base = timings.find((timing) => timing.name === ours)?.medianMs as number;
    console.log(title);
    for (const { name: contender, medianMs, runs } of timings) {
      const ratio = (medianMs / base).toFixed(medianMs / base < 10 ? 2 : 0);
      console.log(
        `  ${contender.padEnd(24)}${medianMs.toFixed(3).padStart(10)} ms${ratio.padStart(9)} ×  (median of ${runs})`,
      );
    }
    console.log();
  }
}
writeFileSync(resultFile, `${JSON.stringify({ machine, results }, null, 2)}\n`);
console.log(`Written to ${resultFile}.`);
