// A million answers against a million rows: the whole local stack, scanned as fast as one client can count, and then
// everything that PostgreSQL knows of it.
import { connectDatabase, type Db } from "@qrfactory/db/client";
import { until } from "@qrfactory/processes/until";
import autocannon from "autocannon";
import { startLocalStack } from "../local-stack.js";

/** Answers as the client counted them, and rows as PostgreSQL has them. */
export type Million = {
  answered: number;
  perSecond: number;
  rows: number;
  counted: number;
  rolledUp: number;
  behindSeconds: number;
};

const scans = 1_000_000;
const codes = 20;
const connections = 64;
/** Ingest is given this long for what it has not taken in when the last answer comes. */
const patienceMs = 180_000;

/** Runs it once in a directory; the three figures of the ledger have to be `answered`. */
export async function scanAMillion(directory: string): Promise<Million> {
  const { regions, database_url, send, stop } = await startLocalStack(directory, 1);
  const db = connectDatabase(database_url, { queryTimeoutMs: 60_000 });
  try {
    const paths: string[] = [];
    for (let i = 0; i < codes; i++) {
      const code = await send("POST", "/api/v1/dynamic/", { name: "M", destination_url: `https://example.com/${i}` });
      paths.push(`/q/${code.short_id}`);
    }
    const base = (regions[0] as { redirect: string }).redirect;
    const isServed = async () =>
      (await fetch(base + paths.at(-1), { method: "HEAD", redirect: "manual" })).status === 302;
    await until(isServed);
    const headers = {
      "user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Safari/604.1",
    };
    const requests = paths.map((path) => ({ method: "GET" as const, path, headers }));
    const result = await autocannon({ url: base, connections, amount: scans, requests });
    if (result.non2xx !== result["3xx"] || result.errors > 0) throw new Error("A scan was not answered with a 302.");
    const endedAt = performance.now();
    await until(async () => (await ledger(db)).rows >= result["3xx"], { timeoutMs: patienceMs, intervalMs: 200 });
    const behindSeconds = (performance.now() - endedAt) / 1_000;
    return { answered: result["3xx"], perSecond: result.requests.average, ...(await ledger(db)), behindSeconds };
  } finally {
    await db.$disconnect();
    await stop();
  }
}

async function ledger(db: Db): Promise<Pick<Million, "rows" | "counted" | "rolledUp">> {
  const [row] = await db.$queryRaw<{ rows: number; counted: number; rolled_up: number }[]>`
    SELECT (SELECT count(*) FROM scans)::int AS rows, (SELECT sum(scan_count) FROM dynamic_codes)::int AS counted,
      (SELECT coalesce(sum(scans + bots), 0) FROM scan_hourly)::int AS rolled_up`;
  return { rows: row?.rows ?? 0, counted: row?.counted ?? 0, rolledUp: row?.rolled_up ?? 0 };
}
