// Reports over thirteen months of scans in a durable PostgreSQL, once a million and once ten, in 100,000 codes of one
// workspace. API and stores share the machine's cores. Times are of one client that asks again and again over HTTP;
// then a million scans are exported.
import type { Db } from "@qrfactory/db/client";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { startManagement } from "../management/process.js";
import { makeWorkspace } from "../management/workspace.js";
import { startStores } from "../stores.js";
import { type ExportRun, measureExports } from "./export.js";
import { codeId, makeHistory } from "./scan-history.js";

/** Measured reports and exports over one history. */
export type AnalyticsRun = {
  title: string;
  madeSeconds: number;
  /** On the disk, indexes included. */
  megabytes: { scans: number; summaries: number };
  reports: { name: string; p50Ms: number; p95Ms: number }[];
  /** Of a million scans each. */
  exports: ExportRun[];
};

const sizes = [1_000_000, 10_000_000];
/** The busiest code has so many of the larger size, the workspace of the smaller. */
const exported = 1_000_000;
const codes = 100_000;
const historyDays = 396;
const dayMs = 24 * 60 * 60_000;
const reportsEach = 40;
const warmUps = 5;

/** Runs each size once. */
export async function measureAnalytics(): Promise<AnalyticsRun[]> {
  const runs: AnalyticsRun[] = [];
  for (const scans of sizes) runs.push(await measureSize(scans));
  return runs;
}

async function measureSize(scans: number): Promise<AnalyticsRun> {
  const directory = makeTempDirectory("qrfactory-bench-");
  const stops: (() => Promise<unknown> | unknown)[] = [() => directory.remove()];
  try {
    const { databaseUrl, stateRedisUrl, db } = await startStores(directory.path, stops);
    const { url, pid } = await startManagement(databaseUrl, stateRedisUrl, stops);
    const { workspaceId, headers } = await makeWorkspace(db, url, (id) => insertCodes(db, id));
    const startedAt = performance.now();
    const to = new Date();
    const from = new Date(to.getTime() - historyDays * dayMs);
    await makeHistory(db, databaseUrl, { workspaceId, scans, codes, from, to });
    const madeSeconds = (performance.now() - startedAt) / 1_000;
    return {
      title: `reports on ${scans.toLocaleString("en-US")} scans of ${codes.toLocaleString("en-US")} codes`,
      madeSeconds,
      megabytes: await sizesOf(db),
      reports: await timeReports(url, headers, to),
      exports: await measureExports({
        url,
        headers,
        path: scans > exported ? `${busiest}/scans/export` : "/api/v1/scans/export",
        pid,
      }),
    };
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

function insertCodes(db: Db, workspaceId: string) {
  return db.$executeRawUnsafe(`
    INSERT INTO dynamic_codes (id, workspace_id, short_id, name, destination_url, published_version, tags)
    SELECT (lpad(to_hex(n), 8, '0') || '${codeId(0).slice(8)}')::uuid, '${workspaceId}', 'B' || lpad(n::text, 7, '0'),
      'Code ' || n, 'https://example.com/' || n, 1, ARRAY['tag-' || n % 500]
    FROM generate_series(0, ${codes - 1}) AS n`);
}

async function sizesOf(db: Db): Promise<AnalyticsRun["megabytes"]> {
  const [row] = await db.$queryRaw<{ scans: number; summaries: number }[]>`
    SELECT ((SELECT sum(pg_total_relation_size(inhrelid))
          FROM pg_inherits WHERE inhparent = 'scans'::regclass) / 1e6)::int
        AS scans,
      (pg_total_relation_size('scan_summaries') / 1e6)::int AS summaries`;
  return row ?? { scans: 0, summaries: 0 };
}

const busiest = "/api/v1/dynamic/B0000000";

/** Report number `i` of each kind. */
function reportsUntil(to: Date): Record<string, (i: number) => string> {
  const before = (days: number) => `from=${new Date(to.getTime() - days * dayMs).toISOString().slice(0, 10)}`;
  /** By popularity: the second most popular first. */
  const code = (i: number) =>
    `/api/v1/dynamic/B${String(1 + Math.floor((i / reportsEach) ** 3 * (codes - 2))).padStart(7, "0")}`;
  return {
    "one code, 30 days": (i) => `${code(i)}/analytics`,
    "one code, a year by month": (i) => `${code(i)}/analytics?${before(365)}&interval=month`,
    "busiest code, 30 days": () => `${busiest}/analytics`,
    "busiest code, a year by day": () => `${busiest}/analytics?${before(365)}`,
    "busiest code, a year by day, Vienna": () => `${busiest}/analytics?${before(365)}&timezone=Europe/Vienna`,
    "busiest code, a year, one country": () => `${busiest}/analytics?${before(365)}&country=C1`,
    "workspace, 30 days": () => "/api/v1/analytics",
    "workspace, 30 days, Kolkata": () => "/api/v1/analytics?timezone=Asia/Kolkata",
    "workspace, 30 days, compared": () => "/api/v1/analytics?compare=previous",
    "workspace, a year by month": () => `/api/v1/analytics?${before(365)}&interval=month`,
    "tag of 200 codes, 30 days": (i) => `/api/v1/analytics?tag=tag-${i}`,
    "page of 25 scans": () => "/api/v1/scans",
  };
}

async function timeReports(url: string, headers: Record<string, string>, to: Date): Promise<AnalyticsRun["reports"]> {
  const reports: AnalyticsRun["reports"] = [];
  for (const [name, path] of Object.entries(reportsUntil(to))) {
    const samples: number[] = [];
    for (let i = -warmUps; i < reportsEach; i++) {
      const startedAt = performance.now();
      const response = await fetch(url + path(Math.max(i, 0)), { headers });
      const text = await response.text();
      if (!response.ok) throw new Error(`${path(i)}: ${response.status} ${text}`);
      if (i >= 0) samples.push(performance.now() - startedAt);
    }
    samples.sort((a, b) => a - b);
    const at = (share: number) => samples[Math.floor(share * reportsEach)] as number;
    reports.push({ name, p50Ms: at(0.5), p95Ms: at(0.95) });
  }
  return reports;
}
