// Images over HTTP: the render service with real stores, next to an Express server that calls npm `qrcode`. Each server
// is a process of its own; the load comes from this one.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { migrate } from "@qrfactory/db/migrate";
import { freePort } from "@qrfactory/processes/ports";
import { startPostgres } from "@qrfactory/processes/postgres";
import { type StartedProcess, startProcess } from "@qrfactory/processes/process";
import { startRedis } from "@qrfactory/processes/redis";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import autocannon from "autocannon";

const services = fileURLToPath(new URL("../../../../services/", import.meta.url));

const connections = 32;
const seconds = 5;
const sealKey = Buffer.alloc(32, 1).toString("base64");

/** Figures of one server under load. */
export type Throughput = { name: string; perSecond: number; p50Ms: number; p99Ms: number; failed: number };
/** Figures of servers under the same load. */
export type Race = { title: string; throughputs: Throughput[] };

type Target = { url: string; headers: Record<string, string> };

/** Address, credentials and process of a render service. */
export type RenderTarget = Target & { pid: number };

let lastLink = 0;
/** Makes a link that nobody has asked for before; all have one length, so that they cost the same. */
export const newLink = () => `https://example.com/${String(++lastLink).padStart(11, "0")}`;

async function load(name: string, target: Target, nextBody: () => object): Promise<Throughput> {
  const result = await autocannon({
    url: target.url,
    method: "POST",
    headers: { "content-type": "application/json", ...target.headers },
    connections,
    duration: seconds,
    requests: [{ setupRequest: (request) => ({ ...request, body: JSON.stringify(nextBody()) }) }],
  });
  const { requests, latency, non2xx, errors } = result;
  return { name, perSecond: requests.average, p50Ms: latency.p50, p99Ms: latency.p99, failed: non2xx + errors };
}

/** Misses and hits of plain images of 600 px. */
export async function raceOverHttp(): Promise<Race[]> {
  const directory = makeTempDirectory("qrfactory-bench-");
  const stops: (() => Promise<unknown>)[] = [];
  try {
    const [render, peer] = [await startRender(directory.path, stops), await startPeer(stops)];
    const one = newLink();
    const same = () => ({ data: one, size: 600 });
    const fresh = () => ({ data: newLink(), size: 600 });
    await load("warm-up", render, fresh);
    const express = await load("Express with qrcode", peer, fresh);
    return [
      { title: "misses, PNG of 600 px", throughputs: [await load("QRFactory", render, fresh), express] },
      { title: "hits, PNG of 600 px", throughputs: [await load("QRFactory", render, same), express] },
    ];
  } finally {
    for (const stop of stops.reverse()) await stop();
    directory.remove();
  }
}

/** The render service on stores of its own; `stops` gets what has to be ended afterwards, last first. */
export async function startRender(directory: string, stops: (() => Promise<unknown>)[]): Promise<RenderTarget> {
  const postgres = await startPostgres({ dataDirectory: join(directory, "postgres"), durable: false });
  stops.push(() => postgres.stop());
  await migrate(postgres.url());
  const state = await startRedis({ role: "state", dataDirectory: join(directory, "state") });
  stops.push(() => state.stop());
  const cache = await startRedis({ role: "cache", dataDirectory: join(directory, "cache") });
  stops.push(() => cache.stop());
  const demoFile = join(directory, "demo.json");
  const stores = { DATABASE_URL: postgres.url(), STATE_REDIS_URL: state.url, RENDER_CACHE_URL: cache.url };
  const seeding = await run("management/dist/processes/admin.js", ["seed-demo", "--file", demoFile], {
    ...stores,
    JWT_SECRET: "a secret for benchmarks, long enough",
    SEAL_KEY: sealKey,
  });
  if ((await seeding.exited).code !== 0) throw new Error(seeding.lastLines().join("\n"));
  const port = await freePort();
  const service = await run("render/dist/main.js", [], {
    ...stores,
    PORT: String(port),
    METRICS_PORT: "0",
    LOG_LEVEL: "warn",
    SPOOL_DIR: join(directory, "spool"),
    // As the local stack and the container have it.
    MALLOC_MMAP_THRESHOLD_: "131072",
    MALLOC_ARENA_MAX: "2",
    JWT_SECRET: "a secret for benchmarks, long enough",
    SEAL_KEY: sealKey,
    PUBLIC_BASE_URL: `http://127.0.0.1:${port}`,
  });
  stops.push(() => service.stop());
  const base = `http://127.0.0.1:${port}`;
  await until(async () => (await fetch(`${base}/api/health/`)).ok, { timeoutMs: 20_000 });
  const { api_key } = JSON.parse(readFileSync(demoFile, "utf8")) as { api_key: string };
  return { url: `${base}/api/v1/generate/`, headers: { "x-api-key": api_key }, pid: service.pid };
}

async function startPeer(stops: (() => Promise<unknown>)[]): Promise<Target> {
  const port = await freePort();
  const peer = await startProcess({
    command: process.execPath,
    args: [fileURLToPath(new URL("./peer-express.js", import.meta.url))],
    env: { ...process.env, PORT: String(port) },
    leashed: true,
  });
  stops.push(() => peer.stop());
  await peer.waitForLine(/listening/);
  return { url: `http://127.0.0.1:${port}/`, headers: {} };
}

function run(script: string, args: string[], env: NodeJS.ProcessEnv): Promise<StartedProcess> {
  const command = process.execPath;
  return startProcess({
    command,
    args: [join(services, script), ...args],
    env: { ...process.env, ...env },
    leashed: true,
  });
}
