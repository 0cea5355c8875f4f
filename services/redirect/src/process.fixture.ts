// A redirect region as it runs: the real main.ts in a process of its own, compiled on the way in, so that nothing has to
// be built first and the test can kill it.
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { freePort } from "@qrfactory/testing/ports";
import { type StartedProcess, startScript } from "@qrfactory/testing/process";

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

export type Region = {
  url: string;
  /** The process that runs now. */
  process: StartedProcess;
  /** The same again, on the same port and directory, once the process has ended. */
  start(): Promise<void>;
  /** SIGKILL and `start`. */
  killAndRestart(): Promise<void>;
};

/** Starts a region and returns once it answers. */
export async function startRegion(options: {
  directory: string;
  replicaUrl: string;
  stateUrl: string;
}): Promise<Region> {
  const { directory, replicaUrl, stateUrl } = options;
  const swcUrl = pathToFileURL(createRequire(import.meta.url).resolve("@swc/core")).href;
  const hooksFile = join(directory, "hooks.mjs");
  const registerFile = join(directory, "register.mjs");
  writeFileSync(hooksFile, hooks(swcUrl));
  writeFileSync(registerFile, 'import { register } from "node:module"; register("./hooks.mjs", import.meta.url);');
  const port = await freePort();
  const env = {
    PATH: process.env.PATH,
    PORT: String(port),
    METRICS_PORT: "0",
    REPLICA_REDIS_URL: replicaUrl,
    STATE_REDIS_URL: stateUrl,
    REGION: "eu-1",
    SPOOL_DIR: join(directory, "spool"),
    SNAPSHOT_DIR: join(directory, "snapshots"),
    VISITOR_SECRET: "a secret for tests",
  };
  const main = fileURLToPath(new URL("./main.ts", import.meta.url));
  const run = async () => {
    const nodeArgs = ["--conditions=qrfactory-source", "--import", pathToFileURL(registerFile).href];
    const child = await startScript(main, { env, nodeArgs });
    await child.waitForLine(/"listening"/);
    return child;
  };
  const region: Region = {
    url: `http://127.0.0.1:${port}`,
    process: await run(),
    async start() {
      region.process = await run();
    },
    async killAndRestart() {
      region.process.kill("SIGKILL");
      await region.process.exited;
      await region.start();
    },
  };
  return region;
}
