// A private Redis server in one of the product's three roles, on loopback only. The differences of
// the roles (eviction, persistence, replication) are set here and nowhere else.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Redis as Client } from "ioredis";
import { freePort } from "./ports.js";
import { type ProcessExit, type StartedProcess, startProcess } from "./process.js";

/** Role of a Redis: durable state, cache that evicts, or a region's replica. */
export type RedisRole = "state" | "cache" | "replica";

/** Role, place and limits of a private Redis. */
export type RedisOptions = {
  role: RedisRole;
  /** Made when missing; state and replica keep files here. */
  dataDirectory: string;
  /** A free one below 32768 unless told. */
  port?: number;
  /** `redis://[user:password@]host:port` of its primary; a state Redis that has one is ready to be promoted. */
  replicaOf?: string;
  /**
   * Asked of every client; none unless told. Kept out of the list of processes: it stands in a file of the directory.
   */
  password?: string;
  /** Where a cache starts to evict, in MiB. */
  maxMemoryMb?: number;
  /** False lets the kernel decide when writes reach the disk: worthless after a power cut. Only for tests. */
  durable?: boolean;
  /** Dies with this process, even by SIGKILL; on unless told. */
  leashed?: boolean;
  /** Where the server's own messages go; `redis.log` in its directory unless told. */
  logFile?: string;
};

/** A private Redis, running or stopped. */
export type Redis = {
  url: string;
  port: number;
  /** Changes with `restart`. */
  readonly pid: number;
  /** Of the process that runs now. */
  readonly exited: Promise<ProcessExit>;
  lastLines(count?: number): string[];
  /** Lets it write what its role keeps and waits until it is gone. */
  stop(graceMs?: number): Promise<void>;
  /** SIGKILL, as a crash would. */
  kill(): Promise<void>;
  /** Stops it if it runs and starts it on the same port and directory. */
  restart(): Promise<void>;
  freeze(): void;
  thaw(): void;
};

/** Enough for 20,000 images of 5 kB each; the local stack is one person's machine. */
const cacheMegabytesDefault = 128;

/** A replica of a frozen primary calls its link up for this long; Redis's own default of 60 s hides an outage. */
const replicationTimeoutSeconds = 5;

/** Pings have to come several times within the timeout above. */
const replicationPingSeconds = 1;

const startTimeoutMs = 30_000;
const stopGraceMsDefault = 5_000;

/** Starts the server and returns once it answers `PING`. Throws with its last words when it does not. */
export async function startRedis(options: RedisOptions): Promise<Redis> {
  const port = options.port ?? (await freePort());
  mkdirSync(options.dataDirectory, { recursive: true });
  const configFile = join(options.dataDirectory, "redis.conf");
  const start = async () => {
    writeFileSync(configFile, redisConfig(options, port), { mode: 0o600 });
    const child = await startProcess({
      command: "redis-server",
      args: [configFile],
      cwd: options.dataDirectory,
      logFile: options.logFile ?? join(options.dataDirectory, "redis.log"),
      leashed: options.leashed ?? true,
    });
    await ready(child, port, options.password);
    return child;
  };
  let child = await start();
  return {
    url: `redis://${options.password ? `:${encodeURIComponent(options.password)}@` : ""}127.0.0.1:${port}`,
    port,
    get pid() {
      return child.pid;
    },
    get exited() {
      return child.exited;
    },
    lastLines: (count) => child.lastLines(count),
    async stop(graceMs = stopGraceMsDefault) {
      await child.stop("SIGTERM", graceMs);
    },
    async kill() {
      child.kill("SIGKILL");
      await child.exited;
    },
    async restart() {
      await child.stop("SIGTERM", stopGraceMsDefault);
      child = await start();
    },
    freeze: () => child.kill("SIGSTOP"),
    thaw: () => child.kill("SIGCONT"),
  };
}

/** The text of a configuration file: a setting a line, its values in quotes. */
function redisConfig(options: RedisOptions, port: number): string {
  const settings: Record<string, string[]> = {
    port: [String(port)],
    bind: ["127.0.0.1"],
    "protected-mode": ["yes"],
    dir: [options.dataDirectory],
    daemonize: ["no"],
    logfile: [""],
    save: [""],
    "repl-timeout": [String(replicationTimeoutSeconds)],
    "repl-ping-replica-period": [String(replicationPingSeconds)],
  };
  switch (options.role) {
    case "state":
      settings.appendonly = ["yes"];
      // A disk that is slow to sync stops the server for as long.
      settings.appendfsync = [(options.durable ?? true) ? "everysec" : "no"];
      settings["maxmemory-policy"] = ["noeviction"];
      // A replica that connects is served at once; the default waits 5 s for more of them.
      settings["repl-diskless-sync-delay"] = ["0"];
      // It waits for its replicas before it stops, 10 s by default; they are copies and catch up afterwards.
      settings["shutdown-timeout"] = ["1"];
      break;
    case "cache":
      settings.appendonly = ["no"];
      settings.maxmemory = [`${options.maxMemoryMb ?? cacheMegabytesDefault}mb`];
      settings["maxmemory-policy"] = ["allkeys-lru"];
      break;
    case "replica":
      if (!options.replicaOf) throw new Error("A replica needs replicaOf, the address of its primary.");
      settings.appendonly = ["no"];
      settings["maxmemory-policy"] = ["noeviction"];
      // Sentinels find it by themselves and point it to a new primary, but never make it one.
      settings["replica-priority"] = ["0"];
      break;
  }
  if (options.replicaOf) {
    const primary = new URL(options.replicaOf);
    settings.replicaof = [primary.hostname, primary.port || "6379"];
    settings["replica-read-only"] = ["yes"];
    settings["repl-diskless-load"] = ["swapdb"];
    if (primary.username) settings.masteruser = [decodeURIComponent(primary.username)];
    if (primary.password) settings.masterauth = [decodeURIComponent(primary.password)];
  }
  if (options.password) settings.requirepass = [options.password];
  const lines = Object.entries(settings).map(([name, values]) =>
    [name, ...values.map((value) => JSON.stringify(value))].join(" "),
  );
  return `${lines.join("\n")}\n`;
}

/** Returns once the server answers; while it loads its file it says `LOADING`, and is asked again. */
async function ready(child: StartedProcess, port: number, password: string | undefined): Promise<void> {
  const client = new Client({
    host: "127.0.0.1",
    port,
    ...(password && { password }),
    lazyConnect: false,
    maxRetriesPerRequest: null,
    retryStrategy: () => 10,
    enableReadyCheck: true,
  });
  client.on("error", () => {});
  let timer: NodeJS.Timeout | undefined;
  try {
    await Promise.race([
      client.info("server").then((info) => {
        if (!info.includes(`process_id:${child.pid}\r`)) throw new Error(`Port ${port} is taken by another Redis.`);
      }),
      child.exited.then(() => {
        throw new Error(`Redis did not start. Its last words:\n${child.lastLines().join("\n")}`);
      }),
      new Promise((_resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`Redis did not answer within ${startTimeoutMs} ms`)), startTimeoutMs);
      }),
    ]);
  } catch (error) {
    child.kill();
    throw error;
  } finally {
    clearTimeout(timer);
    client.disconnect();
  }
}
