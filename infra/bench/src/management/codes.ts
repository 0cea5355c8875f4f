// The management API over 500,000 codes in a durable PostgreSQL: pages of the list, one code, creations. API, stores
// and load share the machine's cores. Times of the list are of one client that asks again and again.
import { randomUUID } from "node:crypto";
import type { Db } from "@qrfactory/db/client";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import autocannon from "autocannon";
import { startStores } from "../stores.js";
import { startManagement } from "./process.js";
import { makeWorkspace } from "./workspace.js";

/** Measured lists and creations. */
export type ManagementRun = {
  title: string;
  pages: { name: string; p50Ms: number; p95Ms: number }[];
  loads: { name: string; perSecond: number; p99Ms: number; failed: number }[];
  /** Rows that 80 identical creations at once have made. */
  rowsOfEighty: number;
};

const codes = 500_000;
const connections = 32;
const seconds = 5;
const pagesEach = 100;

/** Runs it once. */
export async function measureManagement(): Promise<ManagementRun> {
  const directory = makeTempDirectory("qrfactory-bench-");
  const stops: (() => Promise<unknown> | unknown)[] = [() => directory.remove()];
  try {
    const { databaseUrl, stateRedisUrl, db } = await startStores(directory.path, stops);
    const { url } = await startManagement(databaseUrl, stateRedisUrl, stops);
    const { headers } = await makeWorkspace(db, url, (id) => insertCodes(db, id));
    const get = (path: string) => fetch(path.startsWith("http") ? path : url + path, { headers });
    return {
      title: `management over ${codes.toLocaleString("en-US")} codes`,
      pages: await timePages(get),
      loads: [await loadOne(url, headers), await loadCreations(url, headers)],
      rowsOfEighty: await createEighty(db, url, headers),
    };
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

function insertCodes(db: Db, workspaceId: string) {
  return db.$executeRaw`
    INSERT INTO dynamic_codes (id, workspace_id, short_id, name, destination_url, is_active, tags, published_version,
                               created_at, updated_at, scan_count)
    SELECT gen_random_uuid(), ${workspaceId}::uuid, 'B' || lpad(n::text, 7, '0'),
      'Table ' || n % 5000 || ', room ' || md5(n::text), 'https://example.com/menu/' || n || '?utm_source=print',
      n % 1000 <> 0, ARRAY['tag-' || n % 500], 1, moment, moment, n % 10000
    FROM generate_series(1, ${codes}::int) AS n, LATERAL (SELECT now() - n * interval '1 second' AS moment) AS t`;
}

type Get = (path: string) => Promise<Response>;

/** Path of the list number `i` of each kind. */
const lists: Record<string, (i: number) => string> = {
  "page of 25, newest first": () => "/api/v1/dynamic",
  "by name": () => "/api/v1/dynamic?ordering=name",
  "by scans (sorts all)": () => "/api/v1/dynamic?ordering=-scan_count",
  "tag of 1,000": (i) => `/api/v1/dynamic?tag=tag-${i}`,
  "paused, 500": () => "/api/v1/dynamic?is_active=false",
  "search for one": (i) => `/api/v1/dynamic?search=B0${String(1_000 * (i + 1)).padStart(6, "0")}`,
  "search for 100": (i) => `/api/v1/dynamic?search=table%20${4_000 + i},`,
  "search for none": (i) => `/api/v1/dynamic?search=no%20such%20room%20${i}`,
  "search for all": () => "/api/v1/dynamic?search=example.com",
  "search, two letters": (i) => `/api/v1/dynamic?search=${(i % 16).toString(16)}a`,
};

async function timePages(get: Get): Promise<ManagementRun["pages"]> {
  const pages: ManagementRun["pages"] = [];
  const time = async (name: string, next: (i: number) => Promise<void>) => {
    const samples: number[] = [];
    for (let i = 0; i < pagesEach; i++) {
      const startedAt = performance.now();
      await next(i);
      samples.push(performance.now() - startedAt);
    }
    samples.sort((a, b) => a - b);
    const at = (share: number) => samples[Math.floor(share * pagesEach)] as number;
    pages.push({ name, p50Ms: at(0.5), p95Ms: at(0.95) });
  };
  const read = async (path: string) => {
    const response = await get(path);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as { next: string | null };
  };
  for (const [name, path] of Object.entries(lists)) await time(name, async (i) => void (await read(path(i))));
  for (const page of [1, 10_000, 19_000]) {
    let link = (await read(`/api/v1/dynamic?page=${page}`)).next;
    await time(`next, from page ${page.toLocaleString("en-US")}`, async () => {
      link = (await read(link as string)).next;
    });
  }
  return pages;
}

type Headers = Record<string, string>;

async function loadOne(url: string, headers: Headers): Promise<ManagementRun["loads"][number]> {
  const path = () => `/api/v1/dynamic/B${String(1 + Math.floor(Math.random() * codes)).padStart(7, "0")}`;
  return load("GET of one", {
    url,
    headers,
    requests: [{ setupRequest: (request) => ({ ...request, path: path() }) }],
  });
}

async function loadCreations(url: string, headers: Headers): Promise<ManagementRun["loads"][number]> {
  return load("create with a key", {
    url: `${url}/api/v1/dynamic`,
    requests: [
      {
        method: "POST",
        setupRequest: (request) => ({
          ...request,
          headers: { ...headers, "content-type": "application/json", "idempotency-key": randomUUID() },
          body: JSON.stringify({ name: `New ${randomUUID()}`, destination_url: `https://example.com/${randomUUID()}` }),
        }),
      },
    ],
  });
}

async function load(name: string, options: autocannon.Options): Promise<ManagementRun["loads"][number]> {
  const { requests, latency, non2xx, errors } = await autocannon({ ...options, connections, duration: seconds });
  return { name, perSecond: requests.average, p99Ms: latency.p99, failed: non2xx + errors };
}

async function createEighty(db: Db, url: string, headers: Headers): Promise<number> {
  const name = `Eighty ${randomUUID()}`;
  const create = () =>
    fetch(`${url}/api/v1/dynamic`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json", "idempotency-key": "eighty" },
      body: JSON.stringify({ name, destination_url: "https://example.com/eighty" }),
    });
  const answers = await Promise.all(Array.from({ length: 80 }, create));
  if (answers.some(({ status }) => status !== 201)) throw new Error("One of eighty creations was refused.");
  return db.dynamicCode.count({ where: { name } });
}
