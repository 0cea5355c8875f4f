// The shape and the course of a drill of bulk orders: an order in a stack of its own, a fault while it is worked on,
// then the laws. The order ends in one ZIP with the images and the manifest of an order that nothing disturbed, or in a
// refund; credits that were taken are counted once, by the counter and by the ledger.
import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { until } from "@qrfactory/processes/until";
import { type Entry, manifestOf, readArchive } from "./archive.js";
import { type BulkRig, empty, holdsAnything, type Job, startBulkRig } from "./rig.js";

/** An order in its stack, for the fault of a drill. */
export type BulkStage = {
  rig: BulkRig;
  job: Job;
  faultMs: number;
  /** Resolves when the first image is drawn, before progress is told of. */
  begun(): Promise<unknown>;
  /** Resolves when the order has come this far; rejects when it is finished before. */
  reached(completed: number): Promise<void>;
};

/** A drill of bulk orders as a row of the table. */
export type BulkDrill = {
  /** As on the command line. */
  name: string;
  /** The fault, for the table. */
  fault: string;
  faultMs: number;
  /** Rows of the order: enough to be under way when the fault comes. */
  rows: number;
  /** Default: completed. */
  endsAs?: "completed" | "failed";
  unless?: () => string | null;
  /** Where archives are kept, if not on the common disk; `undo` is called last of all. */
  disk?: () => { folder: string; undo: () => void };
  /** Makes the fault and ends it; returns what was seen, for the table. */
  run(stage: BulkStage): Promise<string>;
};

/** Figures of a drill whose laws held. */
export type BulkResult = { drill: BulkDrill; seen: string; seconds: number; rows: number; credits: number };

/** Slow enough to draw that an order takes seconds. */
const style = { size: 1_000, pattern: "dot", gradient_from: "#0b3d91", gradient_to: "#7a1fa2" };
const items = (rows: number) =>
  Array.from({ length: rows }, (_, n) => ({ data: `https://example.com/${n + 1}`, placement: `Table ${n + 1}` }));

const reachTimeoutMs = 120_000;
const lookMs = 50;

/** Runs one drill on a rig of its own. Rejects when a law is broken. */
export async function runBulkDrill(
  drill: BulkDrill,
  { faultMs = drill.faultMs, rows = drill.rows } = {},
): Promise<BulkResult> {
  const disk = drill.disk?.();
  const rig = await startBulkRig(disk ? { archives: disk.folder } : {});
  if (disk) rig.onClose(disk.undo);
  try {
    const job = await rig.order({ items: items(rows), defaults: style });
    const startedAt = performance.now();
    const reached = async (completed: number) => {
      const isThere = async () => {
        const now = await rig.job(job.id);
        assert.ok(now.status === "queued" || now.status === "running", `the order ${now.status} before the fault`);
        return now.completed >= completed;
      };
      await until(isThere, { timeoutMs: reachTimeoutMs, intervalMs: lookMs, what: `${completed} rows` });
    };
    const begun = () => until(() => holdsAnything(rig.cache), { timeoutMs: reachTimeoutMs, what: "The first image" });
    const seen = await drill.run({ rig, job, faultMs, begun, reached });
    const finished = await rig.finished(job.id);
    const seconds = (performance.now() - startedAt) / 1_000;
    assert.equal(finished.status, drill.endsAs ?? "completed", finished.failure ?? "");
    await assertAnnounced(rig, finished);
    const credits = await assertSpent(rig);
    if (finished.status === "completed") await assertSame(rig, finished, rows);
    return { drill, seen, seconds, rows, credits };
  } finally {
    await rig.close();
  }
}

/** One event tells of the end, and no archive is there that nobody can ask for. */
async function assertAnnounced(rig: BulkRig, job: Job): Promise<void> {
  const events = await rig.db.event.findMany({ where: { subject: job.id } });
  assert.deepEqual(
    events.map(({ type }) => type),
    [`bulk.${job.status}`],
  );
  const wanted = await rig.db.bulkJob.count({ where: { archive: { not: null } } });
  const isTidy = () => readdirSync(rig.archives).filter((name) => name.endsWith(".zip")).length === wanted;
  await until(isTidy, { timeoutMs: reachTimeoutMs, what: "No archive beyond those that are offered" });
}

/** Checks that counter, calls and months say the orders less the refunds. */
async function assertSpent(rig: BulkRig): Promise<number> {
  const jobs = await rig.db.bulkJob.findMany({ select: { total: true, refunded: true } });
  const credits = jobs.reduce((sum, { total, refunded }) => sum + total - refunded, 0);
  assert.deepEqual(await rig.spent(), { counter: credits, calls: credits, months: credits });
  return credits;
}

/** The same order again, with an empty cache and nobody in its way, is the measure. */
async function assertSame(rig: BulkRig, job: Job, rows: number): Promise<void> {
  const disturbed = await readArchive(await rig.download(job));
  await empty(rig.cache);
  const again = await rig.finished((await rig.order({ items: items(rows), defaults: style })).id);
  const undisturbed = await readArchive(await rig.download(again));
  const digests = (entries: Entry[]) =>
    entries.map(({ name, bytes }) => `${name} ${createHash("sha256").update(bytes).digest("hex")}`);
  assert.deepEqual(digests(disturbed), digests(undisturbed));
  assert.equal(manifestOf(disturbed).length, rows);
}
