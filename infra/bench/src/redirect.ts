// Scans a second: one redirect process with every scan written to disk, next to nginx's `return 302` and an Express
// handler over a Map, under the same load in the same run, one process each.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { markTablePublished, publishCodes } from "@qrfactory/replica/publish";
import { freePort } from "@qrfactory/testing/ports";
import { type StartedProcess, startProcess, startScript } from "@qrfactory/testing/process";
import { startRedis } from "@qrfactory/testing/redis";
import { makeTempDirectory } from "@qrfactory/testing/temp";
import { until } from "@qrfactory/testing/until";
import { Redis } from "ioredis";
import { generateLoad, type Load } from "./load-generator.js";

export type ScanRace = { title: string; loads: (Load & { name: string })[]; notes: string[] };

const codes = 500_000;
const seconds = 8;
const warmUpSeconds = 2;
/** Codes that are asked for: enough that nothing of them stays in the processor's caches. */
const pathCount = 20_000;

const shortIdOf = (i: number) => `B${String(i).padStart(7, "0")}`;

type Server = { url: string; stop: () => Promise<unknown> };

/** Runs the race. */
export async function raceScans(): Promise<ScanRace[]> {
  const directory = makeTempDirectory("qrfactory-bench-");
  const stops: (() => Promise<unknown>)[] = [];
  try {
    const paths = Array.from({ length: pathCount }, (_, i) => `/q/${shortIdOf((i * 7919) % codes)}`);
    const run = async (name: string, server: Server) => {
      stops.push(server.stop);
      await generateLoad(server.url, { paths, seconds: warmUpSeconds, directory: directory.path });
      const load = await generateLoad(server.url, { paths, seconds, directory: directory.path });
      return { name, ...load };
    };
    const state = await startRedis({ role: "state", dataDirectory: join(directory.path, "state") });
    stops.push(() => state.stop());
    await fill(state.url, codes);
    const redirect = await startRedirect(join(directory.path, "redirect"), state.url);
    const ours = await run("QRFactory", redirect);
    const spooled = await redirect.scansWritten();
    await redirect.stop();
    const nginx = await run("nginx, return 302", await startNginx(join(directory.path, "nginx")));
    const express = await run("Express over a Map", await startExpress());
    return [
      {
        title: `scans, ${codes.toLocaleString("en-US")} codes`,
        loads: [ours, nginx, express],
        notes: [`QRFactory wrote ${spooled.toLocaleString("en-US")} scans to disk, those of the warm-up among them.`],
      },
    ];
  } finally {
    for (const stop of stops.reverse()) await stop();
    directory.remove();
  }
}

/** Publishes codes as management does. */
async function fill(url: string, count: number): Promise<void> {
  const redis = new Redis(url);
  const batch = 5_000;
  for (let start = 0; start < count; start += batch) {
    const rows = Array.from({ length: Math.min(batch, count - start) }, (_, i) => rowOf(start + i));
    await publishCodes(redis, rows);
  }
  await markTablePublished(redis, { generation: "bench", count, at: Date.now() });
  redis.disconnect();
}

const hex = (i: number) => i.toString(16).padStart(12, "0");

function rowOf(i: number) {
  return {
    schema: 1 as const,
    id: `00000000-0000-4000-8000-${hex(i)}`,
    workspace_id: `00000000-0000-4000-9000-${hex(i % 1_000)}`,
    short_id: shortIdOf(i),
    version: 1,
    destination_url: `https://example.com/landing/${i}?utm_source=print&utm_medium=qr`,
    is_active: true,
    expires_at: null,
    fallback_url: null,
  };
}

type RedirectServer = Server & { process: StartedProcess; scansWritten: () => Promise<number> };

/** A redirect process as the local stack starts it; resolves once its table is full. */
async function startRedirect(directory: string, redisUrl: string): Promise<RedirectServer> {
  const [port, metricsPort] = [await freePort(), await freePort()];
  const child = await startScript(fileURLToPath(new URL("../../../services/redirect/dist/main.js", import.meta.url)), {
    env: {
      PATH: process.env.PATH,
      PORT: String(port),
      METRICS_PORT: String(metricsPort),
      LOG_LEVEL: "warn",
      REGION: "bench",
      REPLICA_REDIS_URL: redisUrl,
      STATE_REDIS_URL: redisUrl,
      SPOOL_DIR: join(directory, "spool"),
      VISITOR_SECRET: "a secret for benchmarks",
    },
  });
  const url = `http://127.0.0.1:${port}`;
  // An unknown code is a 503 until the table is full.
  const isFull = async () => (await fetch(`${url}/q/UNKNOWN`)).status === 404;
  await until(() => isFull().catch(() => false), { timeoutMs: 60_000 });
  return {
    url,
    process: child,
    stop: () => child.stop(),
    async scansWritten() {
      const { components } = (await (await fetch(`${url}/api/status/`)).json()) as {
        components: { shipper: { scans_waiting: number; scans_under_way: number } };
      };
      return components.shipper.scans_waiting + components.shipper.scans_under_way;
    },
  };
}

async function startNginx(directory: string): Promise<Server> {
  const port = await freePort();
  mkdirSync(join(directory, "logs"), { recursive: true });
  writeFileSync(
    join(directory, "nginx.conf"),
    `daemon off; worker_processes 1; pid nginx.pid; error_log stderr error;
     events { worker_connections 1024; }
     http { access_log off; server { listen 127.0.0.1:${port};
       location / { return 302 "https://example.com/landing/1?utm_source=print&utm_medium=qr"; } } }\n`,
  );
  const args = ["-p", directory, "-c", "nginx.conf"];
  const child = await startProcess({ command: "nginx", args, leashed: true });
  return ready({ url: `http://127.0.0.1:${port}`, stop: () => child.stop() });
}

async function startExpress(): Promise<Server> {
  const port = await freePort();
  const child = await startScript(fileURLToPath(new URL("./peer-map.js", import.meta.url)), {
    env: { ...process.env, PORT: String(port), CODES: String(codes), NODE_ENV: "production" },
  });
  return ready({ url: `http://127.0.0.1:${port}`, stop: () => child.stop() });
}

async function ready(server: Server): Promise<Server> {
  await until(() =>
    fetch(`${server.url}/q/x`, { redirect: "manual" }).then(
      () => true,
      () => false,
    ),
  );
  return server;
}
