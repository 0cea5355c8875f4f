// The status of this process and of its dependencies, at `/api/status/`.
import { type Db, probeDatabase } from "@qrfactory/db/client";
import { makeStatus, type Probe } from "@qrfactory/runtime/http/status";
import { version } from "@qrfactory/runtime/version";
import type { Shipper } from "@qrfactory/spool/shipper";
import type { Spool } from "@qrfactory/spool/spool";
import type { Redis } from "ioredis";
import type { CacheStore } from "./cache/cache-store.js";

/** Components that the status asks. */
export type StatusOptions = {
  db: Db;
  stateRedis: Redis;
  cacheStore: Pick<CacheStore, "probe">;
  spool: Pick<Spool, "stats">;
  shipper: Pick<Shipper, "state">;
};

/** Without the state Redis nobody can pay, so nothing is drawn; anything else missing only costs time. */
export function createStatus({ db, stateRedis, cacheStore, spool, shipper }: StatusOptions) {
  const probes: Probe[] = [
    { name: "state_redis", critical: true, check: async () => void (await stateRedis.ping()) },
    { name: "render_cache", critical: false, check: () => cacheStore.probe() },
    { name: "database", critical: false, check: () => probeDatabase(db) },
    { name: "spool", critical: false, check: async () => spoolState(spool, shipper) },
  ];
  return makeStatus({ version, probes });
}

/** Degraded while calls are in memory only, or pile up because nobody takes them. */
function spoolState(spool: StatusOptions["spool"], shipper: StatusOptions["shipper"]) {
  const { atRisk, lost } = spool.stats();
  const { isWorking, waiting, underWay } = shipper.state();
  const status = atRisk > 0 || !isWorking ? ("degraded" as const) : ("ok" as const);
  return { status, at_risk: atRisk, lost, waiting, under_way: underWay };
}
