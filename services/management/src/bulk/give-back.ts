// Credits of rows that cost nothing, back in the counter: by the worker at the end of an order, by the API at its
// cancellation. The ledger has them already; an order whose refund the counter has not heard of is told again.
import { type BulkJob, listUncountedRefunds, markRefundCounted } from "@qrfactory/db/bulk/jobs";
import type { Db } from "@qrfactory/db/client";
import { monthOf } from "@qrfactory/domain/plan/plans";
import type { Log } from "@qrfactory/runtime/log";
import type { Credits } from "@qrfactory/state/credits/credits";

/** Dependencies of the refund of an order. */
export type GiveBackOptions = { db: Db; credits: Pick<Credits, "giveBackCredits">; log: Log };

/** Age at which a refund counts as forgotten: the process that finished the order tells the counter within moments. */
const lateMs = 10_000;
const ordersAtOnce = 100;

/**
 * Tells the counter of an order's refund; never fails. A process that dies in between has it told twice: then the
 * counter is below the ledger, to which it is raised within a minute.
 */
export async function giveBack(job: BulkJob, { db, credits, log }: GiveBackOptions): Promise<void> {
  const { id, workspaceId, chargedAt, refunded } = job;
  if (refunded === 0) return;
  const account = { workspaceId, month: monthOf(chargedAt) };
  try {
    await credits.giveBackCredits(account, refunded);
    await markRefundCounted(db, id);
  } catch (err) {
    log.warn({ err, ...account, refunded }, "credits are given back in the ledger; the counter will hear of it");
  }
}

/** Tells the counter of the refunds that it has not heard of. */
export async function giveBackLate(options: GiveBackOptions, now: number = Date.now()): Promise<void> {
  const late = await listUncountedRefunds(options.db, new Date(now - lateMs), ordersAtOnce);
  for (const job of late) await giveBack(job, options);
}
