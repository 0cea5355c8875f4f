// How this process is doing, told from what its background loops know: the status document and the metrics. Asking
// costs no I/O, so the answer is instant while everything behind it is frozen.

import type { Component, StatusReport } from "@qrfactory/runtime/http/status";
import type { ShipperState } from "@qrfactory/spool/shipper-state";
import type { SpoolStats } from "@qrfactory/spool/spool-state";
import type { FollowState } from "@qrfactory/state/codes/following/follow-state";
import { isFreshBeat } from "@qrfactory/state/codes/following/heartbeat";
import type { ReplicaLookup } from "@qrfactory/state/codes/following/replica-lookup";
import type { JournalState } from "@qrfactory/state/codes/table/journal";
import type { Table } from "@qrfactory/state/codes/table/table";
import { Gauge, type Registry } from "prom-client";
import type { SnapshotState } from "./snapshots.js";

/** Sources of the status, each read from memory. */
export type StateOptions = {
  version: string;
  region: string;
  table: Pick<Table, "isFull" | "counts" | "bytes">;
  replica: () => FollowState;
  looks: ReplicaLookup["counts"];
  snapshots: () => SnapshotState;
  journal: () => JournalState;
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
    const journal = options.journal();
    const components = {
      table: component(options.table.isFull() ? "ok" : "down", {
        codes: live,
        current: replica.isCurrent,
        staleness_ms: stalenessMs,
        looks: options.looks(),
      }),
      replica: component(replica.isConnected && replica.isComplete && isFreshBeat(stalenessMs) ? "ok" : "degraded", {
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
      journal: component(journal.isWorking && journal.lost === 0 ? "ok" : "degraded", {
        bytes: journal.bytes,
        rows_restored: journal.restored,
        rows_waiting: journal.waiting,
        rows_lost: journal.lost,
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
  redirect_table_current: [
    "1 while the table is known to hold all that there is: only then is an unknown id 404 without a look",
    ({ replica }) => Number(replica().isCurrent),
  ],
  redirect_looks_found: ["Codes that a look at the replica found", ({ looks }) => looks().found],
  redirect_looks_absent: ["Looks at the replica that found nothing", ({ looks }) => looks().absent],
  redirect_looks_away: ["Looks at the replica without an answer", ({ looks }) => looks().away],
  redirect_journal_bytes: ["Size of the journal of changes on disk", ({ journal }) => journal().bytes],
  redirect_journal_restored: ["Rows that were read from the journal at the start", ({ journal }) => journal().restored],
  redirect_journal_waiting: ["Rows that the disk of the journal refuses", ({ journal }) => journal().waiting],
  redirect_journal_lost: ["Rows given up since the last snapshot", ({ journal }) => journal().lost],
  redirect_staleness_seconds: [
    "Time since the heartbeat on the replica was last seen to move; -1 before the first time",
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
