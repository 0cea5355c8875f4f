// `npm test`: makes everything ready, then runs all tests on a private PostgreSQL. Arguments go to jest, e.g.
// `npm test -- packages/db`; `npm test -- --changed` runs what a change touches;
// `--no-build` skips the set-up and uses what was compiled before.
import { orExplain } from "./progress.mjs";
import { setUp } from "./setup.mjs";

const args = process.argv.slice(2);
await orExplain(async () => {
  const systemParts = ["postgresql", "redis", "nginx", "curl", "chromium", "python"];
  if (!args.includes("--no-build")) await setUp({ systemParts });
  const { runTests } = await import("./dist/test.js");
  process.exitCode = await runTests(args.filter((arg) => arg !== "--no-build"));
});
