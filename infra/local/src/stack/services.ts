// The services of a local stack: which program each runs and every variable it is told. Their addresses are settled
// before anything starts, so each knows all the others.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "@qrfactory/processes/ports";
import { startProcess } from "@qrfactory/processes/process";
import type { Paths, Secrets } from "./data-directory.js";
import { stackVariable } from "./previous.js";
import type { Stores } from "./stores.js";
import type { ProcessSpec, Role } from "./supervisor.js";

const servicesFolder = fileURLToPath(new URL("../../../../services/", import.meta.url));

/** Throttles protect a public address; on one's own machine they would only be in the way. */
const signupsPerHour = 1_000;
const loginsPerMinute = 1_000;

/** Services finish what is under way within 10 s and are then cut. */
const stopGraceMs = 12_000;

/** Everything that listens, besides the stores. */
export type Addresses = {
  gateway: string;
  management: string;
  worker: string;
  render: string;
  regions: { name: string; redirect: string }[];
};

/** Settles the addresses on free ports of 127.0.0.1. */
export async function chooseAddresses(gatewayPort: number, regionNames: string[]): Promise<Addresses> {
  const next = async () => `http://127.0.0.1:${await freePort()}`;
  const [management, worker, render] = [await next(), await next(), await next()];
  const regions = await Promise.all(regionNames.map(async (name) => ({ name, redirect: await next() })));
  return { gateway: `http://127.0.0.1:${gatewayPort}`, management, worker, render, regions };
}

/** Addresses, stores, secrets and paths that services are told. */
export type ServicesOptions = {
  addresses: Addresses;
  stores: Stores;
  secrets: Secrets;
  paths: Paths;
};

type Service = { name: string; role: Role; script: string; url: string; env: Record<string, string> };

/** Environment of every process of this stack, without npm's own settings. */
export function baseEnvironment(paths: Paths): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
  return { ...Object.fromEntries(inherited), NODE_ENV: "production", [stackVariable]: paths.root };
}

/** Variables of management, its worker and the admin command. */
export function managementEnvironment({ addresses, stores, secrets, paths }: ServicesOptions): Record<string, string> {
  return {
    DATABASE_URL: stores.databaseUrl,
    STATE_REDIS_URL: stores.stateRedisUrl,
    RENDER_CACHE_URL: stores.renderCacheUrl,
    JWT_SECRET: secrets.jwt_secret,
    SEAL_KEY: secrets.seal_key,
    PUBLIC_BASE_URL: addresses.gateway,
    MANAGEMENT_URL: addresses.management,
    WORKER_URL: addresses.worker,
    RENDER_URL: addresses.render,
    REDIRECT_URLS: addresses.regions.map(({ name, redirect }) => `${name}=${redirect}`).join(","),
    OBJECT_STORE: paths.archives,
    MAIL_DIR: paths.mails,
    SIGNUPS_PER_HOUR: String(signupsPerHour),
    LOGINS_PER_MINUTE: String(loginsPerMinute),
  };
}

/**
 * Pictures are large blocks that come and go. glibc would keep them in its heaps once it has seen a few (mallopt(3),
 * M_MMAP_THRESHOLD): a drawing thread then holds 500 MB where 100 MB are in use.
 */
const mallocEnvironment = { MALLOC_MMAP_THRESHOLD_: "131072", MALLOC_ARENA_MAX: "2" };

function listServices(options: ServicesOptions): Service[] {
  const { addresses, stores, secrets, paths } = options;
  const management = managementEnvironment(options);
  return [
    {
      name: "management",
      role: "management",
      script: "management/dist/processes/api.js",
      url: addresses.management,
      env: management,
    },
    {
      name: "worker",
      role: "worker",
      script: "management/dist/processes/worker.js",
      url: addresses.worker,
      env: management,
    },
    {
      name: "render",
      role: "render",
      script: "render/dist/main.js",
      url: addresses.render,
      env: {
        DATABASE_URL: stores.databaseUrl,
        STATE_REDIS_URL: stores.stateRedisUrl,
        RENDER_CACHE_URL: stores.renderCacheUrl,
        SPOOL_DIR: paths.spool("render"),
        ...mallocEnvironment,
        JWT_SECRET: secrets.jwt_secret,
        SEAL_KEY: secrets.seal_key,
        PUBLIC_BASE_URL: addresses.gateway,
      },
    },
    ...addresses.regions.map(
      ({ name, redirect }, index): Service => ({
        name: `redirect ${name}`,
        role: "redirect",
        script: "redirect/dist/main.js",
        url: redirect,
        env: {
          REPLICA_REDIS_URL: stores.replicaUrls[index] as string,
          STATE_REDIS_URL: stores.stateRedisUrl,
          REGION: name,
          SPOOL_DIR: paths.spool(name),
          SNAPSHOT_DIR: paths.snapshots(name),
          VISITOR_SECRET: secrets.visitor_secret,
          PUBLIC_BASE_URL: addresses.gateway,
        },
      }),
    ),
  ];
}

/** The processes to supervise, each with the address that answers `/api/health/` when it is ready. */
export async function planServices(options: ServicesOptions): Promise<{ spec: ProcessSpec; url: string }[]> {
  const { paths } = options;
  return Promise.all(
    listServices(options).map(async (service) => {
      const env = {
        ...baseEnvironment(paths),
        HOST: "127.0.0.1",
        PORT: new URL(service.url).port,
        METRICS_PORT: String(await freePort()),
        LOG_LEVEL: process.env.LOG_LEVEL ?? "info",
        TRUSTED_PROXIES: "127.0.0.0/8",
        ...service.env,
      };
      const start = async () => {
        const child = await startProcess({
          command: process.execPath,
          args: [join(servicesFolder, service.script)],
          cwd: paths.root,
          env,
          logFile: paths.log(service.name.replace(" ", "-")),
        });
        return { ...child, stop: () => child.stop("SIGTERM", stopGraceMs) };
      };
      return { spec: { name: service.name, role: service.role, restartDelayMs: 0, start }, url: service.url };
    }),
  );
}

/** Runs `qrfactory-admin seed-demo` to its end; throws with its last words when it fails. */
export async function seedDemo(options: ServicesOptions): Promise<void> {
  const { paths } = options;
  const child = await startProcess({
    command: process.execPath,
    args: [join(servicesFolder, "management/dist/processes/admin.js"), "seed-demo", "--file", paths.demo],
    cwd: paths.root,
    env: { ...baseEnvironment(paths), ...managementEnvironment(options) },
  });
  const { code, signal } = await child.exited;
  if (code !== 0) {
    throw new Error(`The demo workspace could not be made (${signal ?? code}):\n${child.lastLines().join("\n")}`);
  }
}
