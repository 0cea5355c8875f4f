// `npm run drills`: makes everything ready, then runs the drills; arguments are names of those to run.
import { orExplain } from "./progress.mjs";
import { setUp } from "./setup.mjs";

await orExplain(async () => {
  await setUp({ systemParts: ["postgresql", "redis", "nginx"] });
  await import("../drills/dist/main.js");
});
