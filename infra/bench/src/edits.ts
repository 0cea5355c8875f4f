// How soon an edit is served: the whole local stack with three regions, one PATCH after the other, and every region asked
// until it leads to the new address. Counted from the moment in which the PATCH is sent.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "@qrfactory/testing/ports";
import { startScript } from "@qrfactory/testing/process";

const launcher = fileURLToPath(new URL("../../local/start.mjs", import.meta.url));

const edits = 200;
const warmUpEdits = 20;
/** What the question itself may add. */
const askEveryMs = 2;
const startTimeoutMs = 60_000;
const visibleTimeoutMs = 10_000;

type Stack = { gateway: string; regions: { name: string; redirect: string }[]; demo: { api_key: string } };

/** Starts the stack in a directory, measures, and says the result. */
export async function measureEdits(directory: string): Promise<string> {
  const args = ["--port", String(await freePort()), "--data-dir", directory, "--regions", "3"];
  const launched = await startScript(launcher, { args, leashed: "SIGTERM" });
  try {
    await launched.waitForLine(/QRFactory is running/, startTimeoutMs);
    const stack = JSON.parse(readFileSync(join(directory, "stack.json"), "utf8")) as Stack;
    const shortId = await createCode(stack);
    const took: number[] = [];
    for (let edit = 0; edit < warmUpEdits + edits; edit++) {
      const destination = `https://example.com/edit/${edit}`;
      const sentAt = performance.now();
      const sent = send(stack, "PATCH", `/api/v1/dynamic/${shortId}/`, { destination_url: destination });
      await Promise.all(stack.regions.map(({ redirect }) => untilServed(`${redirect}/q/${shortId}`, destination)));
      if (edit >= warmUpEdits) took.push(performance.now() - sentAt);
      await sent;
    }
    took.sort((a, b) => a - b);
    const quantile = (share: number) => (took[Math.floor(took.length * share)] as number).toFixed(0);
    return `${edits} edits, from PATCH sent to the last of three regions: p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms.`;
  } finally {
    await launched.stop("SIGTERM", startTimeoutMs);
  }
}

async function send({ gateway, demo }: Stack, method: string, path: string, body: object): Promise<unknown> {
  const headers = { "content-type": "application/json", "x-api-key": demo.api_key };
  const response = await fetch(gateway + path, { method, headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

async function createCode(stack: Stack): Promise<string> {
  const code = { name: "Edited", destination_url: "https://example.com/" };
  return ((await send(stack, "POST", "/api/v1/dynamic/", code)) as { short_id: string }).short_id;
}

async function untilServed(url: string, destination: string): Promise<void> {
  const endsAt = performance.now() + visibleTimeoutMs;
  while (performance.now() < endsAt) {
    const response = await fetch(url, { method: "HEAD", redirect: "manual" });
    if (response.headers.get("location") === destination) return;
    await pause(askEveryMs);
  }
  throw new Error(`${url} did not lead to ${destination} within ${visibleTimeoutMs} ms.`);
}
