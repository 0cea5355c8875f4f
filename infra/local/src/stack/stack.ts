// Brings a whole local stack up and down: data directory, stores, migrations, demo, services, gateway, stack.json, in
// the order in which they need each other. start.ts runs it; everything it starts it also ends.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { migrate } from "@qrfactory/db/migrate";
import { isPortFree } from "@qrfactory/processes/ports";
import { placeCluster } from "@qrfactory/processes/postgres-cluster";
import { startGateway } from "../gateway/gateway.js";
import type { StackOptions } from "../start/options.js";
import { forgetData, makeDataDirectory, pathsIn, readOrMakeSecrets, writePrivateJson } from "./data-directory.js";
import { componentsInTrouble, waitUntilHealthy } from "./health.js";
import { boundLogs, rotateLogs } from "./logs.js";
import { endLeftovers, leaveDataDirectory, takeDataDirectory } from "./previous.js";
import { type Addresses, baseEnvironment, chooseAddresses, planServices, seedDemo } from "./services.js";
import type { Demo, StackFile } from "./stack-file.js";
import { type Stores, startStores } from "./stores.js";
import { makeSupervisor, type Role } from "./supervisor.js";

/** Ports above the default that are tried when it is taken. */
const portsTried = 100;

/** How long the first minute's stragglers (a replica that links up) may take before they are mentioned. */
const settleMs = 6_000;

/** A local stack, from its start to its end. */
export type Stack = {
  /** Brings everything up; rejects with what went wrong. `stop` is needed in any case. */
  start(): Promise<StackFile>;
  /** Ends the services of these roles, letting each finish, and starts them again. */
  restart(roles: Role[]): Promise<void>;
  /** Ends services, then stores, letting each finish; leaves the data. */
  stop(): Promise<void>;
  /** Ends everything at once. */
  kill(): Promise<void>;
};

/** `say` is told in sentences what happens. */
export function makeStack(options: StackOptions, say: (sentence: string) => void): Stack {
  const paths = pathsIn(options.dataDirectory);
  let publish = () => {};
  let stopping = false;
  let unbound = () => {};
  let onLoop = (_why: Error) => {};
  const supervisor = makeSupervisor({ say, onChange: () => publish(), onLoop: (why) => onLoop(why) });

  /** A stop in the middle of a start ends the start at its next step. */
  const step = (sentence: string) => {
    if (stopping) throw new Error("Stopped while starting.");
    say(sentence);
  };

  async function start(): Promise<StackFile> {
    makeDataDirectory(paths);
    await takeDataDirectory(paths.root);
    const left = await endLeftovers(paths.root, [placeCluster(paths.postgres).dataDirectory]);
    if (left > 0) say(`Ended ${left} processes that an earlier launcher had left behind.`);
    rmSync(paths.stack, { force: true });
    if (options.fresh) {
      step("Forgetting the data of earlier runs");
      forgetData(paths, { ownDatabase: options.databaseUrl !== undefined });
      makeDataDirectory(paths);
    }
    rotateLogs(paths.logs);
    unbound = boundLogs(paths.logs);
    const secrets = readOrMakeSecrets(paths.secrets);
    const regions = Array.from({ length: options.regions }, (_, index) => `region-${index + 1}`);
    const addresses = await chooseAddresses(await choosePort(options, say), regions);

    step("Starting the stores");
    const { database_password: databasePassword, redis_password: redisPassword } = secrets;
    const stores = await startStores({ options, paths, regions, databasePassword, redisPassword, supervisor, say });
    const applied = await migrate(stores.databaseUrl);
    if (applied.length > 0) say(`Migrated the database: ${applied.join(", ")}`);

    step("Starting the services");
    const plan = { addresses, stores, secrets, paths };
    const keepsEnding = new Promise<never>((_resolve, reject) => {
      onLoop = reject;
    });
    await Promise.race([Promise.all([seedDemo(plan), startServices(plan)]), keepsEnding]);
    onLoop = () => {};
    const demo: Demo = JSON.parse(readFileSync(paths.demo, "utf8"));
    const describe = (): StackFile => ({ ...describeStack(addresses, stores, demo), pids: supervisor.pids() });
    const trouble = await componentsInTrouble(addresses.gateway, settleMs);
    if (trouble.length > 0) say(`Not everything is well yet: ${trouble.join("; ")}.`);
    if (stopping) throw new Error("Stopped while starting.");
    publish = () => {
      if (!stopping) writePrivateJson(paths.stack, describe());
    };
    publish();
    return describe();
  }

  async function startServices(plan: Parameters<typeof planServices>[0]): Promise<void> {
    const { addresses } = plan;
    const services = await planServices(plan);
    const gateway = {
      name: "gateway",
      role: "gateway" as const,
      restartDelayMs: 0,
      start: () =>
        startGateway({
          folder: paths.gateway,
          logFile: paths.log("gateway"),
          env: baseEnvironment(paths),
          targets: {
            listen: new URL(addresses.gateway).host,
            management: new URL(addresses.management).host,
            worker: new URL(addresses.worker).host,
            render: new URL(addresses.render).host,
            redirects: addresses.regions.map((region) => new URL(region.redirect).host),
          },
        }),
    };
    await Promise.all([gateway, ...services.map(({ spec }) => spec)].map((spec) => supervisor.run(spec)));
    const asked = [
      { name: gateway.name, url: addresses.gateway },
      ...services.map(({ spec, url }) => ({ name: spec.name, url })),
    ];
    await Promise.all(asked.map(({ name, url }) => waitUntilHealthy(name, url)));
  }

  async function end(endAll: () => Promise<void>): Promise<void> {
    stopping = true;
    rmSync(paths.stack, { force: true });
    await endAll();
    unbound();
    if (existsSync(paths.root)) leaveDataDirectory(paths.root);
  }

  return {
    start,
    restart: (roles) => supervisor.restart(roles),
    stop: () =>
      end(async () => {
        await supervisor.stop(["gateway"]);
        await supervisor.stop(["management", "worker", "render", "redirect"]);
        await supervisor.stop(["redis", "postgres"]);
      }),
    kill: () => end(() => supervisor.killAll()),
  };
}

/** The port that was asked for, or the first free one from the default upwards, saying which. */
async function choosePort(options: StackOptions, say: (sentence: string) => void): Promise<number> {
  if (await isPortFree(options.port)) return options.port;
  if (options.portAsked) throw new Error(`Port ${options.port} is taken. Choose another one with --port.`);
  for (let port = options.port + 1; port <= options.port + portsTried; port++) {
    if (!(await isPortFree(port))) continue;
    say(`Port ${options.port} is taken; the gateway uses ${port} instead.`);
    return port;
  }
  throw new Error(`Ports ${options.port} to ${options.port + portsTried} are all taken. Choose one with --port.`);
}

function describeStack(addresses: Addresses, stores: Stores, demo: Demo): Omit<StackFile, "pids"> {
  return {
    gateway: addresses.gateway,
    management: addresses.management,
    render: addresses.render,
    regions: addresses.regions.map(({ name, redirect }, index) => ({
      name,
      redirect,
      redis: stores.replicaUrls[index] as string,
    })),
    database_url: stores.databaseUrl,
    state_redis_url: stores.stateRedisUrl,
    render_cache_url: stores.renderCacheUrl,
    demo,
  };
}
