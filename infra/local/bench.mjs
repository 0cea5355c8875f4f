// `npm run bench`: makes everything ready, then runs the benchmarks; arguments are theirs.
import { orExplain } from "./progress.mjs";
import { setUp } from "./setup.mjs";

await orExplain(async () => {
  await setUp({ systemParts: ["postgresql", "redis", "nginx", "wrk"] });
  await import("../bench/dist/main.js");
});
