// The render service under more than it can do: how much of its capacity is left as goodput, how quick a refusal is,
// how long accepted requests and health checks take meanwhile, and how much memory it takes.
import { Agent, request } from "node:http";
import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { residentKilobytesOf } from "../process-figures.js";
import { newLink, type RenderTarget, startRender } from "./http.js";

/** Figures of a service that is asked for more than it can do. */
export type Overload = {
  title: string;
  perSecond: number;
  accepted: { perSecond: number; p50Ms: number; p95Ms: number; p99Ms: number };
  refused: { perSecond: number; p95Ms: number };
  healthP95Ms: number;
  peakMegabytes: number;
};

const seconds = 8;

const styled = (size: number) => ({
  data: newLink(),
  size,
  pattern: "rounded",
  eye_shape: "rounded",
  gradient_from: "#7b2ff7",
  gradient_to: "#f107a3",
});
const plain = () => ({ data: newLink(), size: 600 });

/** Measures the capacity, the rest of it when far more is asked, and a mixed load that it should bear easily. */
export async function overload(): Promise<Overload[]> {
  const directory = makeTempDirectory("qrfactory-bench-");
  const stops: (() => Promise<unknown>)[] = [];
  try {
    const target = await startRender(directory.path, stops);
    await offer("warm-up", target, 20, () => styled(2_000));
    const capacity = await takeTurns(target, () => styled(2_000));
    return [
      capacity,
      await offer("100 a second, mixed: 9 of 10 plain 600 px, 1 styled 600 px", target, 100, () =>
        Math.random() < 0.9 ? plain() : styled(600),
      ),
      await offer("64 at once, styled 2000 px, again and again", target, 64, () => styled(2_000), 64),
      await offer("300 a second, styled 2000 px", target, 300, () => styled(2_000)),
    ];
  } finally {
    for (const stop of stops.reverse()) await stop();
    directory.remove();
  }
}

/** As much as it can deliver without refusing: two clients that each ask again as soon as they have their image. */
async function takeTurns(target: RenderTarget, body: () => object): Promise<Overload> {
  const clients = 2;
  const accepted: number[] = [];
  const startedAt = performance.now();
  const client = async () => {
    while (performance.now() - startedAt < seconds * 1000) {
      const at = performance.now();
      if ((await post(target, body())) === 200) accepted.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const took = (performance.now() - startedAt) / 1000;
  return {
    title: `${clients} clients in turns, styled 2000 px: the capacity`,
    perSecond: accepted.length / took,
    accepted: figuresOf(accepted, took),
    refused: { perSecond: 0, p95Ms: 0 },
    healthP95Ms: 0,
    peakMegabytes: Math.round(residentKilobytesOf(target.pid) / 1_024),
  };
}

/** The load shares two cores with the service: the lightest client there is. */
const agent = new Agent({ keepAlive: true });

/** Sends a request, reads its answer to the end, and returns its status. */
function post({ url, headers }: RenderTarget, body: object): Promise<number> {
  const text = JSON.stringify(body);
  const lines = { "content-type": "application/json", "content-length": text.length, ...headers };
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: "POST", agent, headers: lines }, (response) => {
      response.resume().on("end", () => resolve(response.statusCode ?? 0));
    });
    sent.on("error", reject).end(text);
  });
}

function figuresOf(values: number[], took: number): Overload["accepted"] {
  return {
    perSecond: Math.round((10 * values.length) / took) / 10,
    p50Ms: quantile(values, 0.5),
    p95Ms: quantile(values, 0.95),
    p99Ms: quantile(values, 0.99),
  };
}

function quantile(values: number[], share: number): number {
  return Math.round(values.sort((a, b) => a - b)[Math.floor(values.length * share)] ?? 0);
}

/** Sends `rate` requests a second, evenly or in bursts, however long the answers take. */
async function offer(
  title: string,
  target: RenderTarget,
  rate: number,
  body: () => object,
  burst = 1,
): Promise<Overload> {
  const accepted: number[] = [];
  const refused: number[] = [];
  const health: number[] = [];
  const under: Promise<void>[] = [];
  let peak = 0;
  const send = async () => {
    const at = performance.now();
    const status = await post(target, body());
    (status === 200 ? accepted : refused).push(performance.now() - at);
  };
  const watch = async () => {
    const at = performance.now();
    await (await fetch(new URL("/api/health/", target.url))).text();
    health.push(performance.now() - at);
    peak = Math.max(peak, Math.round(residentKilobytesOf(target.pid) / 1_024));
  };
  const startedAt = performance.now();
  for (let sent = 0; sent < rate * seconds; sent += burst) {
    const due = startedAt + (sent / rate) * 1000;
    await pause(Math.max(0, due - performance.now()));
    for (let i = 0; i < burst; i++) under.push(send());
    if (sent % 20 === 0) under.push(watch());
  }
  await Promise.all(under);
  const took = (performance.now() - startedAt) / 1000;
  return {
    title,
    perSecond: rate,
    accepted: figuresOf(accepted, took),
    refused: { perSecond: Math.round(refused.length / took), p95Ms: quantile(refused, 0.95) },
    healthP95Ms: quantile(health, 0.95),
    peakMegabytes: peak,
  };
}
