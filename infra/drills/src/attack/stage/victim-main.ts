// The thread of the others; see victim.ts.
import { parentPort, workerData } from "node:worker_threads";
import { makeClient } from "./client.js";
import type { Phase, VictimPlan } from "./victim.js";

const { base, asks, everyMs, expected } = workerData as VictimPlan;
const client = makeClient(base);
const underWay = new Set<Promise<void>>();
let phase: Phase = { tookMs: [], refused: {} };
let sent = 0;

async function send(): Promise<void> {
  const ask = asks[sent++ % asks.length];
  if (!ask) return;
  const { status, tookMs } = await client.send(ask);
  phase.tookMs.push(tookMs);
  if (status !== expected) phase.refused[status] = (phase.refused[status] ?? 0) + 1;
}

const start = () =>
  setInterval(() => {
    const sending = send().finally(() => underWay.delete(sending));
    underWay.add(sending);
  }, everyMs);

let timer = start();
parentPort?.on("message", async () => {
  clearInterval(timer);
  await Promise.all(underWay);
  parentPort?.postMessage(phase);
  phase = { tookMs: [], refused: {} };
  timer = start();
});
