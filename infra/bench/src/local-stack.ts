// The whole product as `npm start` runs it, in a directory of its own, for benchmarks that need all of it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "@qrfactory/processes/ports";
import { startScript } from "@qrfactory/processes/process";

const launcher = fileURLToPath(new URL("../../local/start.mjs", import.meta.url));
const timeoutMs = 60_000;

/** A running stack, as stack.json describes it. */
export type LocalStack = {
  gateway: string;
  regions: { name: string; redirect: string }[];
  database_url: string;
  demo: { api_key: string };
  /** Sends JSON with the demo's key; throws when it is refused. */
  send: (method: string, path: string, body: object) => Promise<Record<string, unknown>>;
  stop: () => Promise<unknown>;
};

/** Starts it with this many regions; resolves once it is ready. */
export async function startLocalStack(directory: string, regions: number): Promise<LocalStack> {
  const args = ["--port", String(await freePort()), "--data-dir", directory, "--regions", String(regions)];
  const launched = await startScript(launcher, { args, leashed: "SIGTERM" });
  await launched.waitForLine(/QRFactory is running/, timeoutMs);
  const stack = JSON.parse(readFileSync(join(directory, "stack.json"), "utf8")) as LocalStack;
  return {
    ...stack,
    async send(method, path, body) {
      const headers = { "content-type": "application/json", "x-api-key": stack.demo.api_key };
      const response = await fetch(stack.gateway + path, { method, headers, body: JSON.stringify(body) });
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
      return (await response.json()) as Record<string, unknown>;
    },
    stop: () => launched.stop("SIGTERM", timeoutMs),
  };
}
