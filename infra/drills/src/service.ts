// Services as compiled, each a process with an environment of its own, and requests that they may put off.
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type StartedProcess, startScript } from "@qrfactory/processes/process";

const services = fileURLToPath(new URL("../../../services/", import.meta.url));

/** Longest start in milliseconds, on a busy machine; an idle one takes half a second. */
export const startTimeoutMs = 30_000;
/** Of a request that is put off. */
const triesMax = 10;

/** Starts a service as compiled and returns once it listens. */
export async function startService(
  script: string,
  env: Record<string, string>,
  onLine: (line: string) => void = () => {},
): Promise<StartedProcess> {
  const child = await startScript(join(services, script), {
    env: { PATH: process.env.PATH, NODE_ENV: "production", METRICS_PORT: "0", LOG_LEVEL: "info", ...env },
    onLine,
  });
  await child.waitForLine(/"listening"/, startTimeoutMs);
  return child;
}

/** Sends until it is not put off: a 503 says when to try again, and a busy machine may earn one. */
export async function answered(send: () => Promise<Response>): Promise<Response> {
  for (let tries = 1; ; tries++) {
    const response = await send();
    if (response.status !== 503 || tries === triesMax) return response;
    await response.arrayBuffer();
    await pause(1_000 * Number(response.headers.get("Retry-After") ?? 1));
  }
}

/** Environment of management, its worker and render; render needs a spool as well. */
export function managementEnvironment(databaseUrl: string, stateUrl: string): Record<string, string> {
  const nobody = "http://127.0.0.1:9";
  return {
    DATABASE_URL: databaseUrl,
    STATE_REDIS_URL: stateUrl,
    RENDER_CACHE_URL: "memory:",
    JWT_SECRET: "a secret of at least thirty-two characters",
    SEAL_KEY: Buffer.alloc(32, 7).toString("base64"),
    PUBLIC_BASE_URL: "https://qr.example.org",
    OBJECT_STORE: "/nowhere",
    MANAGEMENT_URL: nobody,
    WORKER_URL: nobody,
    RENDER_URL: nobody,
    REDIRECT_URLS: `none=${nobody}`,
    SIGNUPS_PER_HOUR: "1000",
  };
}
