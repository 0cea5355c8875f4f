// The management API or its worker as a process of its own, as the local stack starts it, on stores that are there,
// without the services that it would ask for their status.
import { fileURLToPath } from "node:url";
import { freePort } from "@qrfactory/processes/ports";
import { type StartedProcess, startScript } from "@qrfactory/processes/process";
import { until } from "@qrfactory/processes/until";

/** Returns the address and process id of the API once it answers; `stops` gets what ends it. */
export async function startManagement(
  databaseUrl: string,
  stateRedisUrl: string,
  stops: (() => unknown)[],
): Promise<{ url: string; pid: number }> {
  const { url, child } = await startScriptOn("api.js", databaseUrl, stateRedisUrl);
  stops.push(() => child.stop());
  return { url, pid: child.pid };
}

/** Starts `main.js` or `worker.js`, and returns once it answers. */
export async function startScriptOn(
  script: "api.js" | "worker.js",
  databaseUrl: string,
  stateRedisUrl: string,
): Promise<{ url: string; child: StartedProcess }> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = await startScript(
    fileURLToPath(new URL(`../../../../services/management/dist/processes/${script}`, import.meta.url)),
    {
      env: {
        PATH: process.env.PATH,
        NODE_ENV: "production",
        PORT: String(port),
        METRICS_PORT: String(await freePort()),
        LOG_LEVEL: "warn",
        DATABASE_URL: databaseUrl,
        STATE_REDIS_URL: stateRedisUrl,
        RENDER_CACHE_URL: "memory:",
        JWT_SECRET: "a secret for benchmarks, long enough",
        SEAL_KEY: Buffer.alloc(32, 1).toString("base64"),
        PUBLIC_BASE_URL: url,
        OBJECT_STORE: "/nowhere",
        MANAGEMENT_URL: url,
        WORKER_URL: url,
        RENDER_URL: url,
        REDIRECT_URLS: `bench=${url}`,
      },
    },
  );
  const isUp = async () => (await fetch(`${url}/api/health/`)).ok;
  await until(() => isUp().catch(() => false), { timeoutMs: 30_000 });
  return { url, child };
}
