// The checks of `/api/status/`. The API and its worker give the same answer, so that the gateway can ask the other one
// when one is gone.
import { type Db, probeDatabase } from "@qrfactory/db/client";
import { type Component, makeStatus, type Probe, probeHttp, type StatusReport } from "@qrfactory/runtime/http/status";
import { connectRedis } from "@qrfactory/runtime/redis";
import type { Redis } from "ioredis";
import type { ManagementConfig } from "./config.js";

/** Components that the status asks. */
export type StatusOptions = {
  version: string;
  db: Db;
  stateRedis: Redis;
  /** Null when the cache lives in the render process. */
  renderCache: Redis | null;
  config: Pick<ManagementConfig, "MANAGEMENT_URL" | "WORKER_URL" | "RENDER_URL" | "REDIRECT_URLS">;
};

/**
 * The probes of the whole product. Without the database nothing can be created, without redirect no code works: these
 * two are critical. Anything else missing is `degraded`.
 */
export function createStatus({ version, db, stateRedis, renderCache, config }: StatusOptions) {
  const probes: Probe[] = [
    { name: "database", critical: true, check: () => probeDatabase(db) },
    { name: "state_redis", critical: false, check: () => ping(stateRedis) },
    { name: "render_cache", critical: false, check: () => (renderCache ? ping(renderCache) : Promise.resolve()) },
    { name: "management", critical: false, check: probeHttp(config.MANAGEMENT_URL) },
    { name: "render", critical: false, check: probeHttp(config.RENDER_URL) },
    { name: "redirect", critical: true, check: (signal) => probeRegions(config.REDIRECT_URLS, signal) },
    { name: "queue", critical: false, check: probeHttp(config.WORKER_URL) },
  ];
  return makeStatus({ version, probes });
}

/** A connection for the probe alone; null for a cache that lives in the render process. */
export function connectRenderCache(url: string): Redis | null {
  if (url.startsWith("memory:")) return null;
  // Of a cluster, the first node speaks for it here.
  const first = url.replace(/^redis\+cluster:/, "redis:").split(",")[0] as string;
  return connectRedis({ url: first, name: "management-cache-probe" });
}

async function ping(redis: Redis): Promise<void> {
  await redis.ping();
}

/** Redirect is down when no region answers and degraded when one does not or has something to say. */
async function probeRegions(urls: Record<string, string>, signal: AbortSignal) {
  const regions = await Promise.all(
    Object.entries(urls).map(async ([name, url]) => [name, await probeRegion(url, signal)] as const),
  );
  const states = regions.map(([, region]) => region.status);
  if (states.length > 0 && states.every((status) => status === "down")) {
    return { status: "down" as const, regions: Object.fromEntries(regions) };
  }
  const status = states.every((state) => state === "ok") ? ("ok" as const) : ("degraded" as const);
  return { status, regions: Object.fromEntries(regions) };
}

type Region = { status: Component["status"]; components?: StatusReport["components"] };

async function probeRegion(url: string, signal: AbortSignal): Promise<Region> {
  try {
    const response = await fetch(new URL("/api/status/", url), { signal: AbortSignal.any([signal, regionDeadline()]) });
    const { status, components } = (await response.json()) as StatusReport;
    return { status, components };
  } catch {
    return { status: "down" };
  }
}

/** Below the probe's own deadline, so that one frozen region is named instead of hiding the others. */
const regionDeadline = () => AbortSignal.timeout(450);
