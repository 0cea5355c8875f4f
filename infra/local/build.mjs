// `npm run build`: packages, generated client, compiled code; `--generate-only` stops before compiling.
import { orExplain, say } from "./progress.mjs";
import { setUp } from "./setup.mjs";

await orExplain(async () => {
  await setUp({ build: !process.argv.includes("--generate-only") });
  say("Everything is built.");
});
