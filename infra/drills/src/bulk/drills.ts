// Every drill of bulk orders, in the order of the table.
import { strict as assert } from "node:assert";
import { setTimeout as pause } from "node:timers/promises";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { diskRefusal, fill, mountDisk } from "../small-disk.js";
import type { BulkDrill, BulkStage } from "./drill.js";
import { empty } from "./rig.js";

/** Longer than a worker may be silent before others take its order. */
const beyondLeaseMs = 9_000;
const takeOverMsMax = 60_000;

const fenceOf = async ({ rig, job }: BulkStage) =>
  (await rig.db.bulkJob.findUniqueOrThrow({ where: { id: job.id } })).fence;

/** Kills the worker `times` times, each time once it has come further than the one before. */
async function killWorker(stage: BulkStage, times: number): Promise<string> {
  const { rig, job, begun, reached } = stage;
  let [completed, longestMs] = [0, 0];
  for (let n = 1; n <= times; n++) {
    await (n === 1 ? begun() : reached(completed + 1));
    completed = (await rig.job(job.id)).completed;
    rig.worker.kill("SIGKILL");
    const killedAt = performance.now();
    await rig.worker.exited;
    rig.worker = await rig.startWorker();
    await until(async () => (await fenceOf(stage)) === n + 1, { timeoutMs: takeOverMsMax, what: "A new claim" });
    longestMs = Math.max(longestMs, performance.now() - killedAt);
  }
  const seconds = (longestMs / 1_000).toFixed(1);
  return `killed at ${completed} rows at last; worked on again after ${seconds} s${times > 1 ? " at most" : ""}`;
}

/** A worker killed once in the middle of 400 rows: the short drill that tests run. */
export const workerKilledOnce: BulkDrill = {
  name: "bulk-worker-killed-once",
  fault: "Worker killed in mid-order",
  faultMs: 0,
  rows: 400,
  run: (stage) => killWorker(stage, 1),
};

const workerKilled: BulkDrill = {
  name: "bulk-worker-killed",
  fault: "Worker killed 5 times in one order",
  faultMs: 0,
  rows: 700,
  run: (stage) => killWorker(stage, 5),
};

const workerFrozen: BulkDrill = {
  name: "bulk-worker-frozen",
  fault: "Worker frozen (SIGSTOP) beyond its lease, thawed while another works",
  faultMs: beyondLeaseMs,
  rows: 600,
  async run(stage) {
    const { rig, reached, faultMs } = stage;
    await reached(1);
    const frozen = rig.worker;
    frozen.kill("SIGSTOP");
    rig.worker = await rig.startWorker();
    rig.onClose(() => frozen.stop());
    await pause(faultMs);
    await until(async () => (await fenceOf(stage)) === 2, { timeoutMs: takeOverMsMax, what: "A new claim" });
    frozen.kill("SIGCONT");
    await rig.finished(stage.job.id);
    assert.equal(await fenceOf(stage), 2);
    return "taken over once; what the thawed worker did was refused";
  },
};

const stateFlushed: BulkDrill = {
  name: "bulk-state-emptied",
  fault: "State Redis emptied (FLUSHALL) in mid-order, and an order after it",
  faultMs: 0,
  rows: 300,
  async run({ rig, reached }) {
    await reached(1);
    await empty(rig.state);
    const late = await rig.order({ items: [{ data: "https://example.com/after" }] });
    assert.equal((await rig.finished(late.id)).status, "completed");
    return "both orders completed; the counter came back from the ledger";
  },
};

const renderDown: BulkDrill = {
  name: "bulk-render-down",
  fault: "Render killed, back after 30 s",
  faultMs: 30_000,
  rows: 300,
  async run({ rig, begun, faultMs }) {
    await begun();
    rig.render.kill("SIGKILL");
    await rig.render.exited;
    await pause(faultMs);
    await rig.startRender();
    return "the order waited and went on";
  },
};

/** Room for all of the order: it is filled under way. */
const diskMegabytes = 192;

const bulkDiskFull: BulkDrill = {
  name: "bulk-disk-full",
  fault: "Disk of the archives full at row 700",
  faultMs: 0,
  rows: 1_000,
  endsAs: "failed",
  unless: diskRefusal,
  disk() {
    const temp = makeTempDirectory("qrfactory-disk-");
    const unmount = mountDisk(temp.path, diskMegabytes);
    return {
      folder: temp.path,
      undo() {
        unmount();
        temp.remove();
      },
    };
  },
  async run({ rig, job, reached }) {
    await reached(rowsBeforeFull);
    const makeRoom = fill(rig.archives);
    const { failure, credits_refunded } = await rig.finished(job.id);
    makeRoom();
    assert.match(failure ?? "", /no room/);
    assert.equal(credits_refunded, job.total);
    return `"${failure}"`;
  },
};

const rowsBeforeFull = 700;

/** Drills of bulk orders in the order of the table. */
export const bulkDrills: BulkDrill[] = [workerKilled, workerFrozen, stateFlushed, renderDown, bulkDiskFull];
