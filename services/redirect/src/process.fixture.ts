// A redirect region as it runs: the real program in a process of its own, so that a test can kill it.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "@qrfactory/processes/ports";
import { type StartedProcess, startScript } from "@qrfactory/processes/process";

export type Region = {
  url: string;
  /** The process that runs now. */
  process: StartedProcess;
  /** The same again, on the same port and directory, once the process has ended; without arguments unless given. */
  start(args?: string[]): Promise<void>;
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
  const script = fileURLToPath(new URL("./main.js", import.meta.url));
  const run = async (args: string[] = []) => {
    const child = await startScript(script, { env, args });
    await child.waitForLine(/"listening"/);
    return child;
  };
  const region: Region = {
    url: `http://127.0.0.1:${port}`,
    process: await run(),
    async start(args) {
      region.process = await run(args);
    },
    async killAndRestart() {
      region.process.kill("SIGKILL");
      await region.process.exited;
      await region.start();
    },
  };
  return region;
}
