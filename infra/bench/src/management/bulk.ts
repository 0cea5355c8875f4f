// Bulk orders in the whole product as `npm start` runs it, through the gateway, against a script that anybody would
// write: npm `qrcode` for each row, archiver for the ZIP. Stack, script and clients share the machine's cores.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { ZipArchive } from "archiver";
import QRCode from "qrcode";
import { type LocalStack, startLocalStack } from "../local-stack.js";
import { residentKilobytesOf } from "../process-figures.js";

/** Measured orders next to the script's. */
export type BulkRun = {
  title: string;
  orders: { name: string; rows: number; seconds: number; megabytes: number }[];
  /** How many times as long the script takes, for as many rows of the same size. */
  ratios: { name: string; scriptSeconds: number; ratio: number }[];
  /** A client of single images while 5,000 styled rows are drawn. */
  single: { images: number; refused: number; p50Ms: number; p95Ms: number; styledSeconds: number };
  /** Peak memory of the worker, by rows of the order. */
  workerMegabytes: Record<string, number>;
};

type Fields = Record<string, unknown>;

const rows = 1_000;
/** The script is timed on a part of them: it takes minutes for all. */
const scriptRows = 100;
const styledRows = 5_000;
const styled = { size: 1_200, pattern: "dot", gradient_from: "#0b3d91", gradient_to: "#7a1fa2" };
const singlePauseMs = 100;
const waitMsMax = 600_000;
const lookMs = 20;

/** Runs it once. */
export async function measureBulk(): Promise<BulkRun> {
  const directory = makeTempDirectory("qrfactory-bench-");
  const stack = await startLocalStack(directory.path, 1);
  try {
    const { pids } = JSON.parse(readFileSync(join(directory.path, "stack.json"), "utf8")) as {
      pids: { worker: number[] };
    };
    const worker = pids.worker[0] as number;
    const orders: BulkRun["orders"] = [];
    let link = 0;
    const distinct = (count: number) =>
      Array.from({ length: count }, () => ({ data: `https://example.com/l/${++link}` }));
    const order = async (name: string, items: Fields[], defaults: Fields = {}) => {
      const done = await timeOrder(stack, { items, defaults });
      orders.push({ name, rows: items.length, ...done });
      return done.seconds;
    };
    await order("the first after a start, 600 px", distinct(rows), { size: 600 });
    const at600 = await order("distinct links, 600 px", distinct(rows), { size: 600 });
    const at1200 = await order("distinct links, 1200 px", distinct(rows), { size: 1_200 });
    const same = { data: `https://example.com/same/${Date.now()}` };
    await order(
      "identical rows, 600 px",
      Array.from({ length: rows }, () => same),
      { size: 600 },
    );
    const ratios = [await compare("600 px", 600, at600), await compare("1200 px", 1_200, at1200)];
    const few = await watchMemory(worker, () => order("distinct links, styled, 1200 px", distinct(100), styled));
    const watched = {
      ...(await withSingleImages(stack, () =>
        watchMemory(worker, () => order("the same", distinct(styledRows), styled)),
      )),
    };
    const { result: many, ...single } = watched;
    return {
      title: "bulk orders, from acceptance to a ZIP that is ready",
      orders,
      ratios,
      single: { ...single, styledSeconds: many.result },
      workerMegabytes: { 100: few.peakMegabytes, [styledRows]: many.peakMegabytes },
    };
  } finally {
    await stack.stop();
    directory.remove();
  }
}

/** Seconds from the moment an order is accepted to the moment its archive is ready, by the database's clock. */
async function timeOrder(stack: LocalStack, body: { items: Fields[]; defaults: Fields }) {
  const { id } = await stack.send("POST", "/api/v1/generate/bulk", body);
  for (const until = Date.now() + waitMsMax; Date.now() < until; await pause(lookMs)) {
    const headers = { "x-api-key": stack.demo.api_key };
    const job = (await (await fetch(`${stack.gateway}/api/v1/bulk/${id}`, { headers })).json()) as Record<
      string,
      string
    >;
    if (!job.finished_at) continue;
    if (job.status !== "completed") throw new Error(`the order ${job.status}: ${job.failure}`);
    const head = await fetch(job.download_url as string, { method: "HEAD" });
    const seconds = (Date.parse(job.finished_at) - Date.parse(job.created_at as string)) / 1_000;
    return { seconds, megabytes: Number(head.headers.get("content-length")) / 1e6 };
  }
  throw new Error("The order is not finished after ten minutes.");
}

/** The script for a part of the rows, and what it would take for all. */
async function compare(name: string, width: number, ourSeconds: number): Promise<BulkRun["ratios"][number]> {
  const startedAt = performance.now();
  const archive = new ZipArchive({ zlib: { level: 6 } });
  archive.resume();
  for (let n = 1; n <= scriptRows; n++) {
    const png = await QRCode.toBuffer(`https://example.com/l/${n}`, { width, margin: 4 });
    archive.append(png, { name: `qr-${n}.png` });
  }
  await archive.finalize();
  const scriptSeconds = (((performance.now() - startedAt) / 1_000) * rows) / scriptRows;
  return { name, scriptSeconds, ratio: scriptSeconds / ourSeconds };
}

async function watchMemory<Result>(pid: number, run: () => Promise<Result>) {
  let peakMegabytes = 0;
  const watch = setInterval(() => {
    peakMegabytes = Math.max(peakMegabytes, Math.round(residentKilobytesOf(pid) / 1_024));
  }, lookMs);
  const result = await run().finally(() => clearInterval(watch));
  return { result, peakMegabytes };
}

/** One client that asks for one new image after the other while `run` goes on. */
async function withSingleImages<Result>(stack: LocalStack, run: () => Promise<Result>) {
  const running = run();
  let isOver = false;
  running.then(
    () => (isOver = true),
    () => (isOver = true),
  );
  const times: number[] = [];
  let refused = 0;
  for (let n = 0; !isOver; n++) {
    const startedAt = performance.now();
    const headers = { "content-type": "application/json", "x-api-key": stack.demo.api_key };
    const body = JSON.stringify({ data: `https://example.com/single/${n}`, size: 600 });
    const response = await fetch(`${stack.gateway}/api/v1/generate`, { method: "POST", headers, body });
    await response.arrayBuffer();
    if (response.ok) times.push(performance.now() - startedAt);
    else refused += 1;
    await pause(singlePauseMs);
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => Math.round(times[Math.floor(times.length * share)] ?? Number.NaN);
  return { result: await running, images: times.length, refused, p50Ms: at(0.5), p95Ms: at(0.95) };
}
