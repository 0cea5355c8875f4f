// Works on bulk orders. Postgres says what there is to do and who does it; the queue only rings when something new has
// come, so that nobody has to wait for the next look. A worker that dies is succeeded within seconds, one that was
// frozen finds its claim void.

import { gunzipSync } from "node:zlib";
import {
  claimBulkJob,
  finishBulkJob,
  leaseSeconds,
  type Progress,
  readBulkInput,
  releaseClaim,
  renewClaim,
} from "@qrfactory/db/bulk/claims";
import { archiveHours, type BulkJob, forgetArchive, listExpiredArchives } from "@qrfactory/db/bulk/jobs";
import type { Db } from "@qrfactory/db/client";
import { hourMs, minuteMs } from "@qrfactory/domain/duration";
import type { RowErrors } from "@qrfactory/domain/http/field-errors";
import { listErrors } from "@qrfactory/domain/http/listed-errors";
import type { PlanName } from "@qrfactory/domain/plan/plans";
import type { Log } from "@qrfactory/runtime/log";
import { queueNames, queuePrefix } from "@qrfactory/runtime/redis-keys";
import type { Credits } from "@qrfactory/state/credits/credits";
import { type ConnectionOptions, Worker } from "bullmq";
import type { ObjectStore } from "../../bulk/archive/object-store.js";
import { giveBack } from "../../bulk/give-back.js";
import type { BulkRow } from "../../bulk/intake/judge-rows.js";
import { drawRows, nameOrderPictures, type OrderPictures, RenderAway } from "../../bulk/render/draw-rows.js";
import { type FairGate, makeFairGate } from "../../bulk/render/fair-gate.js";
import { packRows } from "./archive.js";

/** How often it is looked whether somebody's claim has run out; a bell is faster. */
const lookMs = 1_000;
/** Orders that a process works on at once: each holds a hundred images. */
const ordersMax = 16;
/** Six chances to be heard of before a claim runs out, and progress that clients can watch. */
const renewMs = (leaseSeconds * 1_000) / 6;
/** Archives deleted in one look. */
const expiredAtOnce = 20;
/** Archives are kept to the hour, not to the second. */
const expireMs = minuteMs;
/** Age at which an unrecorded archive is an orphan: its worker died between storing and recording it. */
const strayMs = (archiveHours + 1) * hourMs;
/**
 * Claims after which an order is given up: more than the deaths of workers that a bad day brings, few enough for one
 * that kills each of them.
 */
const claimsMax = 20;

/** Dependencies of the worker of bulk orders. */
export type BulkWorkerOptions = {
  db: Db;
  store: ObjectStore;
  credits: Pick<Credits, "giveBackCredits">;
  renderUrl: string;
  /** The `Authorization` with which render knows us. */
  authorization: () => string;
  connection: ConnectionOptions;
  log: Log;
  gate?: FairGate;
};

type ClaimedJob = BulkJob & { plan: PlanName };

/** Starts working until stopped; an order under way then is given back, to be continued by others. */
export function startBulkWorker(options: BulkWorkerOptions): { stop: () => Promise<void> } {
  const { db, store, log, connection } = options;
  const gate = options.gate ?? makeFairGate();
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  let looking: Promise<void> | null = null;

  async function look(): Promise<void> {
    while (!stopping.signal.aborted && running.size < ordersMax) {
      const job = await claimBulkJob(db);
      if (!job) break;
      const work = workOn(job, { ...options, gate }, stopping.signal)
        .catch((err: unknown) => log.error({ err, job: job.id }, "a bulk order is left to its next claim"))
        .finally(() => {
          running.delete(work);
          void ring();
        });
      running.add(work);
    }
  }

  async function expire(): Promise<void> {
    for (const { id, archive } of await listExpiredArchives(db, expiredAtOnce)) {
      await store.remove(archive);
      await forgetArchive(db, id);
    }
    await store.sweep(new Date(Date.now() - strayMs));
  }

  /** One look at a time; a bell while one goes on is answered by the next, a second later at most. */
  async function ring(): Promise<void> {
    if (stopping.signal.aborted) return;
    looking ??= look()
      .catch((err: unknown) => log.warn({ err }, "bulk orders cannot be looked for"))
      .finally(() => {
        looking = null;
      });
    await looking;
  }

  const timer = setInterval(() => void ring(), lookMs);
  const expiring = setInterval(() => {
    expire().catch((err: unknown) => log.warn({ err }, "expired archives are left for later"));
  }, expireMs);
  const bell = new Worker(queueNames.bulk, async () => ring(), {
    connection,
    prefix: queuePrefix,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  });
  // Redis away means no bell; the timer goes on.
  bell.on("error", (err) => log.debug({ err }, "bulk bell"));
  void ring();

  return {
    stop: async () => {
      clearInterval(timer);
      clearInterval(expiring);
      stopping.abort(new Error("the worker stops"));
      // Claims are given back even when Redis is away and the bell waits for it.
      await Promise.all([bell.close(), Promise.allSettled([...running, looking])]);
    },
  };
}

