// A redirect process for benchmarks, as the local stack starts it, with as many codes as are asked for: they come out
// of a snapshot, so that millions are there in seconds.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Routing } from "@qrfactory/codes/routing/routing";
import { freePort } from "@qrfactory/processes/ports";
import { startScript } from "@qrfactory/processes/process";
import { until } from "@qrfactory/processes/until";
import { writeSnapshot } from "@qrfactory/state/codes/table/snapshot";
import { createTable } from "@qrfactory/state/codes/table/table";
import { processorMsOf } from "../process-figures.js";

const main = fileURLToPath(new URL("../../../../services/redirect/dist/main.js", import.meta.url));

/** The millions of a start are read before the process listens. */
const startTimeoutMs = 60_000;

/** The short id of code number `i`. */
export const shortIdOf = (i: number): string => `B${String(i).padStart(7, "0")}`;

const hex = (i: number) => i.toString(16).padStart(12, "0");

/**
 * Writes a snapshot of `count` codes with addresses of some 65 characters, all with the same `routing` if there is one.
 */
export async function writeCodes(directory: string, count: number, routing?: Routing): Promise<void> {
  const table = createTable();
  for (let i = 0; i < count; i++) {
    table.apply({
      schema: 1,
      id: `00000000-0000-4000-8000-${hex(i)}`,
      workspace_id: `00000000-0000-4000-9000-${hex(i % 1_000)}`,
      short_id: shortIdOf(i),
      version: 1,
      destination_url: `https://example.com/landing/${i}?utm_source=print&utm_medium=qr`,
      is_active: true,
      expires_at: null,
      fallback_url: null,
      ...(routing && { routing }),
    });
  }
  table.markFull();
  await writeSnapshot({ directory, table, resume: null });
}

/** A running redirect process. */
export type RedirectProcess = {
  url: string;
  /** Milliseconds from its start to its first 302. */
  startMs: number;
  /** Processor time that it has taken so far, as the kernel counts it. */
  processorMs: () => number;
  /** Scans that are on disk, shipped or not. */
  scansWritten: () => Promise<number>;
  stop: () => Promise<unknown>;
};

/**
 * Starts a process over the snapshots of a directory; without `redisUrl` it is alone in the world. `args` are its own,
 * such as `--no-fast-lane`.
 */
export async function startRedirect(
  directory: string,
  redisUrl = "redis://127.0.0.1:9",
  args: string[] = [],
): Promise<RedirectProcess> {
  const port = await freePort();
  const startedAt = performance.now();
  const child = await startScript(main, {
    args,
    env: {
      PATH: process.env.PATH,
      PORT: String(port),
      METRICS_PORT: "0",
      LOG_LEVEL: "error",
      REGION: "bench",
      REPLICA_REDIS_URL: redisUrl,
      STATE_REDIS_URL: redisUrl,
      SPOOL_DIR: join(directory, `spool-${port}`),
      SNAPSHOT_DIR: directory,
      VISITOR_SECRET: "a secret for benchmarks",
    },
  });
  const url = `http://127.0.0.1:${port}`;
  const isThere = async () => (await fetch(`${url}/q/${shortIdOf(0)}`, { redirect: "manual" })).status === 302;
  await until(() => isThere().catch(() => false), { timeoutMs: startTimeoutMs });
  return {
    url,
    startMs: performance.now() - startedAt,
    processorMs: () => processorMsOf(child.pid),
    async scansWritten() {
      const { components } = (await (await fetch(`${url}/api/status/`)).json()) as {
        components: { shipper: { scans_waiting: number; scans_under_way: number } };
      };
      return components.shipper.scans_waiting + components.shipper.scans_under_way;
    },
    stop: () => child.stop(),
  };
}
