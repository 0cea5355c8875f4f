// `npm run bench [-- SUITE …]`: prints tables of ratios against peers measured in the same run and writes them as JSON.
import { writeFileSync } from "node:fs";
import { arch, cpus, totalmem } from "node:os";
import { type IngestRun, measureIngest } from "./analytics/ingest.js";
import { type AnalyticsRun, measureAnalytics } from "./analytics/reports.js";
import { type BulkRun, measureBulk } from "./management/bulk.js";
import { type ManagementRun, measureManagement } from "./management/codes.js";
import type { Timing } from "./measure.js";
import { withAndWithoutLane } from "./redirect/compare-two.js";
import { raceScans } from "./redirect/race.js";
import type { ScanRace } from "./redirect/scan-race.js";
import { type Race, raceOverHttp } from "./render/http.js";
import { type Comparison, compareImages } from "./render/images.js";
import { type Overload, overload } from "./render/overload.js";
import { compareSizes, compareSymbols, type Sizes } from "./render/symbols.js";

/** Suite → what it measures; each prints its tables and returns what is written as JSON. */
const suites: Record<string, () => Promise<unknown>> = {
  symbol: () => timings(compareSymbols),
  size: sizes,
  render: () => timings(compareImages),
  http: () => races(raceOverHttp),
  overload: overloads,
  redirect: () => scans(raceScans),
  lane: () => scans(withAndWithoutLane),
  ingest,
  management,
  analytics,
  bulk,
};

/** In the working directory; not committed. */
const resultFile = "bench-results.json";

async function timings(compare: () => Promise<Comparison[]>): Promise<Comparison[]> {
  const comparisons = await compare();
  for (const comparison of comparisons) {
    console.log(comparison.title);
    const base = comparison.timings.find(({ name }) => name === comparison.ours) as Timing;
    for (const { name, medianMs, runs } of comparison.timings) {
      console.log(`  ${row(name, `${medianMs.toFixed(3)} ms`, medianMs / base.medianMs)}  (median of ${runs})`);
    }
    for (const note of comparison.notes ?? []) console.log(`  ${note}`);
    console.log();
  }
  return comparisons;
}

async function races(race: () => Promise<Race[]>): Promise<Race[]> {
  const results = await race();
  for (const { title, throughputs } of results) {
    console.log(title);
    const peer = throughputs.at(-1)?.perSecond ?? 1;
    for (const { name, perSecond, p50Ms, p99Ms, failed } of throughputs) {
      const times = row(name, `${perSecond.toFixed(0)} / s`, perSecond / peer);
      console.log(`  ${times}  p50 ${p50Ms} ms, p99 ${p99Ms} ms, ${failed} failed`);
    }
    console.log();
  }
  return results;
}

async function overloads(): Promise<Overload[]> {
  const results = await overload();
  for (const { title, accepted, refused, healthP95Ms, peakMegabytes } of results) {
    console.log(title);
    console.log(
      `  ${accepted.perSecond} / s delivered, p50 ${accepted.p50Ms} ms, p95 ${accepted.p95Ms} ms, ` +
        `p99 ${accepted.p99Ms} ms`,
    );
    console.log(`  ${refused.perSecond} / s refused, p95 ${refused.p95Ms} ms; health p95 ${healthP95Ms} ms`);
    console.log(`  ${peakMegabytes} MB at most\n`);
  }
  return results;
}

async function scans(race: () => Promise<ScanRace[]>): Promise<ScanRace[]> {
  const results = await race();
  for (const { title, loads, notes } of results) {
    console.log(title);
    const base = loads[0]?.perSecond ?? 1;
    for (const { name, perSecond, p50Ms, p99Ms, failed } of loads) {
      const rate = row(name, `${perSecond.toFixed(0)} / s`, perSecond / base);
      console.log(`  ${rate}  p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms, ${failed} failed`);
    }
    for (const note of notes) console.log(`  ${note}`);
    console.log();
  }
  return results;
}

async function ingest(): Promise<IngestRun> {
  const run = await measureIngest();
  const { scans, seconds, shipperMicroseconds, workerMicroseconds, appended, rows, counted, rolledUp } = run;
  console.log(run.title);
  console.log(`  ${(scans / seconds).toFixed(0)} / s, ${seconds.toFixed(1)} s in all`);
  console.log(
    `  processor time a scan: shipper ${shipperMicroseconds.toFixed(2)} µs, worker ${workerMicroseconds.toFixed(2)} µs`,
  );
  const isExact = [rows, counted, rolledUp].every((count) => count === appended);
  console.log(`  ${appended} appended, ${rows} rows, ${counted} counted, ${rolledUp} rolled up\n`);
  if (!isExact) throw new Error("Scans were lost or counted twice.");
  return run;
}

