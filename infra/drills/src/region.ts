// A redirect region under a drill: the process and the Redis replica that it reads, both on ports that stay their own.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "@qrfactory/processes/ports";
import type { StartedProcess } from "@qrfactory/processes/process";
import { type Redis, startRedis } from "@qrfactory/processes/redis";
import { startService } from "./service.js";

const askTimeoutMs = 1_000;

/** A redirect region with a replica of its own. */
export type Region = {
  name: string;
  url: string;
  replica: Redis;
  /** The process that runs now. */
  process: StartedProcess;
  /** The same again, on the same port and directories, once the process has ended; returns when it listens. */
  start(): Promise<void>;
  /** Its own status document; rejects while it does not answer. */
  status(): Promise<Status>;
};

/** A status document. */
export type Status = { status: string; components: Record<string, Record<string, unknown> & { status: string }> };

/** Place and neighbours of a region. */
export type RegionOptions = {
  name: string;
  /** Of the Redis that the region's replica follows. */
  primaryUrl: string;
  stateUrl: string;
  /** Default: one in the rig's directory. */
  spoolDirectory?: string;
  snapshotSeconds?: number | undefined;
};

/** Starts a replica and a region on it; returns once the region listens, which may be before its table is full. */
export async function startRegion(options: RegionOptions & { directory: string }): Promise<Region> {
  const { name, directory, primaryUrl, stateUrl, spoolDirectory = join(directory, name, "spool") } = options;
  mkdirSync(join(directory, name));
  const replica = await startRedis({
    role: "replica",
    dataDirectory: join(directory, name, "replica"),
    replicaOf: primaryUrl,
  });
  const port = await freePort();
  const env = {
    PORT: String(port),
    REPLICA_REDIS_URL: replica.url,
    STATE_REDIS_URL: stateUrl,
    REGION: name,
    SPOOL_DIR: spoolDirectory,
    SNAPSHOT_DIR: join(directory, name, "snapshots"),
    SNAPSHOT_SECONDS: String(options.snapshotSeconds ?? 1),
    VISITOR_SECRET: "a secret for drills",
  };
  const run = () => startService("redirect/dist/main.js", env);
  const url = `http://127.0.0.1:${port}`;
  const region: Region = {
    name,
    url,
    replica,
    process: await run(),
    async start() {
      region.process = await run();
    },
    async status() {
      const response = await fetch(`${url}/api/status/`, { signal: AbortSignal.timeout(askTimeoutMs) });
      return (await response.json()) as Status;
    },
  };
  return region;
}