async function workOn(job: ClaimedJob, options: BulkWorkerOptions & { gate: FairGate }, stopping: AbortSignal) {
  const { db, store, log } = options;
  const claim = { id: job.id, fence: job.fence };
  const lost = new AbortController();
  const ended = new AbortController();
  const signal = AbortSignal.any([stopping, lost.signal, ended.signal]);
  let isStored = false;
  let progress: Progress = { completed: 0, failed: 0 };
  const renewing = setInterval(() => {
    // A database that is away says nothing about the claim.
    renewClaim(db, claim, progress).then(
      (isOurs) => isOurs || lost.abort(new Error("the claim is lost")),
      () => undefined,
    );
  }, renewMs);
  const name = `${job.id}-${job.fence}.zip`;
  try {
    if (job.fence > claimsMax) throw new Error(`given up after ${claimsMax} claims`);
    const { rows, pictures } = await readInput(db, job.id);
    const drawn = drawRows(rows, {
      ...options,
      jobId: job.id,
      workspaceId: job.workspaceId,
      plan: job.plan,
      pictures,
      signal,
    });
    const onRow = (now: Progress) => {
      progress = now;
    };
    const { stream, packed } = packRows(drawn, { date: job.createdAt, onRow, signal });
    const [bytes, { completed, failed, errors }] = await Promise.all([store.put(name, stream), packed]);
    isStored = true;
    const isEmpty = completed === 0;
    const archive = isEmpty ? null : { name, bytes };
    const failure = isEmpty ? { failure: "No row could be drawn; each costs nothing." } : {};
    const finished = await finishBulkJob(db, claim, { archive, completed, failed, errors: kept(errors), ...failure });
    if (!finished || isEmpty) await store.remove(name);
    if (finished) await giveBack(finished, options);
  } catch (error) {
    // When noting the end failed, it may be noted all the same: the sweep comes for what belongs to nobody.
    if (!isStored) await store.remove(name).catch(() => undefined);
    if (lost.signal.aborted) return;
    if (stopping.aborted) return await releaseClaim(db, claim).catch(() => undefined);
    // A passing error is retried when the claim has run out, which is a pause of its own.
    if (!isFinal(error) && job.fence <= claimsMax) throw error;
    log.error({ err: error, job: job.id }, "a bulk order failed");
    const end = { archive: null, completed: 0, failed: job.total, failure: causeOf(error) };
    const failed = await finishBulkJob(db, claim, end);
    if (failed) await giveBack(failed, options);
  } finally {
    clearInterval(renewing);
    ended.abort(new Error("the order has ended"));
  }
}

async function readInput(db: Db, jobId: string): Promise<{ rows: BulkRow[]; pictures: OrderPictures }> {
  const input = await readBulkInput(db, jobId);
  if (!input) throw new Error("the rows of this order are gone");
  const parse = (zipped: Buffer) => JSON.parse(gunzipSync(zipped).toString());
  return { rows: parse(input.rows), pictures: nameOrderPictures(parse(input.pictures)) };
}

/** Bytes of the errors that a document lists, as JSON. */
const errorsBytesMax = 64_000;

const kept = (rowErrors: RowErrors) =>
  (listErrors({ errors: undefined, rowErrors }, errorsBytesMax).listed ?? {}) as RowErrors;

const isFull = (error: unknown) => ["ENOSPC", "EDQUOT"].includes((error as NodeJS.ErrnoException).code ?? "");

/** Waiting does not help: the disk is full, or render was waited for long enough. */
const isFinal = (error: unknown) => isFull(error) || error instanceof RenderAway;

/** Message for the client; the rest is in the log. */
function causeOf(error: unknown): string {
  if (isFull(error)) return "There was no room to store the archive; all credits are given back.";
  if (error instanceof RenderAway) return "The images could not be drawn for too long; all credits are given back.";
  return "Something went wrong on our side; all credits are given back.";
}
