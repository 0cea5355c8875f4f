// Private Redis Sentinels that watch a primary and promote one of its replicas when it is gone.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Redis as Client } from "ioredis";
import { freePort } from "./ports.js";
import { type StartedProcess, startProcess } from "./process.js";
import { until } from "./until.js";

/** Place of the Sentinels and the primary that they watch. */
export type SentinelsOptions = {
  /** Made when missing; a folder for each Sentinel. */
  directory: string;
  /** Port of the primary on 127.0.0.1. */
  primaryPort: number;
};

/** Running Sentinels. */
export type Sentinels = {
  /** `redis+sentinel://…` of the primary. */
  url: string;
  /** Port of the primary as the first of them sees it. */
  primaryPort(): Promise<number>;
  /** Resolves once each of them has found so many replicas; they ask the primary every ten seconds. */
  knowReplicas(least: number): Promise<void>;
  stop(): Promise<void>;
};

const count = 3;
const quorum = 2;
const primaryName = "state";

/** Longer than any pause of a healthy server, short enough for a failover within a few seconds. */
const downAfterMs = 2_000;
const failoverTimeoutMs = 10_000;
const startTimeoutMs = 10_000;
const discoveryMsMax = 15_000;

/** Starts three of them and returns once each knows the others. */
export async function startSentinels(options: SentinelsOptions): Promise<Sentinels> {
  const ports: number[] = [];
  const children: StartedProcess[] = [];
  for (let n = 1; n <= count; n++) {
    const port = await freePort();
    const directory = join(options.directory, `sentinel-${n}`);
    mkdirSync(directory, { recursive: true });
    const file = join(directory, "sentinel.conf");
    const lines = [
      ...[`port ${port}`, "bind 127.0.0.1", "protected-mode yes", `dir "${directory}"`],
      `sentinel monitor ${primaryName} 127.0.0.1 ${options.primaryPort} ${quorum}`,
      `sentinel down-after-milliseconds ${primaryName} ${downAfterMs}`,
      `sentinel failover-timeout ${primaryName} ${failoverTimeoutMs}`,
    ];
    writeFileSync(file, `${lines.join("\n")}\n`);
    const logFile = join(directory, "sentinel.log");
    children.push(await startProcess({ command: "redis-server", args: [file, "--sentinel"], logFile, leashed: true }));
    ports.push(port);
  }
  const clients = ports.map((port) =>
    new Client({ host: "127.0.0.1", port, retryStrategy: () => 50 }).on("error", () => {}),
  );
  const ask = async <T>(client: Client, question: string) =>
    (await client.call("SENTINEL", question, primaryName)) as T;
  /** Every Sentinel knows at least so many of a kind. */
  const know = async (kind: "sentinels" | "replicas", least: number, timeoutMs: number) => {
    for (const client of clients) {
      const isEnough = async () => (await ask<unknown[]>(client, kind)).length >= least;
      await until(isEnough, { timeoutMs, what: `A Sentinel that knows ${least} ${kind}` });
    }
  };
  await know("sentinels", count - 1, startTimeoutMs);
  return {
    url: `redis+sentinel://${ports.map((port) => `127.0.0.1:${port}`).join(",")}/${primaryName}`,
    primaryPort: async () => Number((await ask<string[]>(clients[0] as Client, "get-master-addr-by-name"))[1]),
    knowReplicas: (least) => know("replicas", least, discoveryMsMax),
    async stop() {
      for (const client of clients) client.disconnect();
      await Promise.all(children.map((child) => child.stop()));
    },
  };
}
