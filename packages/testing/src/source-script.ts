// A program of ours as a process of its own, compiled on the way in, so that nothing has to be built first and a test can
// kill it or look at how it ends.
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type StartedProcess, startScript } from "./process.js";

/** Module hooks: `./x.js` is `./x.ts` where there is one, and TypeScript is stripped while it is loaded. */
const hooks = (swcUrl: string) => `
  import { existsSync, readFileSync } from "node:fs";
  import { fileURLToPath } from "node:url";
  import swc from ${JSON.stringify(swcUrl)};
  const options = { jsc: { parser: { syntax: "typescript" }, target: "es2022" }, module: { type: "es6" } };
  export async function resolve(specifier, context, next) {
    if (/^\\.\\.?\\/.*\\.js$/.test(specifier)) {
      const source = new URL(specifier.replace(/\\.js$/, ".ts"), context.parentURL);
      if (existsSync(source)) return { url: source.href, shortCircuit: true };
    }
    return next(specifier, context);
  }
  export async function load(url, context, next) {
    if (!url.endsWith(".ts")) return next(url, context);
    const source = swc.transformSync(readFileSync(fileURLToPath(url), "utf8"), options).code;
    return { format: "module", source, shortCircuit: true };
  }`;

/** Starts a TypeScript file with node; its hooks are written into `directory`. */
export async function startSource(
  file: URL,
  directory: string,
  options: Omit<NonNullable<Parameters<typeof startScript>[1]>, "nodeArgs">,
): Promise<StartedProcess> {
  const swcUrl = pathToFileURL(createRequire(import.meta.url).resolve("@swc/core")).href;
  const registerFile = join(directory, "register.mjs");
  writeFileSync(join(directory, "hooks.mjs"), hooks(swcUrl));
  writeFileSync(registerFile, 'import { register } from "node:module"; register("./hooks.mjs", import.meta.url);');
  const nodeArgs = ["--conditions=qrfactory-source", "--import", pathToFileURL(registerFile).href];
  return startScript(fileURLToPath(file), { ...options, nodeArgs });
}
