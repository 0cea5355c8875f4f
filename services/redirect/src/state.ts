// How this process is doing, told from what its background loops know: the status document and the metrics. Asking
// costs no I/O, so the answer is instant while everything behind it is frozen.
import type { FollowState } from "@qrfactory/replica/follow";
import type { Table } from "@qrfactory/replica/table";
import type { Component, StatusReport } from "@qrfactory/runtime/status";
import type { ShipperState } from "@qrfactory/spool/shipper";
import type { SpoolStats } from "@qrfactory/spool/spool";
import { Gauge, type Registry } from "prom-client";
import type { SnapshotState } from "./snapshots.js";

/** Management writes its heartbeat every second; a table older than this misses edits. */
const stalenessMsMax = 5_000;

export type StateOptions = {
  version: string;
  region: string;
  table: Pick<Table, "isFull" | "counts" | "bytes">;
  replica: () => FollowState;
  snapshots: () => SnapshotState;
  spool: () => SpoolStats;
  shipper: () => ShipperState;
};

/** The function behind `/api/status/`: `down` without a full table, `degraded` while anything else is not well. */
export function makeStatusReport(options: StateOptions): () => StatusReport {
  return () => {
    const replica = options.replica();
    const snapshots = options.snapshots();
    const spool = options.spool();
    const shipper = options.shipper();
    const { live } = options.table.counts();
    const { stalenessMs } = replica;
    const isFresh = stalenessMs !== null && stalenessMs <= stalenessMsMax;
    const components = {
      table: component(options.table.isFull() ? "ok" : "down", { codes: live, staleness_ms: stalenessMs }),
      replica: component(replica.isConnected && replica.isComplete && isFresh ? "ok" : "degraded", {
        connected: replica.isConnected,
        complete: replica.isComplete,
        set: replica.set,
        staleness_ms: stalenessMs,
        rows_refused: replica.refused,
      }),
      snapshots: component(snapshots.isWorking ? "ok" : "degraded", {
        written_at: snapshots.writtenAt === null ? null : new Date(snapshots.writtenAt).toISOString(),
        bytes: snapshots.bytes,
      }),
      spool: component(spool.atRisk === 0 ? "ok" : "degraded", {
        bytes: spool.bytes,
        scans_at_risk: spool.atRisk,
        scans_lost: spool.lost,
      }),
      shipper: component(shipper.isWorking ? "ok" : "degraded", {
        scans_waiting: shipper.waiting,
        scans_under_way: shipper.underWay,
      }),
    };
    const states = Object.values(components).map(({ status }) => status);
    const status = states.includes("down") ? "down" : states.includes("degraded") ? "degraded" : "ok";
    return { status, version: options.version, components };
  };
}

function component(status: Component["status"], details: Record<string, unknown>): Component {
  return { status, latency_ms: 0, ...details };
}

/** Name → help and value; read when the metrics are. */
const gauges: Record<string, [help: string, value: (options: StateOptions) => number]> = {
  redirect_codes: ["Codes that can be scanned", ({ table }) => table.counts().live],
  redirect_table_full: ["1 once the table has been complete", ({ table }) => Number(table.isFull())],
  redirect_staleness_seconds: [
    "Age of the newest heartbeat seen on the replica; -1 before the first",
    ({ replica }) => (replica().stalenessMs ?? -1_000) / 1_000,
  ],
  redirect_table_bytes: ["Memory held for rows", ({ table }) => table.bytes()],
  redirect_set_complete: [
    "1 while the set on the replica is whole; 0 when it is empty, shrunken, damaged or unmarked",
    ({ replica }) => Number(replica().isComplete),
  ],
  redirect_snapshot_seconds: [
    "Time of the newest snapshot in seconds since the epoch; 0 when there is none",
    ({ snapshots }) => (snapshots().writtenAt ?? 0) / 1_000,
  ],
  redirect_snapshot_failing: [
    "1 when the last snapshot could not be written",
    ({ snapshots }) => Number(!snapshots().isWorking),
  ],
  redirect_rows_refused: ["Rows of the replica that were refused", ({ replica }) => replica().refused],
  redirect_spool_bytes: ["Size of the spool on disk", ({ spool }) => spool().bytes],
  redirect_scans_at_risk: ["Scans in memory only, because the disk refuses them", ({ spool }) => spool().atRisk],
  redirect_scans_lost: ["Scans given up since the start", ({ spool }) => spool().lost],
  redirect_scans_waiting: ["Scans on disk that were not shipped yet", ({ shipper }) => shipper().waiting],
  redirect_scans_under_way: ["Scans shipped but not committed yet", ({ shipper }) => shipper().underWay],
  redirect_rewinds: ["Times that lost scans were shipped again", ({ shipper }) => shipper().rewinds],
};

/** Adds this process's gauges to its metrics. */
export function registerGauges(registry: Registry, options: StateOptions): void {
  for (const [name, [help, value]] of Object.entries(gauges)) {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(value(options));
      },
    });
  }
}