async function management(): Promise<ManagementRun> {
  const run = await measureManagement();
  console.log(run.title);
  for (const { name, p50Ms, p95Ms } of run.pages) {
    console.log(`  ${name.padEnd(28)}p50 ${p50Ms.toFixed(1)} ms, p95 ${p95Ms.toFixed(1)} ms`);
  }
  for (const { name, perSecond, p99Ms, failed } of run.loads) {
    console.log(`  ${name.padEnd(28)}${perSecond.toFixed(0)} / s, p99 ${p99Ms} ms, ${failed} failed`);
  }
  console.log(`  eighty identical creations at once made ${run.rowsOfEighty} row\n`);
  if (run.rowsOfEighty !== 1) throw new Error("Eighty identical creations must make one row.");
  return run;
}

async function analytics(): Promise<AnalyticsRun[]> {
  const runs = await measureAnalytics();
  for (const { title, madeSeconds, megabytes, reports, exports } of runs) {
    console.log(title);
    for (const { name, p50Ms, p95Ms } of reports) {
      console.log(`  ${name.padEnd(44)}p50 ${p50Ms.toFixed(1)} ms, p95 ${p95Ms.toFixed(1)} ms`);
    }
    for (const { name, rows, megabytes, seconds, residentMegabytes } of exports) {
      const { before, most } = residentMegabytes;
      const memory = `${before.toFixed(0)} MB resident before, ${most.toFixed(0)} at most`;
      console.log(`  ${name.padEnd(44)}${rows} rows, ${megabytes.toFixed(0)} MB in ${seconds.toFixed(1)} s; ${memory}`);
    }
    console.log(
      `  made in ${madeSeconds.toFixed(0)} s; ${megabytes.scans} MB of scans, ${megabytes.summaries} of summaries\n`,
    );
  }
  return runs;
}

async function bulk(): Promise<BulkRun> {
  const run = await measureBulk();
  console.log(run.title);
  for (const { name, rows, seconds, megabytes } of run.orders) {
    console.log(
      `  ${name.padEnd(34)}${String(rows).padStart(5)} rows ${seconds.toFixed(2)} s, ${megabytes.toFixed(1)} MB`,
    );
  }
  for (const { name, scriptSeconds, ratio } of run.ratios) {
    console.log(
      `  ${`npm qrcode and archiver, ${name}`.padEnd(34)}${scriptSeconds.toFixed(1)} s, ${ratio.toFixed(1)} ×`,
    );
  }
  const { images, refused, p50Ms, p95Ms } = run.single;
  console.log(`  single images meanwhile: ${images}, ${refused} refused, p50 ${p50Ms} ms, p95 ${p95Ms} ms`);
  for (const [rows, megabytes] of Object.entries(run.workerMegabytes))
    console.log(`  worker with ${rows} rows: ${megabytes} MB at most`);
  console.log();
  return run;
}

async function sizes(): Promise<Sizes[]> {
  const results = compareSizes();
  for (const { title, versions } of results) {
    console.log(title);
    for (const [name, version] of Object.entries(versions)) {
      console.log(`  ${name.padEnd(24)}${version === null ? "does not fit" : `version ${version}`}`);
    }
    console.log();
  }
  return results;
}

function row(name: string, figure: string, ratio: number): string {
  return `${name.padEnd(24)}${figure.padStart(14)}${ratio.toFixed(ratio < 10 ? 2 : 0).padStart(8)} ×`;
}

const names = process.argv.slice(2);
const unknown = names.filter((name) => !Object.hasOwn(suites, name));
if (unknown.length > 0) {
  console.error(`There is no suite ${unknown.join(", ")}; there are: ${Object.keys(suites).join(", ")}.`);
  process.exit(2);
}

const machine = {
  node: process.version,
  arch: arch(),
  cpu: cpus()[0]?.model ?? "unknown",
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
};
console.log(`${machine.cores} × ${machine.cpu}, ${machine.memoryGiB} GiB, Node ${machine.node}\n`);

const results: Record<string, unknown> = {};
for (const name of names.length > 0 ? names : Object.keys(suites)) {
  results[name] = await (suites[name] as () => Promise<unknown>)();
}
writeFileSync(resultFile, `${JSON.stringify({ machine, results }, null, 2)}\n`);
console.log(`Written to ${resultFile}.`);
