// Credits of rows that cost nothing, back in the counter: by the worker at the end of an order, by the API at its cancellation.
import type { BulkJob } from "@qrfactory/db/bulk-jobs";
import { monthOf } from "@qrfactory/domain/plans";
import type { Credits } from "@qrfactory/replica/credits";
import type { Log } from "@qrfactory/runtime/log";

/** What the ledger has given back already; the nightly comparison makes up for a counter that is away now. */
export async function giveBack(
  { workspaceId, chargedAt, refunded }: BulkJob,
  { credits, log }: { credits: Pick<Credits, "giveBackCredits">; log: Log },
): Promise<void> {
  if (refunded === 0) return;
  const account = { workspaceId, month: monthOf(chargedAt) };
  await credits
    .giveBackCredits(account, refunded)
    .catch((err: unknown) => log.warn({ err, ...account, refunded }, "credits are given back in the ledger alone"));
}
