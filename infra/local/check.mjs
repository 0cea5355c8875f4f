// `npm run check`: types, lint, format. Shows everything that is wrong before it fails.
import { join } from "node:path";
import { orExplain, run, SetupError, step } from "./progress.mjs";
import { setUp } from "./setup.mjs";
import { root } from "./setup-workspace.mjs";

const tool = (name) => join(root, "node_modules", ".bin", name);
const checks = [
  ["Types", tool("tsc"), ["-b", "infra"]],
  ["Lint and format", tool("biome"), ["check", "--error-on-warnings"]],
];

await orExplain(async () => {
  await setUp({ build: false });
  const failed = [];
  for (const [name, command, args] of checks) {
    await step(name, () => run(command, args, { cwd: root, show: true })).catch(() => failed.push(name));
  }
  if (failed.length > 0) throw new SetupError(`Not in order: ${failed.join(", ")}.`);
});
