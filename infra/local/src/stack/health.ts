// Asks running services over HTTP whether they are ready.
import { until } from "@qrfactory/processes/until";

/** Node starts in 0.3 s; on a busy machine several at once take a few. */
const healthyTimeoutMs = 30_000;
const askTimeoutMs = 1_000;

/** Resolves once `/api/health/` at this address answers 200. */
export async function waitUntilHealthy(name: string, url: string): Promise<void> {
  await until(async () => (await ask(`${url}/api/health/`)).ok, {
    timeoutMs: healthyTimeoutMs,
    intervalMs: 25,
    what: `${name} at ${url}`,
  });
}

/** The components that are not `ok` once all are or time is up: an empty list is what one hopes for. */
export async function componentsInTrouble(gateway: string, timeoutMs: number): Promise<string[]> {
  let trouble: string[] = [];
  const look = async () => {
    const report = (await (await ask(`${gateway}/api/status/`)).json()) as {
      components: Record<string, { status: string }>;
    };
    trouble = Object.entries(report.components)
      .filter(([, component]) => component.status !== "ok")
      .map(([name, component]) => `${name} is ${component.status}`);
    return trouble.length === 0;
  };
  await until(look, { timeoutMs, intervalMs: 100 }).catch((error: Error) => {
    if (trouble.length === 0) trouble = [error.message];
  });
  return trouble;
}

function ask(url: string): Promise<Response> {
  return fetch(url, { signal: AbortSignal.timeout(askTimeoutMs) });
}
