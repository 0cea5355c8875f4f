// The stores of a local stack, private ones or those the person named: PostgreSQL, the two Redis roles, and a replica
// for each region. Each private one is a process of the supervisor on a port that stays its own.
import { freePort } from "@qrfactory/processes/ports";
import { startPostgres } from "@qrfactory/processes/postgres";
import { type RedisRole, startRedis } from "@qrfactory/processes/redis";
import type { StackOptions } from "../start/options.js";
import type { Paths } from "./data-directory.js";
import type { ProcessSpec, Supervisor } from "./supervisor.js";

/** Long enough for a client to notice that a store is away before it is back. */
const storeRestartMs = 700;

/** Addresses of the stores. */
export type Stores = {
  databaseUrl: string;
  stateRedisUrl: string;
  renderCacheUrl: string;
  /** One URL for each region, in order. */
  replicaUrls: string[];
};

/** Options and paths by which stores are started or found. */
export type StoresOptions = {
  options: StackOptions;
  paths: Paths;
  regions: string[];
  databasePassword: string;
  redisPassword: string;
  supervisor: Supervisor;
  say: (sentence: string) => void;
};

/** Starts what is private, each store side by side, and returns the addresses of all once they answer. */
export async function startStores(asked: StoresOptions): Promise<Stores> {
  const { options, paths, regions, databasePassword, redisPassword: password, supervisor, say } = asked;
  const postgres = async () => {
    if (options.databaseUrl) return options.databaseUrl;
    let url = "";
    const port = await freePort();
    await supervisor.run({
      name: "PostgreSQL",
      role: "postgres",
      restartDelayMs: storeRestartMs,
      start: async () => {
        const server = await startPostgres({
          dataDirectory: paths.postgres,
          port,
          password: databasePassword,
          logFile: paths.log("postgres"),
          log: say,
        });
        url = server.url();
        return server;
      },
    });
    return url;
  };

  const redis = async (name: string, role: RedisRole, dataDirectory: string, replicaOf?: string) => {
    const port = await freePort();
    let url = "";
    const spec: ProcessSpec = {
      name: `Redis ${name}`,
      role: "redis",
      restartDelayMs: storeRestartMs,
      start: async () => {
        const server = await startRedis({
          role,
          dataDirectory,
          port,
          password,
          leashed: false,
          logFile: paths.log(`redis-${name}`),
          ...(replicaOf ? { replicaOf } : {}),
        });
        url = server.url;
        return server;
      },
    };
    await supervisor.run(spec);
    return url;
  };

  const stateAndReplicas = async () => {
    const state = options.stateRedisUrl ?? (await redis("state", "state", paths.stateRedis));
    const replicas = regions.map((region) => redis(region, "replica", paths.replica(region), state));
    return { state, replicas: await Promise.all(replicas) };
  };
  const renderCache = async () => options.renderCacheUrl ?? (await redis("cache", "cache", paths.renderCache));

  const [databaseUrl, { state, replicas }, renderCacheUrl] = await Promise.all([
    postgres(),
    stateAndReplicas(),
    renderCache(),
  ]);
  return { databaseUrl, stateRedisUrl: state, renderCacheUrl, replicaUrls: replicas };
}
