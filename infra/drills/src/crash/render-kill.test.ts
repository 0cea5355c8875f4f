// A killed render process takes no credit for nothing: what is counted is what is written, and every delivered image
// is.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { until } from "@qrfactory/processes/until";
import { type BulkRig, startBulkRig } from "../bulk/rig.js";

const kills = 3;
const clients = 6;
const timeoutMs = 180_000;

let rig: BulkRig;
let key: string;
beforeAll(async () => {
  rig = await startBulkRig();
  const headers = { "Content-Type": "application/json" };
  const made = await rig.send("/api/v1/keys", { method: "POST", headers, body: JSON.stringify({ name: "key" }) });
  key = ((await made.json()) as { raw_key: string }).raw_key;
}, timeoutMs);
afterAll(() => rig?.close(), timeoutMs);

/** Asks for images that nobody has drawn, one after the other, until told to stop; counts those that arrived whole. */
function startLoad() {
  let isStopped = false;
  let delivered = 0;
  const body = () => JSON.stringify({ data: `https://example.com/${randomUUID()}`, size: 1200, pattern: "dot" });
  const headers = { "Content-Type": "application/json", "X-Api-Key": key };
  async function client(): Promise<void> {
    while (!isStopped) {
      try {
        const response = await fetch(`${rig.renderUrl}/api/v1/generate/`, { method: "POST", headers, body: body() });
        await response.arrayBuffer();
        if (response.status === 200) delivered += 1;
      } catch {
        // Killed, or not there yet.
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }
  const running = Promise.all(Array.from({ length: clients }, client));
  return {
    delivered: () => delivered,
    async stop() {
      isStopped = true;
      await running;
      return delivered;
    },
  };
}

test(
  "credits, calls and delivered images agree after kills under load",
  async () => {
    const load = startLoad();
    for (let kill = 1; kill <= kills; kill += 1) {
      const before = load.delivered();
      await until(() => load.delivered() > before + 20, { timeoutMs: 60_000 });
      rig.render.kill("SIGKILL");
      await rig.render.exited;
      await rig.startRender();
    }
    const before = load.delivered();
    await until(() => load.delivered() > before, { timeoutMs: 60_000 });
    const delivered = await load.stop();
    await until(
      async () => {
        const { counter, calls, months } = await rig.spent();
        return counter === calls && months === calls && calls >= delivered;
      },
      { timeoutMs: 30_000, what: "Agreement" },
    ).catch(async (error: Error) => {
      throw new Error(`${error.message}; ${JSON.stringify({ delivered, ...(await rig.spent()) })}`);
    });
    const { calls } = await rig.spent();
    // Written down, and killed before the answer was out: one of each client and kill at most.
    expect(calls - delivered).toBeLessThanOrEqual(clients * kills);
  },
  timeoutMs,
);
