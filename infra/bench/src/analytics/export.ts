// Exports of scans as a client sees them, one that takes all it gets and one that is slow, and the memory that the API
// has meanwhile, as the kernel knows it (Linux only).
import { setTimeout as pause } from "node:timers/promises";
import { residentKilobytesOf } from "../process-figures.js";

/** One measured export. */
export type ExportRun = {
  name: string;
  rows: number;
  megabytes: number;
  seconds: number;
  /** Of the API's process: when it began, and the most. */
  residentMegabytes: { before: number; most: number };
};

/** Address of an export, and the process of the API whose memory is watched. */
export type ExportOptions = { url: string; headers: Record<string, string>; path: string; pid: number };

const sampleMs = 50;
/**
 * A slow client rests this long after each megabyte: 4 MB a second at most, less than what the API writes in either
 * format.
 */
const slowPauseMs = 250;
const restsEvery = 1_000_000;
const lineFeed = 10;

/** Exports everything at a path, by each kind of client in each format. */
export async function measureExports(options: ExportOptions): Promise<ExportRun[]> {
  const runs: ExportRun[] = [];
  for (const format of ["csv", "ndjson"]) {
    for (const isSlow of [false, true]) runs.push(await measureExport(options, format, isSlow));
  }
  return runs;
}

async function measureExport(
  { url, headers, path, pid }: ExportOptions,
  format: string,
  isSlow: boolean,
): Promise<ExportRun> {
  const before = residentKilobytesOf(pid) / 1_000;
  let most = before;
  const sampler = setInterval(() => {
    most = Math.max(most, residentKilobytesOf(pid) / 1_000);
  }, sampleMs);
  const startedAt = performance.now();
  let bytes = 0;
  let lines = 0;
  try {
    const response = await fetch(`${url}${path}?format=${format}`, { headers });
    if (!response.ok || !response.body) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    let restAt = restsEvery;
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      for (let at = chunk.indexOf(lineFeed); at >= 0; at = chunk.indexOf(lineFeed, at + 1)) lines += 1;
      if (!isSlow || bytes < restAt) continue;
      restAt = bytes + restsEvery;
      await pause(slowPauseMs);
    }
  } finally {
    clearInterval(sampler);
  }
  return {
    name: `export as ${format}, ${isSlow ? "slow" : "quick"} client`,
    // The first line of CSV names the columns.
    rows: lines - (format === "csv" ? 1 : 0),
    megabytes: bytes / 1e6,
    seconds: (performance.now() - startedAt) / 1_000,
    residentMegabytes: { before, most },
  };
}
